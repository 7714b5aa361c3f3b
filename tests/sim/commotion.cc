#include "tests/sim/commotion.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/sim/commotion_calls.h"
#include "tests/sim/network.h"

namespace redress::sim {
Commotion::Commotion(const simulate::LandlordModel* model, rpc::Client* client, const Clock* clock, Executor* executor,
                     uint64_t seed)
    : model_(model), client_(client), clock_(clock), executor_(executor), dice_(seed ^ 0xC0FFEE), seed_(seed) {}

void Commotion::In(Millis delay, std::function<void()> work) { executor_->PostAfter(delay, std::move(work)); }

std::string Commotion::NextId(bool perhaps_nothing) {
  return absl::StrCat(perhaps_nothing ? kPerhapsNothing : "com-", seed_, "-", next_request_++);
}

std::string Commotion::SomeResidence() {
  const auto& residences = model_->territory().residences();
  return residences[dice_.Below(residences.size())].code();
}

void Commotion::Submit(const std::string& category, const std::string& person, const Name& then,
                       const std::string& residence) {
  in::SubmitComplaintRequest request;
  request.set_request_id(NextId(/*perhaps_nothing=*/false));
  request.set_category(category);
  request.set_channel(types::v1::CHANNEL_PHONE);
  request.set_residence(residence.empty() ? SomeResidence() : residence);
  request.set_description("Il y a quelque chose.");
  request.set_dwelling("porte 7");
  request.set_access_note("Sonner en face.");
  if (person == "new") {
    request.mutable_new_person()->set_full_name("A. Personne");
    request.mutable_new_person()->set_phone(absl::StrCat("06", 10000000 + dice_.Below(80000000)));
  } else {
    request.set_person(person);
  }
  Call<in::SubmitComplaintRequest, in::SubmitComplaintResponse>(
      absl::StrCat(kIntake, "SubmitComplaint"), std::move(request),
      [this, then](const in::SubmitComplaintResponse& response) {
        complaints_[response.complaint().name()] = response.position();
        if (dice_.Chance(0.5)) ReadBack(response.complaint().name(), response.position());
        then(response.complaint().name());
      });
}

void Commotion::ReadBack(const std::string& complaint, const types::v1::Position& position) {
  rt::GetAssignmentRequest assignment;
  assignment.set_name(complaint);
  *assignment.mutable_position() = position;
  Call<rt::GetAssignmentRequest, rt::GetAssignmentResponse>(absl::StrCat(kRouting, "GetAssignment"), assignment,
                                                            nullptr);
  sc::ListInterventionsRequest visits;
  visits.set_complaint(complaint);
  *visits.mutable_position() = position;
  Call<sc::ListInterventionsRequest, sc::ListInterventionsResponse>(absl::StrCat(kScheduling, "ListInterventions"),
                                                                    visits, nullptr);
}

void Commotion::Begin() {
  const Millis days = model_->ends() - clock_->Now();
  const auto some_time = [&](double chance, std::function<void()> story) {
    // Everything has time to end before the model does.
    if (dice_.Chance(chance)) In(static_cast<Millis>(dice_.Unit() * static_cast<double>(days) * 0.6), std::move(story));
  };
  some_time(0.6, [this] { Forgotten(/*until_closed=*/true); });
  some_time(0.4, [this] { Forgotten(/*until_closed=*/false); });
  some_time(0.6, [this] { TwoWriters(); });
  some_time(0.7, [this] { Held(); });
  some_time(0.5, [this] { LeftInPart(); });
  some_time(0.7, [this] { RaceForSlot(); });
  some_time(0.6, [this] { BackAndForth(); });
  some_time(0.6, [this] { ByHand(); });
  some_time(0.5, [this] { EndAtOnce(); });
  some_time(0.6, [this] { Imports(); });
  some_time(0.4, [this] { ChangeCalendar(); });
  some_time(0.4, [this] { ChangeRules(); });
  some_time(0.3, [this] { ChangeTerritory(); });
  some_time(0.5, [this] { Absence(); });
  for (int i = 0; i < 2; ++i) some_time(0.8, [this] { EveryVerb(); });
  some_time(0.7, [this] { EveryVisitVerb(); });
  some_time(0.6, [this] { Flood(); });
  some_time(1.0, [this] { Tour(); });
  some_time(0.7, [this] { TakenOut(); });
}

// A neighbour was named: words go while others write, a visit is on its way, and the same is asked for twice.
void Commotion::TakenOut() {
  const std::string note = absl::StrCat(kIntake, "AddNote");
  Submit("plumbing_leak", "new", [this, note](const std::string& name) {
    const auto write = [this, note, name](const std::string& text) {
      Do<in::AddNoteRequest, in::AddNoteResponse>(note, name, [text](auto* request) { request->set_text(text); });
    };
    const auto redact = [this, name](int32_t field, const std::string& kept) {
      Do<in::RedactTextRequest, in::RedactTextResponse>(
          absl::StrCat(kIntake, "RedactText"), name, [field, kept](auto* request) {
            request->set_reason("neighbour");
            auto* redaction = request->add_redactions();
            redaction->set_version(1);
            redaction->set_field(static_cast<in::Redaction::Field>(field));
            redaction->set_kept_text(kept);
          });
    };
    In(20 * kMinute, [this, name, write, redact] {
      write("Avant.");
      redact(in::Redaction::FIELD_DESCRIPTION, "Quelqu'un frappe.");
      write("Pendant.");
      redact(in::Redaction::FIELD_ACCESS_NOTE, "");
      In(kHour, [this, name, write] {
        write("Après.");
        Do<in::AmendComplaintRequest, in::AmendComplaintResponse>(
            absl::StrCat(kIntake, "AmendComplaint"), name, [](auto* request) { request->set_access_note("Code 12."); });
      });
      In(3 * kHour, [redact] { redact(in::Redaction::FIELD_DESCRIPTION, ""); });
    });
  });
}

// Somebody with two complaints, about which all sorts of things are noted, asks to be forgotten.
void Commotion::Forgotten(bool until_closed) {
  Submit("noise", "new", [this, until_closed](const std::string& name) {
    In(10 * kMinute, [this, name] {
      Do<in::AddNoteRequest, in::AddNoteResponse>(absl::StrCat(kIntake, "AddNote"), name,
                                                  [](auto* request) { request->set_text("Déjà venu."); });
      Do<in::AddMessageRequest, in::AddMessageResponse>(absl::StrCat(kIntake, "AddMessage"), name, [](auto* request) {
        request->set_from_resident(true);
        request->set_channel(types::v1::CHANNEL_EMAIL);
        request->set_text("Toujours pareil.");
      });
      Do<in::AddAttachmentRequest, in::AddAttachmentResponse>(
          absl::StrCat(kIntake, "AddAttachment"), name, [](auto* request) {
            request->mutable_attachment()->set_uri("store:1");
            request->mutable_attachment()->set_sha256(std::string(32, 'h'));
            request->mutable_attachment()->set_size_bytes(9);
            request->mutable_attachment()->set_media_type("image/jpeg");
          });
      Do<in::RecordFactRequest, in::RecordFactResponse>(absl::StrCat(kIntake, "RecordFact"), name, [](auto* request) {
        request->set_kind(types::v1::FACT_KIND_RESIDENT_ASKED);
      });
    });
    In(70 * kMinute, [this, name] {
      Do<in::RecordFactRequest, in::RecordFactResponse>(absl::StrCat(kIntake, "RecordFact"), name, [](auto* request) {
        request->set_kind(types::v1::FACT_KIND_RESIDENT_REPLIED);
      });
      Do<in::AmendComplaintRequest, in::AmendComplaintResponse>(absl::StrCat(kIntake, "AmendComplaint"), name,
                                                                [](auto* request) {
                                                                  request->set_category("neighbour_dispute");
                                                                  request->set_description("C'est un voisin.");
                                                                });
    });
    In(2 * kHour, [this, name, until_closed] {
      in::GetComplaintRequest get;
      get.set_name(name);
      Call<in::GetComplaintRequest, in::GetComplaintResponse>(
          absl::StrCat(kIntake, "GetComplaint"), get, [this, name, until_closed](const auto& response) {
            const std::string person = response.complaint().person();
            const auto erase = [this, person, until_closed] {
              Do<in::ErasePersonRequest, in::ErasePersonResponse>(absl::StrCat(kIntake, "ErasePerson"), person,
                                                                  [until_closed](auto* request) {
                                                                    request->set_reason("asked");
                                                                    request->set_until_closed(until_closed);
                                                                  });
            };
            Submit("rent_query", person, [this, name, erase](const std::string& second) {
              // Both are open: it waits for them, or is refused.
              erase();
              In(kHour, [this, name, second, erase] {
                for (const std::string& each : {name, second}) {
                  Do<in::WithdrawComplaintRequest, in::WithdrawComplaintResponse>(
                      absl::StrCat(kIntake, "WithdrawComplaint"), each,
                      [](auto* request) { request->set_reason("resident"); });
                }
                In(kHour, erase);
              });
            });
          });
    });
  });
}

// A dispute: what has ended is due to go, somebody asks to be forgotten at once, and holds are in the way; on the
// person first, on one of their two complaints in the end.
void Commotion::Held() {
  const auto hold = [this](const std::string& name, bool set) {
    if (set) {
      return Do<in::SetLegalHoldRequest, in::SetLegalHoldResponse>(absl::StrCat(kIntake, "SetLegalHold"), name,
                                                                   [](auto* request) {
                                                                     request->set_matter("case-2");
                                                                     request->set_reason("dispute");
                                                                   });
    }
    Do<in::LiftLegalHoldRequest, in::LiftLegalHoldResponse>(absl::StrCat(kIntake, "LiftLegalHold"), name,
                                                            [](auto* request) {
                                                              request->set_matter("case-2");
                                                              request->set_reason("settled");
                                                            });
  };
  const auto with_person = [this, hold](const std::string& name, const std::string& person) {
    const auto erase = [this, person] {
      Do<in::ErasePersonRequest, in::ErasePersonResponse>(absl::StrCat(kIntake, "ErasePerson"), person,
                                                          [](auto* request) {
                                                            request->set_reason("court-order");
                                                            request->set_force(true);
                                                          });
    };
    Submit(dice_.Chance(0.5) ? "parking" : "noise", person,
           [this, name, person, hold, erase](const std::string& second) {
             In(10 * kMinute, [hold, person] { hold(person, true); });
             In(20 * kMinute, [this, name] {
               Do<in::WithdrawComplaintRequest, in::WithdrawComplaintResponse>(
                   absl::StrCat(kIntake, "WithdrawComplaint"), name,
                   [](auto* request) { request->set_reason("resident"); });
             });
             In(30 * kMinute, erase);
             In(kHour, [hold, second] { hold(second, true); });
             // In the very moment of it; sometimes the one comes first, sometimes the other.
             In(dice_.Chance(0.5) ? 3 * kHour : 30 * kHour, [hold, person, erase] {
               hold(person, false);
               erase();
             });
             In(33 * kHour, [hold, second, erase] {
               hold(second, false);
               erase();
               hold(second, true);
             });
             In(36 * kHour, [hold, second] { hold(second, false); });
           });
  };
  Submit("noise", "new", [this, with_person](const std::string& name) {
    in::GetComplaintRequest get;
    get.set_name(name);
    Call<in::GetComplaintRequest, in::GetComplaintResponse>(
        absl::StrCat(kIntake, "GetComplaint"), get,
        [name, with_person](const auto& response) { with_person(name, response.complaint().person()); });
  });
}

// Whose first complaint is over and its texts are gone by themselves: for the other one they are still known.
void Commotion::LeftInPart() {
  Submit("noise", "new", [this](const std::string& name) {
    Do<in::WithdrawComplaintRequest, in::WithdrawComplaintResponse>(
        absl::StrCat(kIntake, "WithdrawComplaint"), name, [](auto* request) { request->set_reason("resident"); });
    in::GetComplaintRequest get;
    get.set_name(name);
    Call<in::GetComplaintRequest, in::GetComplaintResponse>(
        absl::StrCat(kIntake, "GetComplaint"), get,
        [this](const auto& response) { Submit("parking", response.complaint().person(), [](const std::string&) {}); });
  });
}

// Two read the same and both act on it.
void Commotion::TwoWriters() {
  Submit("parking", "", [this](const std::string& name) {
    In(20 * kMinute, [this, name] {
      in::GetComplaintRequest get;
      get.set_name(name);
      Call<in::GetComplaintRequest, in::GetComplaintResponse>(
          absl::StrCat(kIntake, "GetComplaint"), get, [this, name](const in::GetComplaintResponse& response) {
            const std::string etag = response.complaint().etag();
            Do<in::StartComplaintRequest, in::StartComplaintResponse>(
                absl::StrCat(kIntake, "StartComplaint"), name, [etag](auto* request) { request->set_etag(etag); });
            Do<in::AmendComplaintRequest, in::AmendComplaintResponse>(
                absl::StrCat(kIntake, "AmendComplaint"), name, [etag](auto* request) {
                  request->set_etag(etag);
                  request->set_urgency(types::v1::URGENCY_EMERGENCY);
                });
          });
    });
  });
}

void Commotion::RaceForSlot() {
  auto race = std::make_shared<Race>();
  // Neighbours: the same technicians come to them.
  const std::string residence = SomeResidence();
  for (int i = 0; i < 3; ++i) {
    const Name then = [this, race](const std::string& name) {
      race->runners.push_back({name, ""});
      if (race->runners.size() == 3)
        In(5 * kMinute, [this, race] { LookForVisits(race, 20, [this, race] { TakeOne(race); }); });
    };
    Submit("plumbing_leak", "", then, residence);
  }
}

void Commotion::LookForVisits(const std::shared_ptr<Race>& race, int tries, std::function<void()> then) {
  for (auto& runner : race->runners) {
    sc::ListInterventionsRequest list;
    list.set_complaint(runner.complaint);
    Call<sc::ListInterventionsRequest, sc::ListInterventionsResponse>(
        absl::StrCat(kScheduling, "ListInterventions"), list, [race, &runner](const auto& response) {
          for (const auto& visit : response.interventions()) runner.visit = visit.name();
        });
  }
  In(kMinute, [this, race, tries, then = std::move(then)] {
    const bool all = std::all_of(race->runners.begin(), race->runners.end(),
                                 [](const Race::Runner& runner) { return !runner.visit.empty(); });
    if (all) return then();
    if (tries > 0) In(5 * kMinute, [this, race, tries, then] { LookForVisits(race, tries - 1, then); });
  });
}

void Commotion::TakeOne(const std::shared_ptr<Race>& race) {
  sc::FindSlotsRequest find;
  find.set_name(race->runners[0].visit);
  Call<sc::FindSlotsRequest, sc::FindSlotsResponse>(
      absl::StrCat(kScheduling, "FindSlots"), find, [this, race](const sc::FindSlotsResponse& response) {
        if (response.slots().empty()) return;
        race->slot = response.slots(response.slots_size() - 1);
        for (size_t i = 0; i < race->runners.size(); ++i) {
          const std::string visit = race->runners[i].visit;
          if (i == 0) {
            Do<sc::BookVisitRequest, sc::BookVisitResponse>(
                absl::StrCat(kScheduling, "BookVisit"), visit,
                [race](auto* request) { *request->mutable_slot() = race->slot; });
          } else {
            Do<sc::HoldSlotRequest, sc::HoldSlotResponse>(
                absl::StrCat(kScheduling, "HoldSlot"), visit,
                [race](auto* request) { *request->mutable_slot() = race->slot; });
          }
        }
        In(kHour, [this, race] { AfterRace(race); });
      });
}

// One is moved and then cancelled, one is given another slot, kept for a moment and given back, one ends as it is.
void Commotion::AfterRace(const std::shared_ptr<Race>& race) {
  sc::FindSlotsRequest find;
  find.set_name(race->runners[0].visit);
  Call<sc::FindSlotsRequest, sc::FindSlotsResponse>(
      absl::StrCat(kScheduling, "FindSlots"), find, [this, race](const sc::FindSlotsResponse& response) {
        if (response.slots_size() < 3) return;
        const sc::Slot first = response.slots(0), second = response.slots(1), third = response.slots(2);
        const std::string visit = race->runners[0].visit;
        Do<sc::BookVisitRequest, sc::BookVisitResponse>(absl::StrCat(kScheduling, "BookVisit"), visit,
                                                        [first](auto* request) { *request->mutable_slot() = first; });
        In(10 * kMinute, [this, visit, second] {
          Do<sc::MoveVisitRequest, sc::MoveVisitResponse>(absl::StrCat(kScheduling, "MoveVisit"), visit,
                                                          [second](auto* request) {
                                                            *request->mutable_slot() = second;
                                                            request->set_resident_consented(true);
                                                          });
        });
        In(kHour, [this, visit] {
          Do<sc::CancelVisitRequest, sc::CancelVisitResponse>(absl::StrCat(kScheduling, "CancelVisit"), visit,
                                                              [](auto* request) { request->set_reason("resident"); });
        });
        const std::string other = race->runners[1].visit;
        Do<sc::HoldSlotRequest, sc::HoldSlotResponse>(
            absl::StrCat(kScheduling, "HoldSlot"), other, [third](auto* request) { *request->mutable_slot() = third; },
            [this, other](const sc::HoldSlotResponse&) {
              Do<sc::ReleaseHoldRequest, sc::ReleaseHoldResponse>(absl::StrCat(kScheduling, "ReleaseHold"), other);
            });
        In(90 * kMinute, [this, race] {
          for (const auto& runner : race->runners) {
            Do<in::WithdrawComplaintRequest, in::WithdrawComplaintResponse>(
                absl::StrCat(kIntake, "WithdrawComplaint"), runner.complaint,
                [](auto* request) { request->set_reason("resident"); });
          }
        });
      });
}

// Resolved, contested, resolved, taken up again, resolved, confirmed; amended once it is over.
void Commotion::BackAndForth() {
  Submit(dice_.Chance(0.5) ? "cleanliness" : "heating", "", [this](const std::string& name) {
    const auto resolve = [this, name] {
      Do<in::ResolveComplaintRequest, in::ResolveComplaintResponse>(
          absl::StrCat(kIntake, "ResolveComplaint"), name,
          [](auto* request) { request->set_outcome(types::v1::OUTCOME_FIXED); });
    };
    In(30 * kMinute, [this, name] {
      Do<in::AcknowledgeComplaintRequest, in::AcknowledgeComplaintResponse>(
          absl::StrCat(kIntake, "AcknowledgeComplaint"), name);
    });
    In(40 * kMinute, [this, name] {
      Do<in::AnswerComplaintRequest, in::AnswerComplaintResponse>(absl::StrCat(kIntake, "AnswerComplaint"), name,
                                                                  [](auto* request) { request->set_text("Bientôt."); });
    });
    In(kHour, resolve);
    In(2 * kHour, [this, name] {
      Do<in::ContestComplaintRequest, in::ContestComplaintResponse>(absl::StrCat(kIntake, "ContestComplaint"), name,
                                                                    [](auto* request) { request->set_text("Non."); });
    });
    In(3 * kHour, resolve);
    In(4 * kHour, [this, name] {
      Do<in::ReopenComplaintRequest, in::ReopenComplaintResponse>(absl::StrCat(kIntake, "ReopenComplaint"), name);
    });
    In(5 * kHour, resolve);
    In(6 * kHour, [this, name] {
      Do<in::ConfirmComplaintRequest, in::ConfirmComplaintResponse>(absl::StrCat(kIntake, "ConfirmComplaint"), name);
    });
    In(7 * kHour, [this, name] {
      Do<in::AmendComplaintRequest, in::AmendComplaintResponse>(absl::StrCat(kIntake, "AmendComplaint"), name,
                                                                [](auto* request) { request->set_category("noise"); });
    });
  });
}

// A dispatcher gives it to another agency's team, asks for a visit, and it is amended to be of another place.
void Commotion::ByHand() {
  Submit("door_lock", "", [this](const std::string& name) {
    const auto& offices = model_->territory().offices();
    const std::string office = offices[dice_.Below(offices.size())].code();
    const std::string residence = SomeResidence();
    const std::string agency = model_->territory().agencies(0).code();
    In(15 * kMinute, [this, name, office] {
      Do<rt::AssignComplaintRequest, rt::AssignComplaintResponse>(absl::StrCat(kRouting, "AssignComplaint"), name,
                                                                  [office](auto* request) {
                                                                    request->set_team(absl::StrCat("team-", office));
                                                                    request->set_priority(2);
                                                                    request->set_reason("known");
                                                                  });
    });
    In(kHour, [this, name, agency, residence] {
      sc::RequestVisitRequest request;
      request.set_request_id(NextId(/*perhaps_nothing=*/true));
      request.set_complaint(name);
      request.set_agency(agency);
      request.set_residence(residence);
      request.set_category("door_lock");
      Call<sc::RequestVisitRequest, sc::RequestVisitResponse>(absl::StrCat(kScheduling, "RequestVisit"), request,
                                                              nullptr);
    });
    In(2 * kHour, [this, name, residence] {
      Do<in::AmendComplaintRequest, in::AmendComplaintResponse>(absl::StrCat(kIntake, "AmendComplaint"), name,
                                                                [residence](auto* request) {
                                                                  request->set_residence(residence);
                                                                  request->set_dwelling("porte 8");
                                                                });
    });
    In(3 * kHour, [this, name] {
      Do<in::ResolveComplaintRequest, in::ResolveComplaintResponse>(
          absl::StrCat(kIntake, "ResolveComplaint"), name,
          [](auto* request) { request->set_outcome(types::v1::OUTCOME_NOT_OURS); });
    });
  });
}

// Over before anybody has looked: routing may see the end before, or in one go with, the beginning.
void Commotion::EndAtOnce() {
  Submit("electricity", "", [this](const std::string& name) {
    Do<in::WithdrawComplaintRequest, in::WithdrawComplaintResponse>(
        absl::StrCat(kIntake, "WithdrawComplaint"), name, [](auto* request) { request->set_reason("resident"); });
  });
}

void Commotion::Imports() {
  imported_ = true;
  ImportRows(kNothingMore);
  In(kHour, [this] { ImportRows(kNothingMore); });
  In(2 * kHour, [this] { ImportRows(kSomeMore); });
}

void Commotion::ImportRows(More more) {
  // The dates of the source are what they are, whenever it is imported.
  const Millis then = model_->begins() - 3 * kDay;
  in::ImportComplaintsRequest request;
  for (int i = 0; i < 4; ++i) {
    auto* row = request.add_complaints();
    row->set_system("old");
    row->set_reference(absl::StrCat(i));
    row->set_kind(types::v1::COMPLAINT_KIND_COMPLAINT);
    row->set_category("noise");
    row->set_zone("Europe/Paris");
    row->set_residence(model_->territory().residences(i).code());
    row->set_description("Ancien bruit.");
    row->add_supplied_facts(types::v1::FACT_KIND_RECEIVED);
    row->add_supplied_facts(types::v1::FACT_KIND_RESOLVED);
    const auto fact = [&](types::v1::FactKind kind, Millis after) {
      row->add_facts()->set_kind(kind);
      row->mutable_facts(row->facts_size() - 1)->set_occurred_at(then + after);
      if (kind == types::v1::FACT_KIND_RESOLVED) {
        row->mutable_facts(row->facts_size() - 1)->set_outcome(types::v1::OUTCOME_FIXED);
      }
    };
    fact(types::v1::FACT_KIND_RECEIVED, i * kHour);
    if (i == 3) fact(types::v1::FACT_KIND_ACKNOWLEDGED, 4 * kHour);
    if (i == 1 || i == 2) fact(types::v1::FACT_KIND_RESOLVED, kDay);
    if (more != kNothingMore && (i == 0 || i == 3)) fact(types::v1::FACT_KIND_RESOLVED, kDay);
    if (more == kAllReopened || (more == kSomeMore && i == 1)) fact(types::v1::FACT_KIND_REOPENED, 2 * kDay);
    if (more == kAllReopened && i == 1) fact(types::v1::FACT_KIND_RESOLVED, 2 * kDay + kHour);
  }
  Call<in::ImportComplaintsRequest, in::ImportComplaintsResponse>(
      absl::StrCat(kIntake, "ImportComplaints"), request, [this](const in::ImportComplaintsResponse& response) {
        for (const auto& row : response.rows()) {
          for (const auto& refusal : row.refusals()) {
            ++unexpected_[absl::StrCat("import ", refusal.reason(), " ", refusal.field())];
          }
        }
      });
}

void Commotion::ChangeCalendar() {
  rg::SetCalendarRequest request;
  request.set_request_id(NextId(/*perhaps_nothing=*/true));
  auto* calendar = request.mutable_calendar();
  calendar->set_id("agency");
  calendar->set_zone("Europe/Paris");
  auto* weekly = calendar->add_weekly();
  for (int day = 1; day <= 5; ++day) weekly->add_weekdays(static_cast<rg::Weekday>(day));
  auto* span = weekly->add_spans();
  span->set_start_minute(9 * 60);
  span->set_end_minute((16 + dice_.Below(3)) * 60);
  Call<rg::SetCalendarRequest, rg::SetCalendarResponse>(absl::StrCat(kRegister, "SetCalendar"), request, nullptr);
}

void Commotion::ChangeRules() {
  rg::SetRuleSetRequest request;
  request.set_request_id(NextId(/*perhaps_nothing=*/true));
  *request.mutable_rule_set() = model_->Rules();
  request.mutable_rule_set()->mutable_rules(0)->set_priority(1 + dice_.Below(5));
  Call<rg::SetRuleSetRequest, rg::SetRuleSetResponse>(absl::StrCat(kRegister, "SetRuleSet"), request, nullptr);
}

// A residence goes to another office.
void Commotion::ChangeTerritory() {
  rg::UploadTerritoryRequest request;
  request.set_request_id(NextId(/*perhaps_nothing=*/true));
  request.set_complete(true);
  *request.mutable_territory() = model_->territory();
  const auto& offices = model_->territory().offices();
  request.mutable_territory()->mutable_residences(0)->set_office(offices[dice_.Below(offices.size())].code());
  Call<rg::UploadTerritoryRequest, rg::UploadTerritoryResponse>(absl::StrCat(kRegister, "UploadTerritory"), request,
                                                                nullptr);
}

void Commotion::Absence() {
  sc::SetAbsenceRequest request;
  request.set_request_id(NextId(/*perhaps_nothing=*/true));
  const auto& technicians = model_->technicians();
  request.set_technician(
      absl::StrCat("technicians/", technicians[dice_.Below(static_cast<int>(technicians.size()))].id));
  *request.mutable_absence()->mutable_start_time() = WriteTime(clock_->Now() + kDay);
  *request.mutable_absence()->mutable_end_time() = WriteTime(clock_->Now() + 3 * kDay);
  request.mutable_absence()->set_reason("ill");
  Call<sc::SetAbsenceRequest, sc::SetAbsenceResponse>(absl::StrCat(kScheduling, "SetAbsence"), request, nullptr);
}

void Commotion::ReadAll(const std::function<void(const std::string& what)>& failed) {
  const auto check = [failed](const std::string& what) {
    return [failed, what](const auto& response) {
      // An end at once leaves nothing to be in charge of.
      if (!response.ok() && !absl::IsNotFound(response.status())) {
        failed(absl::StrCat(what, ": ", response.status().ToString()));
      }
    };
  };
  for (const auto& [name, position] : complaints_) {
    in::GetComplaintRequest get;
    get.set_name(name);
    *get.mutable_position() = position;
    client_->Call<in::GetComplaintResponse>(absl::StrCat(kIntake, "GetComplaint"), get, {}, check("reading " + name));
    rt::GetAssignmentRequest assignment;
    assignment.set_name(name);
    *assignment.mutable_position() = position;
    client_->Call<rt::GetAssignmentResponse>(absl::StrCat(kRouting, "GetAssignment"), assignment, {},
                                             check("who is in charge of " + name));
    sc::ListInterventionsRequest visits;
    visits.set_complaint(name);
    *visits.mutable_position() = position;
    client_->Call<sc::ListInterventionsResponse>(absl::StrCat(kScheduling, "ListInterventions"), visits, {},
                                                 check("visits of " + name));
  }
}

}  // namespace redress::sim

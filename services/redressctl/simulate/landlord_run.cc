#include "services/redressctl/simulate/landlord_run.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/service/requests.h"
#include "libs/status/errors.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "redress/routing/v1/routing_service.pb.h"
#include "services/redressctl/simulate/setup_file.h"

namespace redress::simulate {
namespace {

using service::MillisOf;
using service::WriteTime;

constexpr const char* kIntake = "redress.intake.v1.IntakeService/";
constexpr const char* kScheduling = "redress.scheduling.v1.SchedulingService/";
constexpr const char* kRouting = "redress.routing.v1.RoutingService/";
constexpr Millis kRetry = 2 * kMinute;
// Between one resident in line and the next.
constexpr Millis kCall = 3 * kMinute;
// In line, of a case whose priority nobody knows.
constexpr int kLeastPressing = std::numeric_limits<int>::max();
// At a door that nobody opens.
constexpr Millis kAtClosedDoor = 10 * kMinute;
// NEAREST chooses among so many slots.
constexpr int kSlotsWeighed = 60;

// Categories that a visit mends, as the starter set has them.
bool MayNeedVisit(const std::string& category) {
  for (const char* other :
       {"cleanliness", "parking", "noise", "neighbour_dispute", "rent_query", "service_charges", "other"}) {
    if (category == other) return false;
  }
  return true;
}

bool IsDanger(const Arrival& arrival) { return arrival.category == "gas" || arrival.category == "lift"; }

Behaviour BehaviourOf(const v1::Setup* choices) {
  if (choices == nullptr) return {};
  const v1::Residents& residents = choices->residents();
  return {residents.no_access(), residents.parts_awaited(), residents.contested(), residents.confirmed(),
          residents.withdrawn()};
}

}  // namespace

struct LandlordRun::Case {
  std::string name;
  const Arrival* arrival = nullptr;
  uint64_t number = 0;  // among the arrivals
  std::array<uint64_t, static_cast<size_t>(Cause::kWithdrawal) + 1> occasions = {};
  int priority = 0;  // in line: 0 for danger, else as the rules say
  std::optional<scheduling::v1::Slot> booked;
  int round = 0;
  bool ended = false;     // withdrawn, or what follows does not concern this run
  bool at_front = false;  // of its line, being served
};

absl::Status CheckAnswers(const RunCounts& counts) {
  if (counts.unexpected.empty()) return absl::OkStatus();
  std::string what;
  for (const auto& [text, times] : counts.unexpected) absl::StrAppend(&what, "\n  ", times, " × ", text);
  return MakeError(absl::StatusCode::kInternal, "UNEXPECTED_ANSWERS",
                   absl::StrCat("the services refused what they should take:", what));
}

LandlordRun::LandlordRun(const LandlordModel* model, rpc::Client* client, const Clock* clock, Executor* executor,
                         const calendar::WorkingCalendar* desk, uint64_t seed, const v1::Setup* choices)
    : model_(model),
      client_(client),
      clock_(clock),
      executor_(executor),
      desk_(desk),
      choices_(choices),
      behaviour_(BehaviourOf(choices)),
      seed_(seed),
      dice_(seed ^ 0x5EED),
      run_id_(absl::StrCat("sim-", seed, "-", model->ends())) {
  if (choices_ == nullptr) return;
  road_.emplace(model_->territory(), choices_->travel().detour_factor());
  diary_.emplace(&*road_, desk_->zone());
}

Dice* LandlordRun::DiceFor(const CasePtr& c, Cause cause) {
  if (choices_ == nullptr) return &dice_;
  case_dice_ = CaseDice(seed_, c->number, cause, c->occasions[static_cast<size_t>(cause)]++);
  return &case_dice_;
}

std::string LandlordRun::NextRequestId() { return absl::StrCat(run_id_, "-", next_request_++); }

void LandlordRun::At(Millis when, std::function<void()> work) {
  if (when >= model_->ends()) return;
  executor_->PostAfter(std::max<Millis>(when - clock_->Now(), 0), std::move(work));
}

Millis LandlordRun::DeskTime(double working_hours) {
  return desk_->AddWorkingTime(clock_->Now(), static_cast<Millis>(working_hours * kHour));
}

template <typename Request, typename Response>
void LandlordRun::Call(const std::string& method, Request request, std::function<void(const Response&)> done,
                       std::function<void()> again, std::function<void()> refused) {
  ++counts_.calls;
  client_->Call<Response>(
      method, request, {},
      [this, method, done = std::move(done), again = std::move(again),
       refused = std::move(refused)](absl::StatusOr<Response> response) {
        if (response.ok()) return done(*response);
        const absl::Status& status = response.status();
        if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status) || absl::IsAborted(status)) {
          ++counts_.retried;
          if (again) At(clock_->Now() + kRetry, again);
          return;
        }
        if (absl::IsFailedPrecondition(status) || absl::IsNotFound(status)) {
          ++counts_.refused;
          if (refused) refused();
          return;
        }
        ++counts_.unexpected[absl::StrCat(method, " ", status.ToString())];
      });
}

void LandlordRun::RegisterTechnicians(std::function<void(absl::Status)> done) {
  struct Left {
    size_t count;
    absl::Status status;
    std::function<void(absl::Status)> done;
    void Settle(const absl::Status& one) {
      if (status.ok()) status = one;
      if (--count == 0) done(status);
    }
  };
  auto left = std::make_shared<Left>();
  left->count = model_->technicians().size();
  left->done = std::move(done);
  for (const Technician& technician : model_->technicians()) {
    scheduling::v1::RegisterTechnicianRequest request;
    request.set_request_id(NextRequestId());
    auto* out = request.mutable_technician();
    out->set_name("technicians/" + technician.id);
    out->set_agency(technician.agency);
    for (const std::string& skill : technician.skills) out->add_skills(skill);
    for (const auto& span : technician.hours) *out->add_hours() = span;
    out->set_zone("Europe/Paris");
    client_->Call<scheduling::v1::RegisterTechnicianResponse>(
        absl::StrCat(kScheduling, "RegisterTechnician"), request, {},
        [this, left, &technician](absl::StatusOr<scheduling::v1::RegisterTechnicianResponse> response) {
          if (!response.ok()) return left->Settle(response.status());
          left->count += technician.leaves.size();
          for (const Technician::Leave& leave : technician.leaves) {
            scheduling::v1::SetAbsenceRequest absence;
            absence.set_request_id(NextRequestId());
            absence.set_technician("technicians/" + technician.id);
            *absence.mutable_absence()->mutable_start_time() = WriteTime(leave.from);
            *absence.mutable_absence()->mutable_end_time() = WriteTime(leave.to);
            absence.mutable_absence()->set_reason("leave");
            client_->Call<scheduling::v1::SetAbsenceResponse>(
                absl::StrCat(kScheduling, "SetAbsence"), absence, {},
                [left](absl::StatusOr<scheduling::v1::SetAbsenceResponse> set) { left->Settle(set.status()); });
          }
          left->Settle(absl::OkStatus());
        });
  }
}

void LandlordRun::Begin() { NextArrival(); }

void LandlordRun::NextArrival() {
  if (next_arrival_ >= model_->arrivals().size()) return;
  const Arrival& arrival = model_->arrivals()[next_arrival_++];
  At(arrival.at, [this, &arrival] {
    Submit(arrival);
    NextArrival();
  });
}

void LandlordRun::Submit(const Arrival& arrival) {
  intake::v1::SubmitComplaintRequest request;
  request.set_request_id(NextRequestId());
  request.set_kind(arrival.kind);
  request.set_category(arrival.category);
  request.set_channel(arrival.channel);
  request.set_urgency(arrival.urgency);
  request.set_residence(arrival.residence);
  request.set_language(arrival.language);
  request.set_care_level(static_cast<uint32_t>(arrival.care_level));
  request.set_description(arrival.text);
  request.set_dwelling(absl::StrCat("home ", arrival.home));
  Call<intake::v1::SubmitComplaintRequest, intake::v1::SubmitComplaintResponse>(
      absl::StrCat(kIntake, "SubmitComplaint"), request,
      [this, &arrival](const intake::v1::SubmitComplaintResponse& response) {
        ++counts_.submitted;
        auto c = std::make_shared<Case>();
        c->name = response.complaint().name();
        c->arrival = &arrival;
        c->number = static_cast<uint64_t>(&arrival - model_->arrivals().data());
        Follow(c);
      },
      [this, &arrival] { Submit(arrival); });
}

void LandlordRun::Follow(const CasePtr& c) {
  Desk(c);
  if (c->arrival->kind != types::v1::COMPLAINT_KIND_COMPLAINT) return;  // ends with the desk's answer
  Dice* dice = DiceFor(c, Cause::kWithdrawal);
  if (dice->Chance(behaviour_.withdrawn)) {
    At(clock_->Now() + static_cast<Millis>(dice->Exponential(3 * kDay)), [this, c] {
      intake::v1::WithdrawComplaintRequest request;
      request.set_request_id(NextRequestId());
      request.set_name(c->name);
      request.set_reason("resident");
      Call<intake::v1::WithdrawComplaintRequest, intake::v1::WithdrawComplaintResponse>(
          absl::StrCat(kIntake, "WithdrawComplaint"), request, [this, c](const intake::v1::WithdrawComplaintResponse&) {
            ++counts_.withdrawn;
            c->ended = true;
            if (diary_ && c->booked) diary_->Cancel(c->booked->technician(), MillisOf(c->booked->start_time()));
          });
    });
  }
  if (MayNeedVisit(c->arrival->category)) {
    // Danger is dispatched at once, the rest when a dispatcher gets to it.
    const double median = choices_ == nullptr ? kDefaultDispatchHours : choices_->desk().dispatch_hours();
    At(IsDanger(*c->arrival) ? clock_->Now() + 10 * kMinute
                             : DeskTime(DiceFor(c, Cause::kDispatch)->LogNormal(median, 0.8)),
       [this, c] { Dispatch(c); });
  } else {
    WithoutVisit(c);
  }
}

void LandlordRun::Desk(const CasePtr& c) {
  const double first = DiceFor(c, Cause::kAcknowledge)->LogNormal(2.0, 1.0);
  At(DeskTime(first), [this, c] {
    if (c->ended) return;
    intake::v1::AcknowledgeComplaintRequest request;
    request.set_request_id(NextRequestId());
    request.set_name(c->name);
    Call<intake::v1::AcknowledgeComplaintRequest, intake::v1::AcknowledgeComplaintResponse>(
        absl::StrCat(kIntake, "AcknowledgeComplaint"), request, [](const intake::v1::AcknowledgeComplaintResponse&) {});
  });
  At(DeskTime(first + DiceFor(c, Cause::kAnswer)->LogNormal(16.0, 0.9)), [this, c] {
    if (c->ended) return;
    intake::v1::AnswerComplaintRequest request;
    request.set_request_id(NextRequestId());
    request.set_name(c->name);
    request.set_text("Nous nous occupons de votre demande.");
    Call<intake::v1::AnswerComplaintRequest, intake::v1::AnswerComplaintResponse>(
        absl::StrCat(kIntake, "AnswerComplaint"), request, [](const intake::v1::AnswerComplaintResponse&) {});
  });
}

void LandlordRun::WithoutVisit(const CasePtr& c) {
  At(DeskTime(DiceFor(c, Cause::kDesk)->LogNormal(30.0, 1.1)), [this, c] {
    if (c->ended) return;
    intake::v1::ResolveComplaintRequest request;
    request.set_request_id(NextRequestId());
    request.set_name(c->name);
    const double how = DiceFor(c, Cause::kDesk)->Unit();
    request.set_outcome(how < 0.55   ? types::v1::OUTCOME_FIXED
                        : how < 0.85 ? types::v1::OUTCOME_ANSWERED
                        : how < 0.95 ? types::v1::OUTCOME_NOT_UPHELD
                        : how < 0.98 ? types::v1::OUTCOME_NOT_OURS
                                     : types::v1::OUTCOME_DUPLICATE);
    Call<intake::v1::ResolveComplaintRequest, intake::v1::ResolveComplaintResponse>(
        absl::StrCat(kIntake, "ResolveComplaint"), request, [this, c](const intake::v1::ResolveComplaintResponse&) {
          ++counts_.resolved_by_desk;
          Resident(c);
        });
  });
}

void LandlordRun::Dispatch(const CasePtr& c) {
  if (c->ended) return;
  scheduling::v1::ListInterventionsRequest request;
  request.set_complaint(c->name);
  Call<scheduling::v1::ListInterventionsRequest, scheduling::v1::ListInterventionsResponse>(
      absl::StrCat(kScheduling, "ListInterventions"), request,
      [this, c](const scheduling::v1::ListInterventionsResponse& response) {
        for (const auto& visit : response.interventions()) {
          if (visit.state() != scheduling::v1::Intervention::STATE_REQUESTED) continue;
          const std::string line = absl::StrCat(visit.agency(), "/", visit.category());
          if (lines_[line].open && !c->at_front && !IsDanger(*c->arrival)) return Wait(c, line);
          return OfferSlots(c, visit, line);
        }
        // Nothing asks for a visit: a desk deals with it.
        if (response.interventions().empty()) WithoutVisit(c);
      },
      [this, c] { Dispatch(c); });
}

scheduling::v1::FindSlotsRequest LandlordRun::SlotsFor(const scheduling::v1::Intervention& visit) const {
  scheduling::v1::FindSlotsRequest request;
  request.set_name(visit.name());
  request.set_max_slots(kDefaultOffers);
  if (choices_ == nullptr) return request;
  const v1::SlotPolicy& policy = choices_->slots();
  request.set_max_slots(policy.offer() == v1::OFFER_NEAREST ? kSlotsWeighed : policy.offers());
  const bool held_back = IsHeldBack(policy, visit.urgency());
  if (held_back) {
    *request.mutable_from_time() = WriteTime(clock_->Now() + static_cast<Millis>(policy.reserve_hours() * kHour));
  }
  if (held_back || policy.horizon_days() != kDefaultHorizonDays) {
    *request.mutable_to_time() = WriteTime(clock_->Now() + policy.horizon_days() * kDay);
  }
  return request;
}

void LandlordRun::OfferSlots(const CasePtr& c, const scheduling::v1::Intervention& visit, const std::string& line) {
  Call<scheduling::v1::FindSlotsRequest, scheduling::v1::FindSlotsResponse>(
      absl::StrCat(kScheduling, "FindSlots"), SlotsFor(visit),
      [this, c, visit, line](const scheduling::v1::FindSlotsResponse& response) {
        if (response.slots().empty()) return Wait(c, line);
        c->at_front = false;
        std::vector<scheduling::v1::Slot> slots(response.slots().begin(), response.slots().end());
        if (choices_ != nullptr && choices_->slots().offer() == v1::OFFER_NEAREST) {
          if (visit.urgency() != types::v1::URGENCY_EMERGENCY) {
            slots = NearestFirst(std::move(slots), choices_->slots().nearest_within_hours(), *diary_, visit.agency(),
                                 visit.residence());
          }
          slots.resize(std::min<size_t>(slots.size(), static_cast<size_t>(choices_->slots().offers())));
        }
        // Residents take the first slot that suits them.
        size_t chosen = 0;
        Dice* dice = DiceFor(c, Cause::kSlot);
        while (chosen + 1 < slots.size() && !dice->Chance(0.65)) ++chosen;
        Hold(c, visit.name(), slots[chosen]);
      },
      [this, c] { Dispatch(c); });
}

void LandlordRun::Wait(const CasePtr& c, const std::string& line) {
  // Known already, whatever becomes of the question below: nobody else of this line needs to be called today.
  if (c->at_front) lines_[line].taken = true;
  if (choices_ == nullptr || choices_->desk().line_order() != v1::LINE_ORDER_PRIORITY || IsDanger(*c->arrival)) {
    return LineUp(c, line);
  }
  routing::v1::GetAssignmentRequest request;
  request.set_name(c->name);
  Call<routing::v1::GetAssignmentRequest, routing::v1::GetAssignmentResponse>(
      absl::StrCat(kRouting, "GetAssignment"), request,
      [this, c, line](const routing::v1::GetAssignmentResponse& response) {
        c->priority = response.assignment().priority();
        LineUp(c, line);
      },
      [this, c] { Dispatch(c); },
      // Nobody is in charge who could say how much it presses: it waits as it did, or behind those who do.
      [this, c, line] {
        if (c->priority == 0) c->priority = kLeastPressing;
        LineUp(c, line);
      });
}

void LandlordRun::LineUp(const CasePtr& c, const std::string& name) {
  Line& line = lines_[name];
  if (choices_ != nullptr && choices_->desk().line_order() == v1::LINE_ORDER_PRIORITY) {
    const auto rank = [](const CasePtr& one) { return std::pair(one->priority, one->number); };
    const auto place = std::find_if(line.waiting.begin(), line.waiting.end(),
                                    [&](const CasePtr& other) { return rank(c) < rank(other); });
    line.waiting.insert(place, c);
  } else if (c->at_front || IsDanger(*c->arrival)) {
    line.waiting.push_front(c);
  } else {
    line.waiting.push_back(c);
  }
  c->at_front = false;
  if (line.open) return;
  line.open = true;
  At(DeskTime(LineHours()), [this, name] { ServeLine(name); });
}

double LandlordRun::LineHours() const {
  return choices_ == nullptr ? kDefaultLineHours : choices_->desk().line_hours();
}

void LandlordRun::ServeLine(const std::string& name) {
  Line& line = lines_[name];
  if (std::exchange(line.taken, false)) return At(DeskTime(LineHours()), [this, name] { ServeLine(name); });
  if (line.waiting.empty()) {
    line.open = false;
    return;
  }
  const CasePtr c = line.waiting.front();
  line.waiting.pop_front();
  c->at_front = true;
  Dispatch(c);
  At(clock_->Now() + kCall, [this, name] { ServeLine(name); });
}

void LandlordRun::Hold(const CasePtr& c, const std::string& visit, const scheduling::v1::Slot& slot) {
  scheduling::v1::HoldSlotRequest request;
  request.set_request_id(NextRequestId());
  request.set_name(visit);
  *request.mutable_slot() = slot;
  Call<scheduling::v1::HoldSlotRequest, scheduling::v1::HoldSlotResponse>(
      absl::StrCat(kScheduling, "HoldSlot"), request,
      [this, c, visit](const scheduling::v1::HoldSlotResponse&) {
        // A few hang up before they confirm: the hold runs out and the dispatcher calls again.
        if (DiceFor(c, Cause::kHangUp)->Chance(0.03)) return At(DeskTime(3.0), [this, c] { Dispatch(c); });
        At(clock_->Now() + 2 * kMinute, [this, c, visit] { Book(c, visit); });
      },
      [this, c] { Dispatch(c); });
}

void LandlordRun::Book(const CasePtr& c, const std::string& visit) {
  if (c->ended) return;
  scheduling::v1::BookVisitRequest request;
  request.set_request_id(NextRequestId());
  request.set_name(visit);
  Call<scheduling::v1::BookVisitRequest, scheduling::v1::BookVisitResponse>(
      absl::StrCat(kScheduling, "BookVisit"), request,
      [this, c](const scheduling::v1::BookVisitResponse& response) {
        ++counts_.visits_booked;
        const scheduling::v1::Slot& slot = response.intervention().slot();
        c->booked = slot;
        if (diary_) diary_->Book(slot.technician(), MillisOf(slot.start_time()), response.intervention().residence());
        Visit(c, response.intervention());
      },
      [this, c] { Dispatch(c); });
}

Millis LandlordRun::WorkOn(const CasePtr& c, const scheduling::v1::Intervention& visit) {
  const Millis length = MillisOf(visit.slot().end_time()) - MillisOf(visit.slot().start_time());
  return static_cast<Millis>(static_cast<double>(length) * (0.4 + 0.5 * DiceFor(c, Cause::kWork)->Unit()));
}

Millis LandlordRun::ComesAt(const scheduling::v1::Intervention& visit, Millis stay) {
  Whereabouts& last = whereabouts_[visit.slot().technician()];
  const absl::CivilDay today = calendar::LocalDay(clock_->Now(), desk_->zone());
  Millis there = clock_->Now();
  if (last.day == today) {
    const double hours = road_->Way(last.residence, visit.residence()) / choices_->travel().speed_kmh();
    there = std::max(there, last.free_at + static_cast<Millis>(hours * kHour));
  }
  last = {today, there + stay, visit.residence()};
  return there;
}

void LandlordRun::Visit(const CasePtr& c, const scheduling::v1::Intervention& booked) {
  const Millis start = MillisOf(booked.slot().start_time());
  At(start + static_cast<Millis>(DiceFor(c, Cause::kCome)->Unit() * 20 * kMinute), [this, c, booked] {
    if (c->ended) return;
    const bool opened = !DiceFor(c, Cause::kCome)->Chance(behaviour_.no_access);
    if (choices_ == nullptr) return AtTheDoor(c, booked, opened, std::nullopt);
    // Drawn by those alone who are let in: how often nobody opens moves no other length.
    const Millis work = opened ? WorkOn(c, booked) : kAtClosedDoor;
    if (choices_->travel().speed_kmh() == 0) return AtTheDoor(c, booked, opened, work);
    At(ComesAt(booked, work), [this, c, booked, opened, work] { AtTheDoor(c, booked, opened, work); });
  });
}

void LandlordRun::AtTheDoor(const CasePtr& c, const scheduling::v1::Intervention& visit, bool opened,
                            std::optional<Millis> work) {
  if (c->ended) return;
  c->booked.reset();  // it is being driven: who withdraws from now on spares nobody the way
  if (!opened) {
    scheduling::v1::ReportNoAccessRequest request;
    request.set_request_id(NextRequestId());
    request.set_name(visit.name());
    request.set_evidence("card-left");
    return Call<scheduling::v1::ReportNoAccessRequest, scheduling::v1::ReportNoAccessResponse>(
        absl::StrCat(kScheduling, "ReportNoAccess"), request, [this, c](const scheduling::v1::ReportNoAccessResponse&) {
          ++counts_.no_access;
          At(DeskTime(DiceFor(c, Cause::kDispatch)->LogNormal(6.0, 0.6)), [this, c] { Dispatch(c); });
        });
  }
  scheduling::v1::StartVisitRequest request;
  request.set_request_id(NextRequestId());
  request.set_name(visit.name());
  Call<scheduling::v1::StartVisitRequest, scheduling::v1::StartVisitResponse>(
      absl::StrCat(kScheduling, "StartVisit"), request,
      [this, c, visit, work](const scheduling::v1::StartVisitResponse&) {
        At(clock_->Now() + (work ? *work : WorkOn(c, visit)), [this, c, visit] { EndVisit(c, visit.name()); });
      });
}

void LandlordRun::EndVisit(const CasePtr& c, const std::string& visit) {
  if (c->ended) return;
  scheduling::v1::CompleteVisitRequest request;
  request.set_request_id(NextRequestId());
  request.set_name(visit);
  const bool parts = DiceFor(c, Cause::kParts)->Chance(behaviour_.parts_awaited);
  request.set_result(parts ? scheduling::v1::VISIT_RESULT_PARTS_AWAITED : scheduling::v1::VISIT_RESULT_FIXED);
  Call<scheduling::v1::CompleteVisitRequest, scheduling::v1::CompleteVisitResponse>(
      absl::StrCat(kScheduling, "CompleteVisit"), request,
      [this, c, parts](const scheduling::v1::CompleteVisitResponse&) {
        ++counts_.visits_done;
        if (parts) return At(DeskTime(DiceFor(c, Cause::kDispatch)->LogNormal(45.0, 0.5)), [this, c] { Dispatch(c); });
        Resident(c);
      });
}

void LandlordRun::Resident(const CasePtr& c) {
  Dice* dice = DiceFor(c, Cause::kMood);
  const double mood = dice->Unit();
  const Millis when = clock_->Now() + static_cast<Millis>(dice->Exponential(1.5 * kDay)) + 10 * kMinute;
  if (mood < behaviour_.contested && c->round < 3) {
    return At(when, [this, c] {
      if (c->ended) return;
      intake::v1::ContestComplaintRequest request;
      request.set_request_id(NextRequestId());
      request.set_name(c->name);
      request.set_text("Le problème est revenu.");
      Call<intake::v1::ContestComplaintRequest, intake::v1::ContestComplaintResponse>(
          absl::StrCat(kIntake, "ContestComplaint"), request, [this, c](const intake::v1::ContestComplaintResponse&) {
            ++counts_.contested;
            ++c->round;
            if (MayNeedVisit(c->arrival->category)) {
              At(DeskTime(DiceFor(c, Cause::kDispatch)->LogNormal(2.0, 0.8)), [this, c] { Dispatch(c); });
            } else {
              WithoutVisit(c);
            }
          });
    });
  }
  if (mood > 1 - behaviour_.confirmed) {
    At(when, [this, c] {
      if (c->ended) return;
      intake::v1::ConfirmComplaintRequest request;
      request.set_request_id(NextRequestId());
      request.set_name(c->name);
      Call<intake::v1::ConfirmComplaintRequest, intake::v1::ConfirmComplaintResponse>(
          absl::StrCat(kIntake, "ConfirmComplaint"), request,
          [this](const intake::v1::ConfirmComplaintResponse&) { ++counts_.confirmed; });
    });
  }
}

}  // namespace redress::simulate

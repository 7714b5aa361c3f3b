#include "tests/golden/journey.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "libs/log/acceptance.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/register/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"
#include "tests/golden/landlord.h"

namespace redress::golden {
namespace {

// Monday, 2 March 2026, 09:00 UTC.
constexpr Millis kBegins = 1'772'442'000'000;

class Journey {
 public:
  Journey() : landlord_(kBegins) {}

  absl::StatusOr<Recording> Live() {
    EnterRegister();
    HandleWithVisits();
    ReopenUntilClosed();
    RouteByHand();
    MissAndCorrect();
    Import();
    Erase();
    HoldAndExpire();
    if (!landlord_.status().ok()) return landlord_.status();
    return landlord_.Record();
  }

 private:
  // Answers of the last call, by path.
  std::string Call(absl::string_view method, const std::string& request, absl::string_view path = "") {
    const auto answer = landlord_.Call(method, request);
    return path.empty() ? "" : Field(answer.get(), path);
  }
  std::string Named(const std::string& name) const { return absl::StrCat("name: '", name, "' "); }
  std::string At(absl::string_view field, Millis when) const {
    return absl::StrCat(field, " { seconds: ", when / kSecond, " } ");
  }
  std::string Submit(const std::string& fields) {
    return Call("intake.SubmitComplaint", absl::StrCat("channel: CHANNEL_PHONE residence: 'R-1' ", fields),
                "complaint.name");
  }
  std::string OpenVisit(const std::string& complaint) {
    const std::string visit =
        Call("scheduling.ListInterventions", absl::StrCat("complaint: '", complaint, "' state: STATE_REQUESTED"),
             "interventions.0.name");
    landlord_.Expect(!visit.empty(), absl::StrCat("no visit is asked for of ", complaint));
    return visit;
  }
  std::string Slot(const std::string& visit, int number) {
    return absl::StrCat("slot { ", Call("scheduling.FindSlots", Named(visit), absl::StrCat("slots.", number)), " } ");
  }

  void EnterRegister() {
    landlord_.Stream("register.UploadTerritory", R"(
      request_id: 'territory' complete: true
      territory {
        agencies { code: 'A-1' name: 'North' zone: 'Europe/Paris' calendar: 'agency' }
        offices { code: 'O-1' name: 'Limes' agency: 'A-1' }
        residences { code: 'R-1' name: 'Lime trees' office: 'O-1' }
        units { code: 'U-1' residence: 'R-1' kind: KIND_DWELLING }
      })");
    Call("scheduling.RegisterTechnician", R"(technician {
      name: 'technicians/t-1' agency: 'A-1' skills: ['heating', 'plumbing'] zone: 'Europe/Paris' languages: 'fr'
      hours { start_minute: 0 end_minute: 7200 } })");
    Call("scheduling.SetAbsence",
         absl::StrCat("technician: 'technicians/t-1' absence { ", At("start_time", kBegins + 20 * kDay),
                      At("end_time", kBegins + 27 * kDay), "reason: 'leave' }"));
  }

  // Everything that can be said of a complaint, and every turn that visits take.
  void HandleWithVisits() {
    const std::string name = Submit(R"(
      category: 'heating' language: 'fr' care_level: 1 description: 'No heating.' dwelling: 'door 7' access_note: '1234'
      external_reference { system: 'crm' reference: '17' } campaign: 'winter'
      new_person { full_name: 'A. Person' phone: '0612345678' email: 'a@example.org' dwelling: 'door 7' care_needs: 'stick' })");
    Call("intake.AcknowledgeComplaint", Named(name));
    Call("intake.AddMessage", Named(name) + "from_resident: true channel: CHANNEL_EMAIL text: 'Still cold.'");
    Call("intake.AddNote", Named(name) + "text: 'Boiler of 1998.'");
    Call("intake.AddAttachment",
         Named(name) + absl::StrCat("attachment { uri: 'store:1' size_bytes: 9 media_type: 'image/jpeg' sha256: '",
                                    std::string(32, 'h'), "' }"));
    Call("intake.RecordFact", Named(name) + "kind: FACT_KIND_RESIDENT_ASKED reference: 'letter-1'");
    landlord_.Pass(kHour);
    Call("intake.RecordFact", Named(name) + "kind: FACT_KIND_RESIDENT_REPLIED");
    Call("intake.AnswerComplaint", Named(name) + "text: 'Somebody comes.'");
    Call("intake.AmendComplaint", Named(name) + "urgency: URGENCY_EMERGENCY description: 'No heating, a baby.'");

    const std::string visit = OpenVisit(name);
    Call("scheduling.HoldSlot", Named(visit) + Slot(visit, 0));
    Call("scheduling.ReleaseHold", Named(visit));
    Call("scheduling.HoldSlot", Named(visit) + Slot(visit, 1));
    landlord_.Pass(15 * kMinute);
    Call("scheduling.BookVisit", Named(visit) + Slot(visit, 2));
    Call("scheduling.MoveVisit", Named(visit) + Slot(visit, 3) + "resident_consented: true");
    Call("scheduling.StartVisit", Named(visit));
    const std::string second =
        Call("scheduling.ReportNoAccess", Named(visit) + "evidence: 'card-1'", "intervention.followed_by");
    Call("scheduling.BookVisit", Named(second) + Slot(second, 0));
    Call("scheduling.StartVisit", Named(second));
    const std::string third = Call("scheduling.CompleteVisit", Named(second) + "result: VISIT_RESULT_PARTS_AWAITED",
                                   "intervention.followed_by");
    Call("scheduling.BookVisit", Named(third) + Slot(third, 0));
    Call("scheduling.CompleteVisit", Named(third) + "result: VISIT_RESULT_FIXED");
    Call("intake.RedactText", Named(name) +
                                  "reason: 'neighbour' redactions { version: 1 field: FIELD_DESCRIPTION kept_text: "
                                  "'Cold.' } redactions { version: 1 field: FIELD_ACCESS_NOTE kept_text: '12' }");
    Call("intake.ConfirmComplaint", Named(name));
    landlord_.Pass(kDay);
    Call("intake.ContestComplaint", Named(name) + "text: 'Cold again.'");
    // The visit asked for now is freed.
    OpenVisit(name);
    Call("intake.WithdrawComplaint", Named(name) + "reason: 'resident'");
  }

  void ReopenUntilClosed() {
    const std::string name = Submit("category: 'cleanliness'");
    Call("intake.StartComplaint", Named(name));
    Call("intake.ResolveComplaint", Named(name) + "outcome: OUTCOME_FIXED text: 'Cleaned.'");
    Call("intake.ReopenComplaint", Named(name));
    Call("intake.ResolveComplaint", Named(name) + "outcome: OUTCOME_ANSWERED");
    landlord_.Pass(15 * kDay);
    const std::string praise = Submit("category: 'other' kind: COMPLAINT_KIND_PRAISE");
    Call("intake.AnswerComplaint", Named(praise) + "text: 'Thank you.'");
  }

  void RouteByHand() {
    const std::string name = Submit("category: 'noise'");
    Call("routing.AssignComplaint", Named(name) + "team: 'front-desk' priority: 4 reason: 'known'");
    Call("intake.AmendComplaint", Named(name) + "category: 'neighbour_dispute'");
    Call("intake.WithdrawComplaint", Named(name) + "reason: 'resident'");
    // Should it be taken up again, it is routed by this.
    Call("intake.AmendComplaint", Named(name) + "category: 'cleanliness'");
  }

  // Warned, breached, escalated, planned again under another calendar; then it comes out that it had been met.
  void MissAndCorrect() {
    const std::string name = Submit("category: 'plumbing_leak'");
    const Millis received = landlord_.now();
    Call("register.SetCalendar", R"(calendar {
      id: 'agency' zone: 'Europe/Paris'
      weekly { weekdays: [WEEKDAY_MONDAY, WEEKDAY_TUESDAY, WEEKDAY_WEDNESDAY] spans { start_minute: 540 end_minute: 1020 } }
    })");
    landlord_.Pass(40 * kDay);
    Call("intake.AcknowledgeComplaint", Named(name) + At("occurred_time", received + kHour) + "reason: 'paper'");
    Call("intake.ResolveComplaint", Named(name) + "outcome: OUTCOME_FIXED");
    Call("intake.RecordFact",
         Named(name) + "kind: FACT_KIND_WORKS_ENDED " + At("occurred_time", received + kDay) + "reason: 'paper'");
    Call("intake.AnswerComplaint",
         Named(name) + "text: 'Done.' " + At("occurred_time", received + 2 * kDay) + "reason: 'paper'");
  }

  void Import() {
    const auto facts = [](Millis received, absl::string_view more) {
      return absl::StrCat("facts { kind: FACT_KIND_RECEIVED occurred_at: ", received, " } ", more);
    };
    const std::string head =
        "system: 'old' kind: COMPLAINT_KIND_COMPLAINT category: 'noise' zone: 'Europe/Paris' residence: 'R-1' ";
    const Millis then = kBegins - 100 * kDay;
    const std::string ended =
        absl::StrCat("facts { kind: FACT_KIND_ASSIGNED team: 'T' handler: 'B. Handler' occurred_at: ", then + kHour,
                     " } facts { kind: FACT_KIND_RESOLVED outcome: OUTCOME_FIXED occurred_at: ", then + kDay, " } ");
    const std::string more = absl::StrCat("facts { kind: FACT_KIND_REOPENED occurred_at: ", then + 3 * kDay, " } ");
    const std::string supplied = "supplied_facts: FACT_KIND_RECEIVED supplied_facts: FACT_KIND_RESOLVED ";
    landlord_.Stream(
        "intake.ImportComplaints",
        absl::StrCat("complaints { ", head, "reference: '1' description: 'Old noise.' flags: 'end_missing' ",
                     facts(then, ended), supplied, "} complaints { ", head, "reference: '2' ",
                     facts(landlord_.now() - kDay, ""), supplied, "due_at: ", landlord_.now(), " }"));
    landlord_.Stream("intake.ImportComplaints",
                     absl::StrCat("complaints { ", head, "reference: '1' description: 'Old noise.' ",
                                  facts(then, ended + more), supplied, "}"));
  }

  // Forgotten once their complaint has closed.
  void Erase() {
    const auto submitted = landlord_.Call("intake.SubmitComplaint", R"(
      channel: CHANNEL_WEB residence: 'R-1' category: 'noise' description: 'Too loud.'
      new_person { full_name: 'C. Person' phone: '0698765432' })");
    const std::string name = Field(submitted.get(), "complaint.name");
    const std::string person = Field(submitted.get(), "complaint.person");
    Call("intake.ErasePerson", Named(person) + "reason: 'asked' until_closed: true");
    Call("intake.ResolveComplaint", Named(name) + "outcome: OUTCOME_NOT_OURS");
    landlord_.Pass(30 * kDay);
  }

  // Texts that are kept for some days, and for longer while two holds stand; and somebody who is forgotten all the same.
  void HoldAndExpire() {
    Call("register.SetOrganisation", R"(organisation {
      categories { code: 'other' default_urgency: URGENCY_ROUTINE }
      categories { code: 'rent_query' default_urgency: URGENCY_ROUTINE retention_days: 3 }
      teams { code: 'front-desk' } fallback_team: 'front-desk' })");
    const auto submitted = landlord_.Call("intake.SubmitComplaint", R"(
      channel: CHANNEL_WEB residence: 'R-1' category: 'rent_query' description: 'Too dear.'
      new_person { full_name: 'D. Person' phone: '0611223344' })");
    const std::string name = Field(submitted.get(), "complaint.name");
    const std::string person = Field(submitted.get(), "complaint.person");
    const std::string other = Submit(absl::StrCat("category: 'other' person: '", person, "' description: 'And more.'"));
    Call("intake.AmendComplaint", Named(other) + "category: 'rent_query'");
    Call("intake.WithdrawComplaint", Named(name) + "reason: 'resident'");
    Call("intake.SetLegalHold", Named(name) + "matter: 'case-1' reason: 'dispute'");
    Call("intake.SetLegalHold", Named(person) + "matter: 'case-2' reason: 'inquiry'");
    landlord_.Pass(10 * kDay);
    Call("intake.LiftLegalHold", Named(person) + "matter: 'case-2' reason: 'settled'");
    Call("intake.LiftLegalHold", Named(name) + "matter: 'case-1' reason: 'settled'");
    // By then they are looked at, and kept for the other one.
    landlord_.Pass(2 * kDay);
    Call("intake.ErasePerson", Named(person) + "reason: 'court-order' force: true");
    landlord_.Pass(kDay);
  }

  Landlord landlord_;
};

// Writes behind the last record of a shard what no single instance writes.
class Hand {
 public:
  Hand(log::ShardId id, Recording* recording) : id_(id), records_(recording->records[id]) {
    for (size_t i = 0; i < records_.size(); ++i) {
      log::v1::Record record;
      log::v1::Body body;
      record.ParseFromString(records_[i]);
      const auto verdict = log::Accept(static_cast<int64_t>(i), record, &state_);
      if (record.kind() == log::v1::KIND_CLAIM) claim_ = record;
      if (!verdict.ok() || *verdict != log::Verdict::kAccepted || record.kind() != log::v1::KIND_DECISION) continue;
      body.ParseFromString(record.body());
      for (const auto& event : body.events()) versions_[event.aggregate()] = event.version();
    }
  }

  // Some id of this shard.
  std::string Id() const { return MakeId(kBegins, static_cast<uint16_t>(id_.shard), /*random=*/0x60D); }
  // The next event of `aggregate`.
  void Say(const std::string& aggregate, const google::protobuf::Message& payload) {
    Put(Make(aggregate, versions_[aggregate] + 1, payload));
    ++versions_[aggregate];
  }
  log::v1::Record Make(const std::string& aggregate, int64_t version, const google::protobuf::Message& payload) const {
    log::v1::Body body;
    body.set_recorded_at(state_.last_recorded_at);
    body.set_register_version(state_.last_register_version);
    body.set_actor("golden");
    body.set_level(1);
    auto* event = body.add_events();
    event->set_aggregate(aggregate);
    event->set_version(version);
    event->set_payload(payload.SerializeAsString());
    log::v1::Record record;
    record.set_rule_version(log::kRuleVersion);
    record.set_kind(log::v1::KIND_DECISION);
    record.set_fence(state_.fence);
    record.set_seq(state_.seq + 1);
    record.set_body(body.SerializeAsString());
    record.set_chain(log::NextChain(state_.chain, record.body()));
    return record;
  }
  void Put(const log::v1::Record& record) {
    (void)log::Accept(static_cast<int64_t>(records_.size()), record, &state_);
    records_.push_back(record.SerializeAsString());
  }
  // Another instance takes over.
  void Claim() {
    log::v1::Claim claim;
    claim.ParseFromString(claim_.body());
    claim.set_owner("another");
    claim.set_nonce(std::string(16, 'n'));
    claim_.set_body(claim.SerializeAsString());
    Put(claim_);
  }
  const log::RuleState& state() const { return state_; }

 private:
  const log::ShardId id_;
  std::vector<std::string>& records_;
  log::RuleState state_;
  log::v1::Record claim_;
  std::map<std::string, int64_t> versions_;
};

// An input that nobody could use, an operator's two answers, and one that waits for an answer still.
void ParkByHand(Recording* recording) {
  Hand hand({log::Stream::kSla, 0}, recording);
  const std::string complaint = "complaints/" + hand.Id();
  const std::string aggregate = "inputs/intake/" + complaint;
  const auto park = [&](int64_t version) {
    log::v1::RuntimeEvent event;
    auto* input = event.mutable_input_parked();
    input->set_stream("intake");
    input->set_aggregate(complaint);
    input->set_version(version);
    input->set_reason("UNUSABLE: by hand");
    log::v1::Body body;
    body.set_recorded_at(hand.state().last_recorded_at);
    auto* said = body.add_events();
    said->set_aggregate(complaint);
    said->set_version(version);
    intake::events::v1::Event note;
    note.mutable_fact_recorded()->mutable_fact()->set_kind(types::v1::FACT_KIND_WORKS_BEGUN);
    note.mutable_fact_recorded()->mutable_fact()->set_occurred_at(body.recorded_at());
    said->set_payload(note.SerializeAsString());
    input->set_body(body.SerializeAsString());
    hand.Say(aggregate, event);
  };
  log::v1::RuntimeEvent replayed, skipped;
  replayed.mutable_input_replayed()->set_stream("intake");
  replayed.mutable_input_replayed()->set_aggregate(complaint);
  replayed.mutable_input_replayed()->set_version(1);
  skipped.mutable_input_skipped()->set_stream("intake");
  skipped.mutable_input_skipped()->set_aggregate(complaint);
  skipped.mutable_input_skipped()->set_version(2);
  skipped.mutable_input_skipped()->set_reason("by hand");
  park(1);
  hand.Say(aggregate, replayed);
  park(2);
  hand.Say(aggregate, skipped);
  park(3);
}

// More changes of lines than are said one by one.
void JudgeByHand(Recording* recording) {
  Hand hand({log::Stream::kSla, 0}, recording);
  sla::events::v1::Event started, judged;
  auto* start = started.mutable_clock_started();
  start->set_kind(types::v1::COMPLAINT_KIND_COMPLAINT);
  start->set_category("noise");
  start->set_zone("Europe/Paris");
  start->set_received_at(hand.state().last_recorded_at - kDay);
  start->set_recorded_at(start->received_at());
  auto* line = judged.mutable_lines_judged()->add_lines();
  line->mutable_started()->set_line("remedy");
  line->mutable_started()->set_start(types::v1::FACT_KIND_RECEIVED);
  line->mutable_started()->set_stop(types::v1::FACT_KIND_RESOLVED);
  line->mutable_started()->set_started_at(start->received_at());
  line->mutable_started()->set_due_at(start->received_at() + 9 * kDay);
  line->mutable_started()->add_warnings_at(start->received_at() + 8 * kDay);
  line->mutable_started()->add_warning_roles("team");
  line->set_state(sla::events::v1::JudgedLine::STATE_RUNNING);
  judged.mutable_lines_judged()->set_why("late_fact");
  judged.mutable_lines_judged()->set_occurred_at(start->received_at());
  hand.Say("clocks/" + hand.Id(), started);
  hand.Say("clocks/" + hand.Id(), judged);
}

// What two owners leave behind: a repeat, a gap, a claim, a record of the term before it, and one of the new term.
void FightByHand(Recording* recording) {
  Hand hand({log::Stream::kSla, 0}, recording);
  log::v1::RuntimeEvent event;
  event.mutable_input_skipped()->set_stream("intake");
  event.mutable_input_skipped()->set_aggregate("complaints/" + hand.Id());
  event.mutable_input_skipped()->set_version(9);
  const std::string aggregate = "inputs/intake/complaints/" + hand.Id();
  log::v1::Record repeat = hand.Make(aggregate, 1, event);
  repeat.set_seq(hand.state().seq);
  hand.Put(repeat);
  log::v1::Record gap = hand.Make(aggregate, 1, event);
  gap.set_seq(hand.state().seq + 2);
  hand.Put(gap);
  const log::v1::Record stale = hand.Make(aggregate, 1, event);
  hand.Claim();
  hand.Put(stale);
  hand.Say(aggregate, event);
}

}  // namespace

absl::StatusOr<Recording> LiveJourney() { return Journey().Live(); }

void AddWhatOnlyHandsMake(Recording* recording) {
  register_::events::v1::Event raised;
  raised.mutable_level_raised()->set_level(1);
  Hand({log::Stream::kRegister, 0}, recording).Say("level", raised);
  // An ending that routing sees where nobody is in charge.
  routing::events::v1::Event ending;
  ending.mutable_ending_recorded()->set_reason("withdrawn");
  ending.mutable_ending_recorded()->set_occurred_at(kBegins);
  ending.mutable_ending_recorded()->set_complaint_version(2);
  Hand routing({log::Stream::kRouting, 0}, recording);
  routing.Say("complaints/" + routing.Id(), ending);
  ParkByHand(recording);
  JudgeByHand(recording);
  FightByHand(recording);
}

}  // namespace redress::golden

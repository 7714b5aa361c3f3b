#include "libs/subscribe/public_events.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/service/requests.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"

namespace redress::subscribe {
namespace {

using public_v1::ComplaintProgressed;
using public_v1::ObligationChanged;
using public_v1::PublicEvent;
using public_v1::VisitChanged;

constexpr absl::string_view kReceived = "redress.complaint.received.v1";
constexpr absl::string_view kProgressed = "redress.complaint.progressed.v1";
constexpr absl::string_view kResolved = "redress.complaint.resolved.v1";
constexpr absl::string_view kAmended = "redress.complaint.amended.v1";
constexpr absl::string_view kFactRecorded = "redress.complaint.fact_recorded.v1";
constexpr absl::string_view kAssignmentChanged = "redress.assignment.changed.v1";
constexpr absl::string_view kVisitChanged = "redress.visit.changed.v1";
constexpr absl::string_view kObligationChanged = "redress.obligation.changed.v1";
constexpr absl::string_view kAlarm = "redress.obligation.alarm.v1";
constexpr absl::string_view kTypes[] = {kReceived,          kProgressed,   kResolved,          kAmended, kFactRecorded,
                                        kAssignmentChanged, kVisitChanged, kObligationChanged, kAlarm};

// One stored event on its way out: knows the fields that all public events share.
class Mapper {
 public:
  Mapper(log::Stream stream, const log::v1::Body& body, const log::v1::Event& event, std::vector<PublicEvent>* out)
      : stream_(stream), body_(body), event_(event), out_(out) {}

  void Map() {
    switch (stream_) {
      case log::Stream::kIntake: return MapIntake();
      case log::Stream::kRouting: return MapRouting();
      case log::Stream::kScheduling: return MapScheduling();
      case log::Stream::kSla: return MapSla();
      case log::Stream::kRegister: return;
    }
  }

 private:
  PublicEvent& Add(absl::string_view type, const std::string& complaint, int64_t occurred_at) {
    PublicEvent& out = out_->emplace_back();
    out.set_id(absl::StrCat(log::StreamName(stream_), "/", event_.aggregate(), "/", event_.version(),
                            added_ == 0 ? "" : absl::StrCat("/", added_)));
    ++added_;
    out.set_type(std::string(type));
    out.set_complaint(complaint);
    out.set_service(std::string(log::StreamName(stream_)));
    out.set_version(event_.version());
    *out.mutable_occurred_time() = service::WriteTime(occurred_at == 0 ? body_.recorded_at() : occurred_at);
    *out.mutable_recorded_time() = service::WriteTime(body_.recorded_at());
    if (body_.has_cause()) {
      out.set_causation_id(
          absl::StrCat(body_.cause().stream(), "/", body_.cause().aggregate(), "/", body_.cause().version()));
    }
    out.set_traceparent(body_.traceparent());
    return out;
  }

  void Progressed(ComplaintProgressed::Step step, int64_t at) {
    Add(kProgressed, event_.aggregate(), at).mutable_complaint_progressed()->set_step(step);
  }

  void MapFact(const types::v1::Fact& fact) {
    auto* out = Add(kFactRecorded, event_.aggregate(), fact.occurred_at()).mutable_fact_recorded();
    out->set_kind(fact.kind());
    out->set_outcome(fact.outcome());
    out->set_stage(fact.stage());
    out->set_team(fact.team());
  }

  void MapImported(const intake::events::v1::ComplaintImported& imported) {
    const int64_t at = imported.facts().empty() ? 0 : imported.facts(0).occurred_at();
    auto* out = Add(kReceived, event_.aggregate(), at).mutable_complaint_received();
    out->set_kind(imported.kind());
    out->set_category(imported.category());
    out->set_channel(imported.channel());
    out->set_urgency(imported.urgency());
    out->set_agency(imported.placement().agency());
    out->set_office(imported.placement().office());
    out->set_residence(imported.placement().residence());
    out->set_imported(true);
    for (const auto& fact : imported.facts()) {
      if (fact.kind() != types::v1::FACT_KIND_RECEIVED) MapFact(fact);
    }
    if (imported.closed()) Progressed(ComplaintProgressed::STEP_CLOSED, 0);
  }

  void MapReceived(const intake::events::v1::ComplaintReceived& received) {
    auto* out = Add(kReceived, event_.aggregate(), received.occurred_at()).mutable_complaint_received();
    out->set_kind(received.kind());
    out->set_category(received.category());
    out->set_channel(received.channel());
    out->set_urgency(received.urgency());
    out->set_agency(received.placement().agency());
    out->set_office(received.placement().office());
    out->set_residence(received.placement().residence());
  }

  void MapAmended(const intake::events::v1::ComplaintAmended& amended) {
    // Texts, dwelling and care level are nobody's business.
    if (!amended.has_category() && !amended.has_urgency() && !amended.has_placement() && !amended.has_kind()) return;
    auto* out = Add(kAmended, event_.aggregate(), amended.occurred_at()).mutable_complaint_amended();
    if (amended.has_category()) out->set_category(amended.category());
    if (amended.has_urgency()) out->set_urgency(amended.urgency());
    if (amended.has_kind()) out->set_kind(amended.kind());
    if (!amended.has_placement()) return;
    out->set_agency(amended.placement().agency());
    out->set_office(amended.placement().office());
    out->set_residence(amended.placement().residence());
  }

  void MapIntake() {
    using intake::events::v1::Event;
    Event event;
    if (!event.ParseFromString(event_.payload())) return;
    switch (event.kind_case()) {
      case Event::kComplaintReceived: return MapReceived(event.complaint_received());
      case Event::kComplaintImported: return MapImported(event.complaint_imported());
      case Event::kImportedFactsAdded:
        for (const auto& fact : event.imported_facts_added().facts()) MapFact(fact);
        if (event.imported_facts_added().closed()) Progressed(ComplaintProgressed::STEP_CLOSED, 0);
        return;
      case Event::kComplaintAcknowledged:
        return Progressed(ComplaintProgressed::STEP_ACKNOWLEDGED, event.complaint_acknowledged().occurred_at());
      case Event::kComplaintStarted:
        return Progressed(ComplaintProgressed::STEP_STARTED, event.complaint_started().occurred_at());
      case Event::kComplaintAnswered:
        return Progressed(ComplaintProgressed::STEP_ANSWERED, event.complaint_answered().occurred_at());
      case Event::kComplaintConfirmed:
        return Progressed(ComplaintProgressed::STEP_CONFIRMED, event.complaint_confirmed().occurred_at());
      case Event::kComplaintContested:
        return Progressed(ComplaintProgressed::STEP_CONTESTED, event.complaint_contested().occurred_at());
      case Event::kComplaintReopened:
        return Progressed(ComplaintProgressed::STEP_REOPENED, event.complaint_reopened().occurred_at());
      case Event::kComplaintWithdrawn:
        return Progressed(ComplaintProgressed::STEP_WITHDRAWN, event.complaint_withdrawn().occurred_at());
      case Event::kComplaintClosed:
        return Progressed(ComplaintProgressed::STEP_CLOSED, event.complaint_closed().occurred_at());
      case Event::kComplaintResolved: {
        const auto& resolved = event.complaint_resolved();
        auto* out = Add(kResolved, event_.aggregate(), resolved.occurred_at()).mutable_complaint_resolved();
        out->set_outcome(resolved.outcome());
        *out->mutable_window_ends_time() = service::WriteTime(resolved.window_ends_at());
        return;
      }
      case Event::kComplaintAmended: return MapAmended(event.complaint_amended());
      case Event::kFactRecorded: return MapFact(event.fact_recorded().fact());
      // Persons, texts, messages, notes, redactions and legal holds are nobody's business outside; what was noted of other services
      // is theirs to say.
      default: return;
    }
  }

  void MapRouting() {
    using routing::events::v1::Event;
    Event event;
    if (!event.ParseFromString(event_.payload())) return;
    switch (event.kind_case()) {
      case Event::kAssigned: {
        const auto& assigned = event.assigned();
        auto* out = Add(kAssignmentChanged, event_.aggregate(), assigned.occurred_at()).mutable_assignment_changed();
        out->set_agency(assigned.agency());
        out->set_office(assigned.office());
        out->set_team(assigned.team());
        out->set_priority(assigned.priority());
        return;
      }
      case Event::kAssignmentEnded:
        Add(kAssignmentChanged, event_.aggregate(), event.assignment_ended().occurred_at())
            .mutable_assignment_changed()
            ->set_ended(true);
        return;
      case Event::kEscalated: {
        // Kept for whoever is in charge next: nothing has changed for anybody yet.
        if (event.escalated().priority() == 0) return;
        auto* out =
            Add(kAssignmentChanged, event_.aggregate(), event.escalated().occurred_at()).mutable_assignment_changed();
        out->set_priority(event.escalated().priority());
        out->set_escalated(true);
        return;
      }
      default: return;
    }
  }

  VisitChanged* Visit(const std::string& complaint, VisitChanged::Stage stage, int64_t at) {
    auto* out = Add(kVisitChanged, complaint, at).mutable_visit_changed();
    out->set_visit(event_.aggregate());
    out->set_stage(stage);
    return out;
  }

  static void SetWindow(int64_t start, int64_t end, VisitChanged* out) {
    *out->mutable_window_start_time() = service::WriteTime(start);
    *out->mutable_window_end_time() = service::WriteTime(end);
  }

  void MapScheduling() {
    using scheduling::events::v1::Event;
    Event event;
    if (!event.ParseFromString(event_.payload())) return;
    switch (event.kind_case()) {
      case Event::kVisitRequested:
        Visit(event.visit_requested().complaint(), VisitChanged::STAGE_REQUESTED,
              event.visit_requested().occurred_at());
        return;
      case Event::kVisitBooked: {
        const auto& booked = event.visit_booked();
        SetWindow(booked.window_start(), booked.window_end(),
                  Visit(booked.complaint(), VisitChanged::STAGE_BOOKED, booked.occurred_at()));
        return;
      }
      case Event::kVisitMoved: {
        const auto& moved = event.visit_moved();
        SetWindow(moved.window_start(), moved.window_end(),
                  Visit(moved.complaint(), VisitChanged::STAGE_MOVED, moved.occurred_at()));
        return;
      }
      case Event::kVisitStarted:
        Visit(event.visit_started().complaint(), VisitChanged::STAGE_STARTED, event.visit_started().occurred_at());
        return;
      case Event::kVisitDone:
        Visit(event.visit_done().complaint(), VisitChanged::STAGE_DONE, event.visit_done().occurred_at())
            ->set_result(event.visit_done().result());
        return;
      case Event::kVisitNoAccess:
        Visit(event.visit_no_access().complaint(), VisitChanged::STAGE_NO_ACCESS,
              event.visit_no_access().occurred_at());
        return;
      case Event::kVisitCancelled:
        Visit(event.visit_cancelled().complaint(), VisitChanged::STAGE_CANCELLED,
              event.visit_cancelled().occurred_at());
        return;
      // What the visit is about is the complaint's: intake's amendment has said it.
      case Event::kVisitAmended: return;
      default: return;
    }
  }

  // "clocks/<id>" is the clock of "complaints/<id>".
  std::string ComplaintOfClock() const {
    absl::string_view id = event_.aggregate();
    absl::ConsumePrefix(&id, "clocks/");
    return absl::StrCat("complaints/", id);
  }

  void Obligation(const std::string& line, ObligationChanged::Change change, int64_t due_at, int64_t at) {
    auto* out = Add(kObligationChanged, ComplaintOfClock(), at).mutable_obligation_changed();
    out->set_line(line);
    out->set_change(change);
    if (due_at != 0) *out->mutable_due_time() = service::WriteTime(due_at);
  }

  // A line as it holds, whatever was said of it before. Who knows it as started takes the due instant from here.
  void Judged(const sla::events::v1::JudgedLine& line) {
    using sla::events::v1::JudgedLine;
    const auto& started = line.started();
    switch (line.state()) {
      case JudgedLine::STATE_RUNNING:
        return Obligation(started.line(), ObligationChanged::CHANGE_STARTED, started.due_at(), started.started_at());
      case JudgedLine::STATE_STOPPED:
        return Obligation(
            started.line(),
            line.ended_at() <= started.due_at() ? ObligationChanged::CHANGE_MET : ObligationChanged::CHANGE_LATE,
            started.due_at(), line.ended_at());
      case JudgedLine::STATE_CANCELLED:
        return Obligation(started.line(), ObligationChanged::CHANGE_CANCELLED, 0, line.ended_at());
      default: return;
    }
  }

  void Alarm(const std::string& line, bool breach, int64_t due_at) {
    auto* out = Add(kAlarm, ComplaintOfClock(), 0).mutable_alarm_raised();
    out->set_line(line);
    out->set_breach(breach);
    *out->mutable_due_time() = service::WriteTime(due_at);
  }

  void MapSla() {
    using sla::events::v1::Event;
    Event event;
    if (!event.ParseFromString(event_.payload())) return;
    switch (event.kind_case()) {
      case Event::kLineStarted: {
        const auto& started = event.line_started();
        return Obligation(started.line(), ObligationChanged::CHANGE_STARTED, started.due_at(), started.started_at());
      }
      case Event::kDueMoved: {
        const auto& moved = event.due_moved();
        return Obligation(moved.line(), ObligationChanged::CHANGE_DUE_MOVED, moved.due_at(), moved.occurred_at());
      }
      case Event::kLineStopped: {
        const auto& stopped = event.line_stopped();
        return Obligation(stopped.line(),
                          stopped.met() ? ObligationChanged::CHANGE_MET : ObligationChanged::CHANGE_LATE, 0,
                          stopped.stopped_at());
      }
      case Event::kVerdictChanged: {
        const auto& changed = event.verdict_changed();
        return Obligation(changed.line(),
                          changed.met() ? ObligationChanged::CHANGE_MET : ObligationChanged::CHANGE_LATE, 0,
                          changed.stopped_at());
      }
      case Event::kLineCancelled:
        return Obligation(event.line_cancelled().line(), ObligationChanged::CHANGE_CANCELLED, 0,
                          event.line_cancelled().occurred_at());
      case Event::kLinesJudged:
        for (const auto& line : event.lines_judged().lines()) Judged(line);
        return;
      case Event::kClockImported:
        // What an old complaint still owes. Lines that ended before it was known are history, as its facts tell it.
        for (const auto& line : event.clock_imported().lines().lines()) {
          if (line.state() == sla::events::v1::JudgedLine::STATE_RUNNING) Judged(line);
        }
        return;
      case Event::kWarningRaised: return Alarm(event.warning_raised().line(), false, event.warning_raised().due_at());
      case Event::kBreachRaised:
        // A silent breach alarms nobody: it is history that an import brought.
        if (!event.breach_raised().silent()) Alarm(event.breach_raised().line(), true, event.breach_raised().due_at());
        return;
      // A clock that starts, its facts and an amended case are what intake and routing have said themselves; that a
      // shard plans its lines again is told by the lines that move.
      default: return;
    }
  }

  const log::Stream stream_;
  const log::v1::Body& body_;
  const log::v1::Event& event_;
  std::vector<PublicEvent>* out_;
  int added_ = 0;
};

}  // namespace

absl::Span<const absl::string_view> PublicTypes() { return kTypes; }

std::vector<public_v1::PublicEvent> PublicEventsOf(log::Stream stream, const log::v1::Body& body) {
  std::vector<public_v1::PublicEvent> events;
  for (const log::v1::Event& event : body.events()) {
    if (absl::StartsWith(event.aggregate(), "inputs/")) continue;
    Mapper(stream, body, event, &events).Map();
  }
  return events;
}

}  // namespace redress::subscribe

// Every reaction exactly once: which there must be is read from the causes, which there are from the effects.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"
#include "tests/sim/fold.h"

namespace redress::sim {
namespace {

using IntakeEvent = intake::events::v1::Event;
using RoutingEvent = routing::events::v1::Event;
using SchedulingEvent = scheduling::events::v1::Event;
using SlaEvent = sla::events::v1::Event;

// Time for what is due at an instant to be done and recorded.
constexpr int64_t kSlack = 15 * 60 * 1000;
constexpr int64_t kDay = 24 * 60 * 60 * 1000;

struct Complaint {
  std::string person;
  bool received = false;
  bool open = false;
  bool final_import = false;  // nobody can take it up again: routing needs not know of it
  bool resolved = false;      // not yet closed
  int64_t window_ends_at = 0;
  int64_t window = 0;
  int64_t ended_at = 0;
  int64_t retention = 0;
  int64_t expires_at = 0;  // while it has ended, and is not kept for good
  bool texts_gone = false;
};

struct Visit {
  std::string complaint;
  bool open = false;  // and not under way: that goes on whatever becomes of the complaint
  bool held = false;
  int64_t expires_at = 0;
};

struct VisitWish {
  std::string complaint;
  int64_t assignment = 0;
  std::string agency;
};

class Reactions {
 public:
  explicit Reactions(Case* run) : run_(run) {}

  void Run() {
    for (const Decision& decision : run_->decisions) {
      CheckCause(decision);
      for (const auto& stored : decision.body.events()) {
        if (absl::StartsWith(stored.aggregate(), "inputs/")) {
          Own(decision, stored);
        } else if (decision.stream == "intake") {
          Intake(stored);
        } else if (decision.stream == "routing") {
          Routing(stored);
        } else if (decision.stream == "scheduling") {
          Scheduling(stored);
        } else if (decision.stream == "sla") {
          Sla(stored);
        }
      }
    }
    WantErasures();
    for (const auto& [effect, times] : seen_) {
      if (times > 1) run_->Violation("reaction: ", effect, ": ", times, " times");
      if (!wanted_.contains(effect)) run_->Violation("reaction: ", effect, ", out of nothing");
    }
    if (!run_->evidence.at_rest) return;
    for (const std::string& effect : wanted_) {
      if (!seen_.contains(effect)) run_->Violation("reaction: ", effect, ": never");
    }
    CheckComplaints();
    CheckVisits();
    CheckErasures();
    CheckCopies();
  }

 private:
  template <typename... Parts>
  void Want(const Parts&... parts) {
    wanted_.insert(absl::StrCat(parts...));
  }
  template <typename... Parts>
  void See(const Parts&... parts) {
    ++seen_[absl::StrCat(parts...)];
  }

  // The same cause never gives the same shard the same events twice.
  void CheckCause(const Decision& decision) {
    if (!decision.body.has_cause()) return;
    ++run_->findings.reactions;
    const auto& cause = decision.body.cause();
    const std::string name = absl::StrCat(cause.stream(), "/", cause.aggregate(), "/", cause.version());
    std::string effect;
    for (const auto& event : decision.body.events()) {
      absl::StrAppend(&effect, event.aggregate(), "=", event.payload(), ";");
    }
    if (!effects_.emplace(decision.stream, decision.shard, name, effect).second) {
      run_->Violation("reaction: ", decision.stream, "/", decision.shard, " offset ", decision.offset, " reacts to ",
                      name, " a second time");
    }
  }

  void Own(const Decision& decision, const log::v1::Event& stored) {
    log::v1::RuntimeEvent event;
    event.ParseFromString(stored.payload());
    if (!event.has_input_parked()) return;
    const auto& parked = event.input_parked();
    run_->Violation("parked: ", decision.stream, "/", decision.shard, " offset ", decision.offset, " gives up ",
                    parked.stream(), " ", parked.aggregate(), " version ", parked.version(), ": ", parked.reason());
  }

  void TakenIn(const std::string& stream, const log::v1::Event& stored) {
    Want("sla takes in ", stream, " ", stored.aggregate(), " version ", stored.version());
  }

  void Ended(Complaint* complaint, bool resolved, int64_t window_ends_at) {
    complaint->open = false;
    complaint->resolved = resolved;
    complaint->window_ends_at = window_ends_at;
  }

  void Intake(const log::v1::Event& stored) {
    IntakeEvent event;
    event.ParseFromString(stored.payload());
    const std::string& name = stored.aggregate();
    Complaint& complaint = complaints_[name];
    switch (event.kind_case()) {
      case IntakeEvent::kComplaintReceived:
        complaint.received = complaint.open = true;
        complaint.person = event.complaint_received().person();
        complaint.retention = event.complaint_received().retention_ms();
        notes_[name] = event.complaint_received().access_note().box();
        TakenIn("intake", stored);
        break;
      case IntakeEvent::kComplaintImported:
        Imported(event.complaint_imported(), &complaint);
        TakenIn("intake", stored);
        break;
      case IntakeEvent::kImportedFactsAdded: FactsAdded(event.imported_facts_added(), stored, &complaint); break;
      case IntakeEvent::kComplaintAcknowledged:
      case IntakeEvent::kComplaintAnswered:
      case IntakeEvent::kFactRecorded: TakenIn("intake", stored); break;
      case IntakeEvent::kComplaintResolved:
        Ended(&complaint, true, event.complaint_resolved().window_ends_at());
        Expires(event.complaint_resolved().occurred_at(), &complaint);
        TakenIn("intake", stored);
        break;
      case IntakeEvent::kComplaintWithdrawn:
        Ended(&complaint, false, 0);
        Expires(event.complaint_withdrawn().occurred_at(), &complaint);
        TakenIn("intake", stored);
        break;
      case IntakeEvent::kComplaintContested:
      case IntakeEvent::kComplaintReopened:
        complaint.open = true;
        complaint.resolved = false;
        complaint.expires_at = 0;
        TakenIn("intake", stored);
        break;
      case IntakeEvent::kComplaintClosed: complaint.resolved = false; break;
      case IntakeEvent::kComplaintAmended: {
        const auto& amended = event.complaint_amended();
        if (amended.has_access_note()) notes_[name] = amended.access_note().box();
        if (amended.has_reopen_window_ms()) complaint.window = amended.reopen_window_ms();
        if (amended.has_retention_ms()) Amended(amended.retention_ms(), &complaint);
        if (amended.has_kind() || amended.has_category() || amended.has_urgency() || amended.has_reopen_window_ms()) {
          TakenIn("intake", stored);
        }
        break;
      }
      case IntakeEvent::kAssignmentNoted:
        See("intake notes assignment ", name, " version ", event.assignment_noted().assignment_version());
        break;
      case IntakeEvent::kVisitNoted:
        See("intake notes ", event.visit_noted().intervention(), " version ",
            event.visit_noted().intervention_version(), " of ", name);
        break;
      case IntakeEvent::kAlarmNoted:
        See("intake notes alarm ", name, " version ", event.alarm_noted().clock_version());
        break;
      case IntakeEvent::kPersonErasureRequested: erasures_asked_.insert(name); break;
      case IntakeEvent::kPersonErased: {
        if (event.person_erased().reason() == "retention") retained_.insert(name);
        // Once more, for a complaint that came late or was held, it is no news.
        if (erased_.insert(name).second) MustBeFree(name, "is erased");
        keys_wanted_.insert(event.person_erased().person_key());
        break;
      }
      case IntakeEvent::kLegalHoldSet: holds_[name].insert(event.legal_hold_set().matter()); break;
      case IntakeEvent::kLegalHoldLifted:
        if (holds_[name].erase(event.legal_hold_lifted().matter()) == 0) {
          run_->Violation("reaction: ", name, ": a hold is lifted that does not stand");
        }
        break;
      case IntakeEvent::kTextsExpired:
        MustBeFree(name, "expires");
        if (complaint.open || complaint.texts_gone || complaint.expires_at != event.texts_expired().occurred_at()) {
          run_->Violation("reaction: ", name, " expires at ", event.texts_expired().occurred_at(), " instead of ",
                          complaint.expires_at);
        }
        complaint.texts_gone = true;
        expired_.emplace(name, event.texts_expired().fired_at());
        keys_wanted_.insert(event.texts_expired().text_key());
        break;
      case IntakeEvent::kPersonTextsErased:
        MustBeFree(name, "loses its texts");
        complaint.texts_gone = true;
        See("intake erases the texts of ", name, ", a complaint of ", event.person_texts_erased().person());
        keys_wanted_.insert(event.person_texts_erased().text_key());
        break;
      case IntakeEvent::kTextRedacted:
        MustBeFree(name, "is redacted");
        for (const std::string& key : event.text_redacted().old_text_keys()) {
          keys_wanted_.insert(key);
          redacted_keys_.insert(key);
        }
        for (const auto& text : event.text_redacted().texts()) {
          if (text.current() && text.place().field() == "access_note") notes_[name] = text.text().box();
        }
        break;
      case IntakeEvent::kKeysDestroyed:
        for (const std::string& key : event.keys_destroyed().key_ids()) keys_destroyed_.insert(key);
        break;
      default: break;
    }
  }

  // A day from the end on, or as the category says; not before it can be contested no more.
  void Expires(int64_t ended_at, Complaint* complaint) {
    complaint->ended_at = ended_at;
    if (complaint->retention == 0) {
      complaint->expires_at = 0;
    } else {
      complaint->expires_at = std::max(ended_at + complaint->retention, complaint->window_ends_at);
    }
  }
  void Amended(int64_t retention, Complaint* complaint) {
    complaint->retention = retention;
    if (!complaint->open) Expires(complaint->ended_at, complaint);
  }
  void MustBeFree(const std::string& name, const char* what) {
    if (!holds_[name].empty()) run_->Violation("reaction: ", name, " ", what, " under a legal hold");
  }
  bool IsHeld(const std::string& name) const {
    const auto holds = holds_.find(name);
    return holds != holds_.end() && !holds->second.empty();
  }

  void Imported(const intake::events::v1::ComplaintImported& imported, Complaint* complaint) {
    complaint->received = true;
    complaint->open = !imported.ended();
    complaint->retention = imported.retention_ms();
    complaint->window = imported.reopen_window_ms();
    const bool withdrawn =
        !imported.facts().empty() && imported.facts().rbegin()->kind() == types::v1::FACT_KIND_WITHDRAWN;
    complaint->final_import = imported.closed() || withdrawn;
    if (imported.ended()) {
      Ended(complaint, !complaint->final_import, imported.ended_at() + imported.reopen_window_ms());
      if (withdrawn) complaint->window_ends_at = 0;
      Expires(imported.ended_at(), complaint);
    }
  }

  void FactsAdded(const intake::events::v1::ImportedFactsAdded& added, const log::v1::Event& stored,
                  Complaint* complaint) {
    if (added.facts().empty()) return;
    TakenIn("intake", stored);
    complaint->open = !added.ended();
    // The window's length is the import's, which is not said again: only that it is over in the end.
    complaint->resolved = false;
    complaint->expires_at = 0;
    if (!added.ended()) return;
    const bool withdrawn = added.facts().rbegin()->kind() == types::v1::FACT_KIND_WITHDRAWN;
    complaint->window_ends_at = withdrawn ? 0 : added.ended_at() + complaint->window;
    Expires(added.ended_at(), complaint);
  }

  void Routing(const log::v1::Event& stored) {
    RoutingEvent event;
    event.ParseFromString(stored.payload());
    if (event.has_assigned()) {
      const auto& assigned = event.assigned();
      routed_notes_[stored.aggregate()] = assigned.access_note().box();
      in_charge_[stored.aggregate()] = true;
      Want("intake notes assignment ", stored.aggregate(), " version ", stored.version());
      TakenIn("routing", stored);
      if (assigned.visit_needed()) {
        wishes_.push_back({stored.aggregate(), assigned.assignment(), assigned.agency()});
      }
    } else if (event.has_assignment_ended() || event.has_ending_recorded()) {
      in_charge_[stored.aggregate()] = false;
    } else if (event.has_matter_noted()) {
      routed_notes_[stored.aggregate()] = event.matter_noted().access_note().box();
    }
  }

  template <typename Said>
  void Happened(const Said& said, const log::v1::Event& stored, bool open) {
    Visit& visit = visits_[stored.aggregate()];
    visit = {said.complaint(), open, false, 0};
    Want("intake notes ", stored.aggregate(), " version ", stored.version(), " of ", said.complaint());
    TakenIn("scheduling", stored);
  }

  void Scheduling(const log::v1::Event& stored) {
    SchedulingEvent event;
    event.ParseFromString(stored.payload());
    switch (event.kind_case()) {
      case SchedulingEvent::kVisitRequested: {
        const auto& requested = event.visit_requested();
        if (requested.assignment() != 0) visit_keys_[stored.aggregate()] = requested.access_note().key_id();
        Happened(requested, stored, true);
        requested_.emplace(requested.complaint(), requested.agency());
        // What follows another visit keeps that one's assignment.
        if (requested.assignment() == 0 || !requested.follows().empty()) break;
        const std::string effect = absl::StrCat("scheduling asks for a visit of ", requested.complaint(),
                                                " by assignment ", requested.assignment());
        wanted_.insert(effect);
        See(effect);
        break;
      }
      case SchedulingEvent::kVisitAmended:
        if (event.visit_amended().assignment() == 0) break;
        visit_keys_[stored.aggregate()] = event.visit_amended().access_note().key_id();
        break;
      case SchedulingEvent::kSlotHeld:
        visits_[stored.aggregate()].held = true;
        visits_[stored.aggregate()].expires_at = event.slot_held().expires_at();
        break;
      case SchedulingEvent::kHoldReleased: visits_[stored.aggregate()].held = false; break;
      case SchedulingEvent::kVisitBooked: Happened(event.visit_booked(), stored, true); break;
      case SchedulingEvent::kVisitMoved: Happened(event.visit_moved(), stored, true); break;
      case SchedulingEvent::kVisitStarted: Happened(event.visit_started(), stored, false); break;
      case SchedulingEvent::kVisitDone: Happened(event.visit_done(), stored, false); break;
      case SchedulingEvent::kVisitNoAccess: Happened(event.visit_no_access(), stored, false); break;
      case SchedulingEvent::kVisitCancelled: Happened(event.visit_cancelled(), stored, false); break;
      default: break;
    }
  }

  void Sla(const log::v1::Event& stored) {
    SlaEvent event;
    event.ParseFromString(stored.payload());
    const auto taken_in = [&](const log::v1::Cause& cause) {
      See("sla takes in ", cause.stream(), " ", cause.aggregate(), " version ", cause.version());
    };
    const bool alarm = event.has_warning_raised() || (event.has_breach_raised() && !event.breach_raised().silent());
    if (alarm) {
      Want("intake notes alarm complaints/", absl::StripPrefix(stored.aggregate(), "clocks/"), " version ",
           stored.version());
    } else if (event.has_facts_noted()) {
      taken_in(event.facts_noted().cause());
    } else if (event.has_case_amended()) {
      taken_in(event.case_amended().cause());
    } else if (event.has_clock_imported()) {
      taken_in(event.clock_imported().facts().cause());
    }
  }

  void CheckComplaints() {
    for (const auto& [name, complaint] : complaints_) {
      if (!complaint.received) continue;
      const auto in_charge = in_charge_.find(name);
      const bool routed = in_charge != in_charge_.end();
      if (complaint.open && !(routed && in_charge->second)) {
        run_->Violation("reaction: ", name, " is open and nobody is in charge");
      }
      if (!complaint.open && routed && in_charge->second) {
        run_->Violation("reaction: ", name, " has ended and routing goes on");
      }
      if (!complaint.open && !routed && !complaint.final_import) {
        run_->Violation("reaction: ", name, " is unknown to routing");
      }
      if (complaint.resolved && complaint.window_ends_at + kSlack < run_->evidence.ended_at) {
        run_->Violation("reaction: ", name, " could be contested until ", complaint.window_ends_at,
                        " and is not closed");
      }
      const bool held = IsHeld(name) || IsHeld(complaint.person);
      if (complaint.expires_at != 0 && !complaint.texts_gone && !held &&
          complaint.expires_at + kSlack < run_->evidence.ended_at) {
        run_->Violation("reaction: texts of ", name, " were to be kept until ", complaint.expires_at,
                        " and are there still");
      }
    }
    for (const VisitWish& wish : wishes_) {
      const auto complaint = complaints_.find(wish.complaint);
      const bool ended = complaint != complaints_.end() && !complaint->second.open;
      const bool later = std::any_of(wishes_.begin(), wishes_.end(), [&](const VisitWish& other) {
        return other.complaint == wish.complaint && other.assignment > wish.assignment;
      });
      if (!ended && !later && !requested_.contains({wish.complaint, wish.agency})) {
        run_->Violation("reaction: scheduling was never asked for a visit of ", wish.complaint, " by assignment ",
                        wish.assignment);
      }
    }
  }

  void CheckVisits() {
    for (const auto& [name, visit] : visits_) {
      if (visit.held && visit.expires_at + kSlack < run_->evidence.ended_at) {
        run_->Violation("reaction: ", name, " is held for ever: the hold ended at ", visit.expires_at);
      }
      const auto complaint = complaints_.find(visit.complaint);
      if (visit.open && complaint != complaints_.end() && complaint->second.received && !complaint->second.open) {
        run_->Violation("reaction: ", name, " is still to come and ", visit.complaint, " has ended");
      }
    }
  }

  // Persons and their complaints lie in different shards: who is erased is known once all is read.
  void WantErasures() {
    for (const auto& [name, complaint] : complaints_) {
      if (complaint.person.empty() || !erased_.contains(complaint.person)) continue;
      // Gone before, or to go when the hold is lifted.
      if (expired_.contains(name) || IsHeld(name)) continue;
      if (retained_.contains(complaint.person)) {
        run_->Violation("reaction: ", complaint.person, " is forgotten though ", name, " is kept");
      }
      Want("intake erases the texts of ", name, ", a complaint of ", complaint.person);
    }
  }

  void CheckErasures() {
    for (const std::string& person : erasures_asked_) {
      const bool over = std::all_of(complaints_.begin(), complaints_.end(), [&](const auto& one) {
        return one.second.person != person || (!one.second.open && !one.second.resolved && !IsHeld(one.first));
      });
      if (over && !IsHeld(person) && !erased_.contains(person))
        run_->Violation("reaction: ", person, " is never erased");
    }
    // With the last of their texts a person goes, a day later.
    std::map<std::string, int64_t> due;
    for (const auto& [name, complaint] : complaints_) {
      const auto at = expired_.find(name);
      if (complaint.person.empty()) continue;
      int64_t& last = due[complaint.person];
      // Taken up again without its texts, it keeps them, too.
      const bool kept = at == expired_.end() || complaint.open;
      last = std::max(last, kept ? run_->evidence.ended_at : std::max(at->second, complaint.ended_at));
    }
    for (const auto& [person, at] : due) {
      if (at + kDay + kSlack < run_->evidence.ended_at && !erased_.contains(person) && !IsHeld(person)) {
        run_->Violation("reaction: nothing is kept of ", person, " since ", at, ", and they are not forgotten");
      }
    }
    for (const std::string& key : keys_wanted_) {
      if (!keys_destroyed_.contains(key)) run_->Violation("reaction: key ", key, " is never destroyed");
    }
  }

  // Who goes there finds how to get in: copies of the note follow it, also to another key.
  void CheckCopies() {
    for (const auto& [name, box] : routed_notes_) {
      if (notes_[name] != box) run_->Violation("reaction: routing has another access note of ", name);
    }
    for (const auto& [visit, key] : visit_keys_) {
      if (redacted_keys_.contains(key)) run_->Violation("reaction: nobody can open the access note of ", visit);
    }
  }

  Case* run_;
  std::set<std::tuple<std::string, uint32_t, std::string, std::string>> effects_;
  std::set<std::string> wanted_;
  std::map<std::string, int> seen_;
  std::map<std::string, Complaint> complaints_;
  std::map<std::string, bool> in_charge_;
  std::vector<VisitWish> wishes_;
  std::set<std::pair<std::string, std::string>> requested_;  // complaint, agency
  std::map<std::string, Visit> visits_;
  std::set<std::string> erasures_asked_, erased_;
  std::set<std::string> retained_;                      // people who went with the last of their texts
  std::map<std::string, int64_t> expired_;              // complaint → when its texts went
  std::map<std::string, std::set<std::string>> holds_;  // complaint or person → matters
  std::set<std::string> keys_wanted_, keys_destroyed_;
  // Boxes of access notes by complaint: what intake says, what routing has; the keys that visits' copies lie under.
  std::map<std::string, std::string> notes_, routed_notes_, visit_keys_;
  std::set<std::string> redacted_keys_;
};

}  // namespace

void CheckReactions(Case* run) { Reactions(run).Run(); }

}  // namespace redress::sim

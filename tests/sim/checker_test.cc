// Hand-made evidence: a clean one in which nothing is found, and each check broken once.
#include "tests/sim/checker.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/log/v1/record.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"

namespace redress::sim {
namespace {

constexpr int64_t kNow = 1'000'000;
constexpr char kComplaint[] = "complaints/C";
constexpr char kClock[] = "clocks/C";
constexpr char kVisit[] = "interventions/V";

std::string HashOf(const std::string& text) {
  std::string out(16, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), 16,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr, 0);
  return out;
}

// Writes one shard as its owner would.
class Shard {
 public:
  Shard(const std::string& stream, Evidence* evidence) : stream_(stream), evidence_(evidence) {
    log::v1::Genesis genesis;
    genesis.set_log_id("0123456789abcdef");
    genesis.set_stream(stream);
    genesis.set_shard_count(1);
    genesis.set_created_at(kNow);
    log::v1::Record record;
    record.set_kind(log::v1::KIND_GENESIS);
    record.set_body(genesis.SerializeAsString());
    state_.set_log_id(genesis.log_id());
    state_.set_chain(HashOf(record.body()));
    state_.set_last_recorded_at(kNow);
    Put(record);
    Claim();
  }

  void Claim() {
    state_.set_fence(state_.next_offset());
    state_.set_seq(0);
    log::v1::Record record;
    record.set_kind(log::v1::KIND_CLAIM);
    Put(record);
  }

  // What it would append next, of one event.
  log::v1::Record Make(const std::string& aggregate, int64_t version, const std::string& payload,
                       const std::function<void(log::v1::Body*)>& change = nullptr) const {
    log::v1::Body body;
    body.set_recorded_at(kNow);
    auto* event = body.add_events();
    event->set_aggregate(aggregate);
    event->set_version(version);
    event->set_payload(payload);
    if (change) change(&body);
    log::v1::Record record;
    record.set_kind(log::v1::KIND_DECISION);
    record.set_fence(state_.fence());
    record.set_seq(state_.seq() + 1);
    record.set_body(body.SerializeAsString());
    record.set_chain(HashOf(state_.chain() + record.body()));
    return record;
  }

  void Accept(const log::v1::Record& record) {
    log::v1::Body body;
    body.ParseFromString(record.body());
    state_.set_seq(record.seq());
    state_.set_chain(record.chain());
    state_.set_last_recorded_at(body.recorded_at());
    state_.set_last_register_version(body.register_version());
    Put(record);
  }

  template <typename Event>
  void Say(const std::string& aggregate, int64_t version, const Event& event,
           const std::function<void(log::v1::Body*)>& change = nullptr) {
    Accept(Make(aggregate, version, event.SerializeAsString(), change));
  }

  // A record as it is, without any effect on what is written next.
  void Put(const log::v1::Record& record) {
    evidence_->shards[{stream_, 0}].push_back({state_.next_offset(), record.SerializeAsString()});
    state_.set_next_offset(state_.next_offset() + 1);
  }

  const log::v1::RuleState& state() const { return state_; }
  const std::string& stream() const { return stream_; }

 private:
  const std::string stream_;
  Evidence* evidence_;
  log::v1::RuleState state_;
};

void Cause(const std::string& stream, const std::string& aggregate, int64_t version, log::v1::Cause* cause) {
  cause->set_stream(stream);
  cause->set_aggregate(aggregate);
  cause->set_version(version);
}

// One complaint, assigned, with a visit that was booked and held before, warned of, resolved and closed.
struct Story {
  Evidence evidence;
  Shard intake{"intake", &evidence};
  Shard routing{"routing", &evidence};
  Shard scheduling{"scheduling", &evidence};
  Shard sla{"sla", &evidence};
  int64_t said = 0;   // of the complaint in intake
  int64_t clock = 0;  // of its clock

  template <typename Fill>
  void Intake(Fill fill) {
    intake::events::v1::Event event;
    fill(&event);
    intake.Say(kComplaint, ++said, event);
  }
  void TakeIn(const std::string& stream, const std::string& aggregate, int64_t version) {
    sla::events::v1::Event event;
    Cause(stream, aggregate, version, event.mutable_facts_noted()->mutable_cause());
    sla.Say(kClock, ++clock, event);
  }
  void Noted(int64_t version) {
    Intake([version](auto* event) {
      event->mutable_visit_noted()->set_intervention(kVisit);
      event->mutable_visit_noted()->set_intervention_version(version);
    });
    TakeIn("scheduling", kVisit, version);
  }
  template <typename Fill>
  void Visit(int64_t version, Fill fill) {
    scheduling::events::v1::Event event;
    fill(&event);
    scheduling.Say(kVisit, version, event);
  }

  Story() {
    evidence.at_rest = true;
    evidence.ended_at = kNow + 100'000'000;
    intake::events::v1::Event received;
    received.mutable_complaint_received();
    intake.Say(kComplaint, ++said, received, [](log::v1::Body* body) {
      body->set_caller_scope("local");
      body->set_request_id("r-1");
    });
    evidence.calls.push_back({.caller = "local",
                              .request_id = "r-1",
                              .acknowledged = true,
                              .stream = "intake",
                              .next = intake.state().next_offset()});
    evidence.calls.push_back({.caller = "local", .request_id = "r-2", .refused = true, .stream = "intake"});
    TakeIn("intake", kComplaint, 1);
    Assign();
    Intake([](auto* event) { event->mutable_assignment_noted()->set_assignment_version(1); });
    TakeIn("routing", kComplaint, 1);
    Visit(1, [](auto* event) {
      event->mutable_visit_requested()->set_complaint(kComplaint);
      event->mutable_visit_requested()->set_assignment(1);
      event->mutable_visit_requested()->set_agency("A");
    });
    Noted(1);
    Visit(2, [](auto* event) { Window("t", 10, 20, event->mutable_slot_held())->set_expires_at(kNow + 5); });
    Visit(3, [](auto* event) { event->mutable_hold_released(); });
    Visit(4, [](auto* event) { Window("t", 10, 20, event->mutable_visit_booked())->set_complaint(kComplaint); });
    Noted(4);
    Visit(5, [](auto* event) { event->mutable_visit_done()->set_complaint(kComplaint); });
    Noted(5);
    sla::events::v1::Event warned;
    warned.mutable_warning_raised();
    sla.Say(kClock, ++clock, warned);
    Intake([this](auto* event) { event->mutable_alarm_noted()->set_clock_version(clock); });
    Intake([](auto* event) { event->mutable_complaint_resolved()->set_window_ends_at(kNow + 10); });
    TakeIn("intake", kComplaint, said);
    routing::events::v1::Event ended;
    ended.mutable_assignment_ended();
    routing.Say(kComplaint, 2, ended);
    Intake([](auto* event) { event->mutable_complaint_closed(); });
  }

  void Assign() {
    routing::events::v1::Event event;
    event.mutable_assigned()->set_assignment(1);
    event.mutable_assigned()->set_visit_needed(true);
    event.mutable_assigned()->set_agency("A");
    log::v1::Record record = routing.Make(kComplaint, 1, event.SerializeAsString(), [](log::v1::Body* body) {
      Cause("intake", kComplaint, 1, body->mutable_cause());
    });
    *record.mutable_source() = SourceOf(intake);
    routing.Accept(record);
  }
  static log::v1::Source SourceOf(const Shard& shard) {
    log::v1::Source source;
    source.set_stream(shard.stream());
    *source.mutable_state() = shard.state();
    return source;
  }
  template <typename Said>
  static Said* Window(const std::string& technician, int64_t start, int64_t end, Said* said) {
    said->set_technician(technician);
    said->set_window_start(start);
    said->set_window_end(end);
    return said;
  }

  // Everybody has read everything, and says the same of it.
  Findings Judge() {
    for (const auto& [place, entries] : evidence.shards) {
      const int64_t next = entries.back().offset + 1;
      for (const char* by : {"one", "another"}) {
        evidence.replicas.push_back({place.first, place.second, next, "", by});
        evidence.digests.push_back({place.first, place.second, next, "d", by});
      }
    }
    return Check(evidence);
  }
};

// Exactly these checks find something, each perhaps several times.
void ExpectFound(const Findings& findings, const std::string& check, const std::string& about) {
  ASSERT_FALSE(findings.violations.empty()) << "nothing found; expected " << check;
  bool found = false;
  for (const std::string& violation : findings.violations) {
    EXPECT_TRUE(absl::StartsWith(violation, check + ": ")) << violation;
    found = found || absl::StrContains(violation, about);
  }
  EXPECT_TRUE(found) << about << " in none of\n" << absl::StrJoin(findings.violations, "\n");
}

TEST(Checker, FindsNothingInACleanRun) {
  Story story;
  const Findings findings = story.Judge();
  EXPECT_TRUE(findings.violations.empty()) << absl::StrJoin(findings.violations, "\n");
  EXPECT_EQ(findings.voids, 0);
  EXPECT_EQ(findings.sources, 1);
  EXPECT_EQ(findings.acknowledged, 1);
  EXPECT_EQ(findings.refused, 1);
  EXPECT_EQ(findings.digests_compared, 4);
  EXPECT_EQ(findings.kinds.at("intake.complaint_received"), 1);
}

TEST(Checker, CountsVoidsWithoutFollowingThem) {
  Story story;
  log::v1::Record stale = story.intake.Make(kComplaint, story.said + 1, "");
  stale.set_fence(0);
  story.intake.Put(stale);
  log::v1::Record gap = story.intake.Make(kComplaint, story.said + 1, "");
  gap.set_seq(gap.seq() + 1);
  story.intake.Put(gap);
  const Findings findings = story.Judge();
  EXPECT_TRUE(findings.violations.empty()) << absl::StrJoin(findings.violations, "\n");
  EXPECT_EQ(findings.voids, 2);
}

// One thing broken, and how the check that finds it begins, and what it says.
struct Break {
  const char* name;
  const char* check;
  const char* about;
  std::function<void(Story*)> how;
};

class CheckerFinds : public ::testing::TestWithParam<Break> {};

TEST_P(CheckerFinds, It) {
  Story story;
  GetParam().how(&story);
  ExpectFound(story.Judge(), GetParam().check, GetParam().about);
}

intake::events::v1::Event Note() {
  intake::events::v1::Event event;
  event.mutable_note_added();
  return event;
}

const Break kBreaks[] = {
    {"chain", "chain", "does not follow",
     [](Story* story) {
       log::v1::Record record = story->intake.Make(kComplaint, story->said + 1, Note().SerializeAsString());
       record.set_chain(std::string(16, 'x'));
       story->intake.Put(record);
     }},
    {"unknown_event", "chain", "unknown event",
     [](Story* story) { story->intake.Accept(story->intake.Make(kComplaint, story->said + 1, "")); }},
    {"time_back", "time", "recorded_at",
     [](Story* story) {
       story->intake.Say(kComplaint, story->said + 1, Note(), [](auto* body) { body->set_recorded_at(kNow - 1); });
     }},
    {"register_back", "time", "register version",
     [](Story* story) {
       story->intake.Say(kComplaint, ++story->said, Note(), [](auto* body) { body->set_register_version(2); });
       story->intake.Say(kComplaint, ++story->said, Note(), [](auto* body) { body->set_register_version(1); });
     }},
    {"bare_offset", "source", "never was so",
     [](Story* story) {
       log::v1::Progress progress;
       progress.set_recorded_at(kNow);
       progress.add_sources()->set_stream("intake");
       progress.mutable_sources(0)->mutable_state()->set_next_offset(story->intake.state().next_offset());
       log::v1::Record record = story->sla.Make(kClock, 0, "");
       record.set_kind(log::v1::KIND_POSITION);
       record.set_body(progress.SerializeAsString());
       record.set_chain(HashOf(story->sla.state().chain() + record.body()));
       story->sla.Put(record);
     }},
    {"read_back", "source", "back from",
     [](Story* story) {
       log::v1::Progress progress;
       progress.set_recorded_at(kNow);
       *progress.add_sources() = Story::SourceOf(story->intake);
       *progress.add_sources() = Story::SourceOf(story->intake);
       // The state after GENESIS and the first claim.
       auto* back = progress.mutable_sources(1)->mutable_state();
       log::v1::Record genesis;
       genesis.ParseFromString(story->evidence.shards[{"intake", 0}][0].bytes);
       back->set_next_offset(2);
       back->set_fence(1);
       back->set_seq(0);
       back->set_chain(HashOf(genesis.body()));
       log::v1::Record record = story->sla.Make(kClock, 0, "");
       record.set_kind(log::v1::KIND_POSITION);
       record.set_body(progress.SerializeAsString());
       record.set_chain(HashOf(story->sla.state().chain() + record.body()));
       story->sla.Put(record);
     }},
    {"stale_state", "versions", "goes from version",
     [](Story* story) { story->intake.Say(kComplaint, story->said, Note()); }},
    {"acknowledged_missing", "once", "is not recorded",
     [](Story* story) {
       story->evidence.calls.push_back(
           {.caller = "local", .request_id = "r-3", .acknowledged = true, .stream = "intake", .next = 3});
     }},
    {"acknowledged_elsewhere", "once", "lies at", [](Story* story) { ++story->evidence.calls[0].next; }},
    {"recorded_twice", "once", "recorded again",
     [](Story* story) {
       story->intake.Say(kComplaint, ++story->said, Note(), [](auto* body) {
         body->set_caller_scope("local");
         body->set_request_id("r-1");
       });
     }},
    {"refused_and_done", "once", "was refused",
     [](Story* story) {
       story->intake.Say(kComplaint, ++story->said, Note(), [](auto* body) {
         body->set_caller_scope("local");
         body->set_request_id("r-2");
       });
     }},
    {"same_reaction_twice", "reaction", "a second time",
     [](Story* story) {
       for (int i = 0; i < 2; ++i) {
         log::v1::Record record =
             story->intake.Make(kComplaint, ++story->said, Note().SerializeAsString(),
                                [](auto* body) { Cause("routing", kComplaint, 1, body->mutable_cause()); });
         *record.mutable_source() = Story::SourceOf(story->routing);
         story->intake.Accept(record);
       }
     }},
    {"reaction_without_source", "source", "does not say how far",
     [](Story* story) {
       story->intake.Say(kComplaint, ++story->said, Note(),
                         [](auto* body) { Cause("routing", kComplaint, 1, body->mutable_cause()); });
     }},
    {"assignment_not_noted", "reaction", "intake notes assignment complaints/C version 3: never",
     [](Story* story) {
       routing::events::v1::Event event;
       event.mutable_assigned()->set_assignment(2);
       story->routing.Say(kComplaint, 3, event);
       event.mutable_assignment_ended();
       story->routing.Say(kComplaint, 4, event);
       story->TakeIn("routing", kComplaint, 3);
     }},
    {"visit_noted_twice", "reaction", "interventions/V version 4 of complaints/C: 2 times",
     [](Story* story) {
       story->Intake([](auto* event) {
         event->mutable_visit_noted()->set_intervention(kVisit);
         event->mutable_visit_noted()->set_intervention_version(4);
       });
     }},
    {"alarm_of_nothing", "reaction", "out of nothing",
     [](Story* story) { story->Intake([](auto* event) { event->mutable_alarm_noted()->set_clock_version(99); }); }},
    {"fact_not_taken_in", "reaction", "sla takes in intake complaints/C",
     [](Story* story) { story->Intake([](auto* event) { event->mutable_fact_recorded(); }); }},
    {"fact_taken_in_twice", "reaction", "2 times", [](Story* story) { story->TakeIn("intake", kComplaint, 1); }},
    {"visit_asked_for_twice", "reaction", "by assignment 1: 2 times",
     [](Story* story) {
       const auto ask = [](auto* event) {
         event->mutable_visit_requested()->set_complaint(kComplaint);
         event->mutable_visit_requested()->set_assignment(1);
         event->mutable_visit_requested()->set_agency("A");
       };
       scheduling::events::v1::Event event;
       ask(&event);
       story->scheduling.Say("interventions/W", 1, event);
       event.mutable_visit_cancelled()->set_complaint(kComplaint);
       story->scheduling.Say("interventions/W", 2, event);
       for (const int64_t version : {1, 2}) {
         story->Intake([version](auto* noted) {
           noted->mutable_visit_noted()->set_intervention("interventions/W");
           noted->mutable_visit_noted()->set_intervention_version(version);
         });
         story->TakeIn("scheduling", "interventions/W", version);
       }
     }},
    {"hold_for_ever", "reaction", "held for ever",
     [](Story* story) { story->Visit(6, [](auto* event) { event->mutable_slot_held()->set_expires_at(kNow + 5); }); }},
    {"visit_left_over", "reaction", "is still to come",
     [](Story* story) {
       story->Visit(6, [](auto* event) { event->mutable_visit_booked()->set_complaint(kComplaint); });
       story->Noted(6);
     }},
    {"routing_goes_on", "reaction", "routing goes on",
     [](Story* story) {
       routing::events::v1::Event event;
       event.mutable_assigned()->set_assignment(2);
       story->routing.Say(kComplaint, 3, event);
       story->Intake([](auto* noted) { noted->mutable_assignment_noted()->set_assignment_version(3); });
       story->TakeIn("routing", kComplaint, 3);
     }},
    {"nobody_in_charge", "reaction", "nobody is in charge",
     [](Story* story) {
       story->Intake([](auto* event) { event->mutable_complaint_reopened(); });
       story->TakeIn("intake", kComplaint, story->said);
     }},
    {"never_closed", "reaction", "is not closed",
     [](Story* story) {
       story->Intake([](auto* event) { event->mutable_complaint_resolved()->set_window_ends_at(kNow + 20); });
       story->TakeIn("intake", kComplaint, story->said);
     }},
    {"never_erased", "reaction", "is never erased",
     [](Story* story) {
       intake::events::v1::Event event;
       event.mutable_person_erasure_requested();
       story->intake.Say("people/P", 1, event);
     }},
    {"key_left", "reaction", "is never destroyed",
     [](Story* story) {
       intake::events::v1::Event event;
       event.mutable_person_erased()->set_person_key("k");
       story->intake.Say("people/P", 1, event);
     }},
    {"redacted_key_left", "reaction", "key k is never destroyed",
     [](Story* story) { story->Intake([](auto* event) { event->mutable_text_redacted()->add_old_text_keys("k"); }); }},
    {"note_not_copied", "reaction", "routing has another access note of complaints/C",
     [](Story* story) {
       story->Intake([](auto* event) {
         auto* text = event->mutable_text_redacted()->add_texts();
         text->mutable_place()->set_field("access_note");
         text->mutable_text()->set_box("box");
         text->set_current(true);
       });
     }},
    {"note_that_nobody_opens", "reaction", "nobody can open the access note of interventions/V",
     [](Story* story) {
       story->Visit(6, [](auto* event) {
         event->mutable_visit_amended()->set_assignment(1);
         event->mutable_visit_amended()->mutable_access_note()->set_key_id("k");
       });
       story->Intake([](auto* event) { event->mutable_text_redacted()->add_old_text_keys("k"); });
       story->Intake([](auto* event) { event->mutable_keys_destroyed()->add_key_ids("k"); });
     }},
    {"parked", "parked", "gives up routing",
     [](Story* story) {
       log::v1::RuntimeEvent event;
       event.mutable_input_parked()->set_stream("routing");
       story->intake.Say("inputs/routing/complaints/C", 1, event);
     }},
    {"sold_twice", "slot", "overlaps",
     [](Story* story) {
       for (const char* visit : {"interventions/X", "interventions/Y"}) {
         scheduling::events::v1::Event event;
         Story::Window("t", visit[14] == 'X' ? 10 : 19, visit[14] == 'X' ? 20 : 29, event.mutable_slot_held())
             ->set_expires_at(kNow + 5);
         story->scheduling.Say(visit, 1, event);
       }
       for (const char* visit : {"interventions/X", "interventions/Y"}) {
         scheduling::events::v1::Event event;
         event.mutable_hold_released();
         story->scheduling.Say(visit, 2, event);
       }
     }},
    {"stopped", "replica", "stopped intake/0",
     [](Story* story) {
       story->evidence.replicas.push_back({"intake", 0, story->intake.state().next_offset(), "DATA_LOSS", "third"});
     }},
    {"behind", "replica", "its last record lies at",
     [](Story* story) {
       story->evidence.replicas.push_back({"intake", 0, 3, "", "third"});
     }},
    {"differs", "digest", "differs",
     [](Story* story) {
       story->evidence.digests.push_back({"intake", 0, story->intake.state().next_offset(), "e", "third"});
     }},
    {"compared_with_nothing", "digest", "compared with nothing",
     [](Story* story) {
       story->evidence.digests.push_back({"intake", 0, 3, "d", "third"});
     }},
};

INSTANTIATE_TEST_SUITE_P(Checker, CheckerFinds, ::testing::ValuesIn(kBreaks),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace redress::sim

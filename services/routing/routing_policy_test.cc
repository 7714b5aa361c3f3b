#include "services/routing/routing_policy.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "libs/ids/ids.h"
#include "libs/status/errors.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/routing/commands/v1/commands.pb.h"
#include "redress/sla/events/v1/events.pb.h"
#include "services/routing/test_register.h"

namespace redress::routing {
namespace {

using namespace testing;
using commands::v1::Command;
using IntakeEvent = ::redress::intake::events::v1::Event;
using SlaEvent = ::redress::sla::events::v1::Event;

constexpr uint32_t kShards = 4;
// Their homes are shards 1 and 2.
const std::string kOne = MakeId(1'700'000'000'000, 1, 7);
const std::string kTwo = MakeId(1'700'000'000'000, 2, 7);

class PolicyTest : public ::testing::Test {
 protected:
  template <typename Event>
  void Add(const std::string& aggregate, const std::string& text) {
    log::v1::Event* stored = body_.add_events();
    stored->set_aggregate(aggregate);
    stored->set_version(body_.events_size());
    stored->set_payload(Parse<Event>(text).SerializeAsString());
  }
  absl::StatusOr<std::vector<runtime::v1::Order>> ReactIn(uint16_t shard, log::Stream stream = log::Stream::kIntake) {
    body_.set_recorded_at(99);
    return React({{stream, 0}, &body_}, {shard, kShards, nullptr});
  }
  static Command CommandOf(const runtime::v1::Order& order) {
    Command command;
    EXPECT_TRUE(command.ParseFromString(order.command()));
    return command;
  }
  // What one intake event means for a complaint of shard 1.
  std::string ChangesOf(const std::string& event) {
    body_.Clear();
    Add<IntakeEvent>("complaints/" + kOne, event);
    const auto orders = ReactIn(1);
    EXPECT_TRUE(orders.ok()) << orders.status();
    if (orders->empty()) return "";
    std::string text;
    google::protobuf::TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    printer.PrintToString(CommandOf(orders->at(0)).follow_complaint(), &text);
    return text;
  }

  log::v1::Body body_;
};

TEST_F(PolicyTest, EachIntakeEventMeansItsChange) {
  const struct {
    const char* event;
    const char* changes;
  } kCases[] = {
      {"complaint_received { kind: COMPLAINT_KIND_COMPLAINT category: 'lift' channel: CHANNEL_WEB urgency: "
       "URGENCY_URGENT placement { residence: 'r' agency: 'a' office: 'o' } language: 'ar' care_level: 1 occurred_at: "
       "5 "
       "dwelling { key_id: 'k' box: 'x' } access_note { key_id: 'k' box: 'y' } description { key_id: 't' box: 'z' } }",
       "changes { complaint_version: 1 opened { kind: COMPLAINT_KIND_COMPLAINT category: \"lift\" channel: CHANNEL_WEB "
       "urgency: URGENCY_URGENT residence: \"r\" agency: \"a\" office: \"o\" language: \"ar\" care_level: 1 dwelling { "
       "key_id: \"k\" box: \"x\" } access_note { key_id: \"k\" box: \"y\" } occurred_at: 5 } } "},
      {"complaint_amended { category: 'lift' care_level: 0 placement { residence: 'r' agency: 'a' office: 'o' } }",
       "changes { complaint_version: 1 amended { category: \"lift\" place { residence: \"r\" agency: \"a\" office: "
       "\"o\" } care_level: 0 } } "},
      {"complaint_resolved { occurred_at: 7 round: 2 outcome: OUTCOME_FIXED }",
       "changes { complaint_version: 1 ended { reason: \"resolved\" occurred_at: 7 round: 2 } } "},
      {"complaint_withdrawn { occurred_at: 7 }",
       "changes { complaint_version: 1 ended { reason: \"withdrawn\" occurred_at: 7 round: 0 } } "},
      {"complaint_closed { occurred_at: 7 }",
       "changes { complaint_version: 1 ended { reason: \"closed\" occurred_at: 7 } } "},
      {"complaint_contested { occurred_at: 8 }", "changes { complaint_version: 1 reopened { occurred_at: 8 } } "},
      {"complaint_reopened { occurred_at: 8 }", "changes { complaint_version: 1 reopened { occurred_at: 8 } } "},
      {"text_redacted { text_key: 'k2' texts { place { version: 1 field: 'dwelling' } text { key_id: 'k2' box: 'x' } "
       "current: true } texts { place { version: 1 field: 'access_note' } current: true } texts { place { version: 1 "
       "field: 'description' } text { key_id: 'k2' box: 'z' } current: true } }",
       "changes { complaint_version: 1 resealed { dwelling { key_id: \"k2\" box: \"x\" } no_access_note: true } } "},
      // What is not said any more is nowhere but in intake.
      {"text_redacted { text_key: 'k2' texts { place { version: 1 field: 'access_note' } text { key_id: 'k2' box: 'y' "
       "} } texts { place { version: 3 field: 'note' } text { key_id: 'k2' box: 'n' } } }",
       ""},
      {"complaint_acknowledged { occurred_at: 8 }", ""},
      {"message_added { occurred_at: 8 }", ""},
      // Imports: open ones are routed, from their recording on; those that ended are not, unless they may be contested.
      {"complaint_imported { kind: COMPLAINT_KIND_COMPLAINT category: 'c' placement { agency: 'a' } facts { kind: "
       "FACT_KIND_RECEIVED occurred_at: 1 } facts { kind: FACT_KIND_RESOLVED occurred_at: 2 } facts { kind: "
       "FACT_KIND_REOPENED occurred_at: 3 } round: 1 }",
       "changes { complaint_version: 1 opened { kind: COMPLAINT_KIND_COMPLAINT category: \"c\" agency: \"a\" "
       "occurred_at: 99 round: 1 } } "},
      {"complaint_imported { facts { kind: FACT_KIND_RECEIVED } facts { kind: FACT_KIND_RESOLVED } closed: true }", ""},
      {"complaint_imported { facts { kind: FACT_KIND_RECEIVED } facts { kind: FACT_KIND_WITHDRAWN occurred_at: 6 } "
       "ended: true ended_at: 6 }",
       ""},
      // What its facts come to is intake's to say: a resolution may count or not, a note behind it re-open or not.
      {"complaint_imported { category: 'c' facts { kind: FACT_KIND_RECEIVED } facts { kind: FACT_KIND_RESOLVED "
       "occurred_at: 6 } }",
       "changes { complaint_version: 1 opened { category: \"c\" occurred_at: 99 } } "},
      {"complaint_imported { category: 'c' facts { kind: FACT_KIND_RECEIVED } facts { kind: FACT_KIND_RESOLVED "
       "occurred_at: 6 } facts { kind: FACT_KIND_WORKS_ENDED occurred_at: 8 } ended: true ended_at: 6 }",
       "changes { complaint_version: 1 opened { category: \"c\" occurred_at: 99 } } changes { complaint_version: 1 "
       "ended "
       "{ reason: \"resolved\" occurred_at: 6 round: 0 } } "},
      {"imported_facts_added { facts { kind: FACT_KIND_RESOLVED occurred_at: 6 } closed: true round: 3 ended: true "
       "ended_at: 6 }",
       "changes { complaint_version: 1 ended { reason: \"resolved\" occurred_at: 6 round: 3 } } "},
      {"imported_facts_added { facts { kind: FACT_KIND_REOPENED occurred_at: 6 } round: 4 }",
       "changes { complaint_version: 1 reopened { occurred_at: 6 round: 4 } } "},
      {"imported_facts_added { facts { kind: FACT_KIND_RESOLVED occurred_at: 6 } facts { kind: FACT_KIND_WORKS_ENDED "
       "occurred_at: 8 } ended: true ended_at: 6 }",
       "changes { complaint_version: 1 ended { reason: \"resolved\" occurred_at: 6 round: 0 } } "},
      {"imported_facts_added { facts { kind: FACT_KIND_WITHDRAWN occurred_at: 6 } ended: true ended_at: 6 }",
       "changes { complaint_version: 1 ended { reason: \"withdrawn\" occurred_at: 6 round: 0 } } "},
      {"imported_facts_added { facts { kind: FACT_KIND_NO_ACCESS occurred_at: 6 } }",
       "changes { complaint_version: 1 reopened { occurred_at: 6 round: 0 } } "},
  };
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.event);
    EXPECT_EQ(ChangesOf(one.event), one.changes);
  }
}

TEST_F(PolicyTest, ARecordOfSeveralComplaintsIsAnOrderEach) {
  Add<IntakeEvent>("people/" + kOne, "person_registered { }");
  Add<IntakeEvent>("complaints/" + kOne, "complaint_received { category: 'lift' }");
  Add<IntakeEvent>("complaints/" + kTwo, "complaint_received { category: 'lift' }");
  Add<IntakeEvent>("complaints/" + kOne, "complaint_resolved { round: 0 }");
  const auto orders = ReactIn(1);
  ASSERT_TRUE(orders.ok());
  ASSERT_EQ(orders->size(), 1u);
  EXPECT_EQ(orders->at(0).aggregate(), "complaints/" + kOne);
  EXPECT_EQ(orders->at(0).stream(), "routing");
  EXPECT_EQ(orders->at(0).shard(), 1u);
  EXPECT_EQ(CommandOf(orders->at(0)).follow_complaint().changes_size(), 2);
  EXPECT_EQ(CommandOf(orders->at(0)).follow_complaint().changes(1).complaint_version(), 4);
  // Each shard takes its own.
  EXPECT_EQ(ReactIn(2)->at(0).aggregate(), "complaints/" + kTwo);
  EXPECT_TRUE(ReactIn(3)->empty());
}

TEST_F(PolicyTest, AlarmsEscalateUnlessTheyAreSilent) {
  Add<SlaEvent>("clocks/" + kOne, "warning_raised { line: 'remedy' due_at: 9 warned_at: 8 }");
  Add<SlaEvent>("clocks/" + kOne, "breach_raised { line: 'remedy' due_at: 9 }");
  Add<SlaEvent>("clocks/" + kOne, "breach_raised { line: 'answer' due_at: 9 silent: true }");
  Add<SlaEvent>("clocks/" + kOne, "line_stopped { line: 'answer' }");
  const auto orders = ReactIn(1, log::Stream::kSla);
  ASSERT_TRUE(orders.ok());
  ASSERT_EQ(orders->size(), 2u);
  EXPECT_EQ(orders->at(0).aggregate(), "complaints/" + kOne);
  EXPECT_FALSE(CommandOf(orders->at(0)).escalate().breach());
  EXPECT_EQ(CommandOf(orders->at(0)).escalate().occurred_at(), 8);
  EXPECT_TRUE(CommandOf(orders->at(1)).escalate().breach());
}

TEST_F(PolicyTest, WhatCannotBeReadIsAnError) {
  log::v1::Event* event = body_.add_events();
  event->set_aggregate("complaints/" + kOne);
  event->set_version(1);
  event->set_payload("\xFF\xFF");
  EXPECT_EQ(ReasonOf(ReactIn(1).status()), "EVENT_UNREADABLE");
  EXPECT_TRUE(ReactIn(2).ok());
}

}  // namespace
}  // namespace redress::routing

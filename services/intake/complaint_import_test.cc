#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/status/errors.h"
#include "services/intake/complaint.h"
#include "services/intake/complaint_cases.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT

struct Step {
  types::v1::FactKind kind;
  Millis at;
};
constexpr Millis R = kReceivedAt;
constexpr auto kRec = types::v1::FACT_KIND_RECEIVED;
constexpr auto kAck = types::v1::FACT_KIND_ACKNOWLEDGED;
constexpr auto kWork = types::v1::FACT_KIND_WORKS_BEGUN;
constexpr auto kRes = types::v1::FACT_KIND_RESOLVED;
constexpr auto kReo = types::v1::FACT_KIND_REOPENED;
constexpr auto kWit = types::v1::FACT_KIND_WITHDRAWN;
constexpr auto kNote = types::v1::FACT_KIND_RESIDENT_ASKED;

Command Import(const std::vector<Step>& steps, const std::string& category = "noise") {
  Command command;
  auto* import = command.mutable_import_complaint()->mutable_complaint();
  import->mutable_source()->set_system("ny311");
  import->mutable_source()->set_reference("42");
  import->set_category(category);
  import->set_text_key("text-key");
  import->set_reopen_window_ms(kWindow);
  for (const Step& step : steps) {
    auto* fact = import->add_facts();
    fact->set_kind(step.kind);
    fact->set_occurred_at(step.at);
    if (step.kind == kRes) fact->set_outcome(types::v1::OUTCOME_FIXED);
  }
  return command;
}

Complaint After(const std::vector<Step>& steps, Millis now) {
  Complaint state;
  const auto events = Decide(state, Import(steps), {kName, now});
  EXPECT_TRUE(events.ok()) << events.status();
  for (const Event& event : *events) Apply(event, now, 1, &state);
  return state;
}

TEST(Import, LeadsToTheStateItsFactsSay) {
  struct {
    const char* name;
    std::vector<Step> facts;
    Millis now;
    State state;
    int round;
  } cases[] = {
      {"received", {{kRec, R}}, R + kHour, rows::v1::STATE_RECEIVED, 0},
      {"acknowledged", {{kRec, R}, {kAck, R + 1}}, R + kHour, rows::v1::STATE_ACKNOWLEDGED, 0},
      {"work_begun", {{kRec, R}, {kWork, R + 1}}, R + kHour, rows::v1::STATE_IN_PROGRESS, 0},
      {"asking_is_no_work", {{kRec, R}, {kNote, R + 1}}, R + kHour, rows::v1::STATE_RECEIVED, 0},
      {"resolved_lately", {{kRec, R}, {kRes, R + 1}}, R + kHour, rows::v1::STATE_RESOLVED, 0},
      {"resolved_long_ago", {{kRec, R}, {kRes, R + 1}}, R + 1 + kWindow, rows::v1::STATE_CLOSED, 0},
      {"withdrawn", {{kRec, R}, {kWit, R + 1}}, R + kHour, rows::v1::STATE_WITHDRAWN, 0},
      {"reopened", {{kRec, R}, {kRes, R + 1}, {kReo, R + 2}}, R + kHour, rows::v1::STATE_IN_PROGRESS, 1},
      {"reopened_after_a_year",
       {{kRec, R}, {kRes, R + 1}, {kReo, R + 365 * kDay}},
       R + 366 * kDay,
       rows::v1::STATE_IN_PROGRESS,
       1},
      {"resolved_twice_counts_once",
       {{kRec, R}, {kRes, R + 1}, {kRes, R + kDay}},
       R + kWindow,
       rows::v1::STATE_RESOLVED,
       0},
  };
  for (const auto& c : cases) {
    const Complaint state = After(c.facts, c.now);
    EXPECT_EQ(state.state(), c.state) << c.name;
    EXPECT_EQ(state.round(), c.round) << c.name;
    EXPECT_EQ(state.received_at(), R) << c.name;
  }
}

TEST(Import, OfAKnownRowIsNothing) {
  const std::vector<Step> facts = {{kRec, R}, {kAck, R + 1}};
  const auto again = Decide(After(facts, R + kHour), Import(facts), {kName, R + kDay});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->empty());
}

TEST(Import, OfAKnownRowWithFurtherFactsAddsThose) {
  Complaint state = After({{kRec, R}}, R + kHour);
  const auto events = Decide(state, Import({{kRec, R}, {kAck, R + 1}, {kRes, R + 2}}), {kName, R + kDay});
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ(events->front().imported_facts_added().facts_size(), 2);
  EXPECT_FALSE(events->front().imported_facts_added().closed());
  Apply(events->front(), R + kDay, 2, &state);
  EXPECT_EQ(state.state(), rows::v1::STATE_RESOLVED);
  // In one go or in two: the same row afterwards.
  const auto again = Decide(state, Import({{kRec, R}, {kAck, R + 1}, {kRes, R + 2}}), {kName, R + kDay});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->empty());
}

TEST(Import, OfAKnownRowThatReopensAClosedOne) {
  Complaint state = After({{kRec, R}, {kRes, R + 1}}, R + 2 * kWindow);
  ASSERT_EQ(state.state(), rows::v1::STATE_CLOSED);
  const auto events =
      Decide(state, Import({{kRec, R}, {kRes, R + 1}, {kReo, R + 2 * kWindow}}), {kName, R + 3 * kWindow});
  ASSERT_TRUE(events.ok()) << events.status();
  EXPECT_EQ(events->front().imported_facts_added().round(), 1);
  Apply(events->front(), R + 3 * kWindow, 2, &state);
  EXPECT_EQ(state.state(), rows::v1::STATE_IN_PROGRESS);
}

TEST(Import, OfAKnownRowWithOtherContentIsRefused) {
  const Complaint state = After({{kRec, R}, {kAck, R + 1}}, R + kHour);
  for (const Command& changed : {
           Import({{kRec, R}, {kAck, R + 2}}),
           Import({{kRec, R}, {kAck, R + 2}, {kRes, R + 3}}),
           Import({{kRec, R}}),
           Import({{kRec, R}, {kAck, R + 1}}, "heating"),
       }) {
    const auto refused = Decide(state, changed, {kName, R + kDay});
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(ReasonOf(refused.status()), "IMPORT_CHANGED");
  }
}

TEST(Import, RefusesMoreFactsThanFitWithTheirCount) {
  std::vector<Step> steps = {{kRec, R}};
  for (int i = 0; i < kMaxImportedFacts; ++i) steps.push_back({kNote, R + i});
  const auto refused = Decide(Complaint(), Import(steps), {kName, R + kDay});
  EXPECT_EQ(ReasonOf(refused.status()), "TOO_MANY_FACTS");
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("2001"));
}

TEST(Import, BeginsWithItsReceipt) {
  EXPECT_EQ(ReasonOf(Decide(Complaint(), Import({{kAck, R}}), {kName, R + kDay}).status()), "NOT_RECEIVED");
  EXPECT_EQ(ReasonOf(Decide(Complaint(), Import({}), {kName, R + kDay}).status()), "NOT_RECEIVED");
}

}  // namespace
}  // namespace redress::intake

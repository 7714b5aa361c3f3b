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

TEST(Import, OfOneWhoseTextsWouldBeGoneBringsNone) {
  Command import = Import({{kRec, R}, {kRes, R + 1}});
  auto* imported = import.mutable_import_complaint()->mutable_complaint();
  imported->mutable_description()->set_box("box");
  imported->mutable_handler_names()->set_box("box");
  imported->set_retention_ms(60 * kDay);
  const Millis due = R + 1 + 60 * kDay;
  const auto kept = Decide(Complaint(), import, {kName, due - 1});
  ASSERT_TRUE(kept.ok()) << kept.status();
  ASSERT_EQ(kept->size(), 1u);
  EXPECT_TRUE(kept->front().complaint_imported().has_description());
  const auto gone = Decide(Complaint(), import, {kName, due});
  ASSERT_TRUE(gone.ok()) << gone.status();
  ASSERT_EQ(gone->size(), 2u);
  EXPECT_FALSE((*gone)[0].complaint_imported().has_description());
  EXPECT_FALSE((*gone)[0].complaint_imported().has_handler_names());
  EXPECT_EQ((*gone)[1].texts_expired().text_key(), "text-key");
  EXPECT_EQ((*gone)[1].texts_expired().occurred_at(), due);
  Complaint state;
  for (const Event& event : *gone) Apply(event, due, 1, &state);
  EXPECT_TRUE(state.texts_erased());
  EXPECT_THAT(KeysToDestroy(state), ::testing::ElementsAre("text-key"));
  // Nothing is new in the same row, and further facts are taken.
  EXPECT_TRUE(Decide(state, import, {kName, due + kDay})->empty());
  imported->add_facts()->set_kind(kReo);
  imported->mutable_facts()->rbegin()->set_occurred_at(due);
  EXPECT_EQ(Decide(state, import, {kName, due + kDay})->size(), 1u);
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

// One that names a handler in its last fact; the names are sealed under `key`, or not at all.
Command ImportWithHandler(const std::string& key, bool names = true) {
  Command command = Import({{kRec, R}, {kAck, R + 1}});
  auto* import = command.mutable_import_complaint()->mutable_complaint();
  import->mutable_facts(1)->set_agent("staff-1");
  import->set_text_key(key);
  if (names) import->mutable_handler_names()->set_key_id(key);
  return command;
}

TEST(Import, OfAKnownRowLosesNoNamesOfHandlers) {
  Complaint state = After({{kRec, R}}, R + kHour);
  const auto taken = Decide(state, ImportWithHandler("text-key"), {kName, R + kDay});
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->front().imported_facts_added().handler_names().key_id(), "text-key");

  const auto resealed = Decide(state, ImportWithHandler("another"), {kName, R + kDay});
  EXPECT_EQ(ReasonOf(resealed.status()), "TEXTS_RESEALED")
      << "sealed before a redaction, or by a stream that was second";
  const auto destroyed = Decide(state, ImportWithHandler("another", false), {kName, R + kDay});
  EXPECT_EQ(ReasonOf(destroyed.status()), "TEXTS_RESEALED") << "the key went with a redaction";
}

TEST(Import, OfAKnownRowTakesFactsWithoutNamesWhereTheyCannotBeKept) {
  Complaint state = After({{kRec, R}}, R + kHour);
  // After a restore: the key is gone, and the log does not say so yet.
  const auto restored = Decide(state, ImportWithHandler("text-key", false), {kName, R + kDay});
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->front().imported_facts_added().facts_size(), 1);
  state.set_texts_erased(true);
  const auto erased = Decide(state, ImportWithHandler("text-key"), {kName, R + kDay});
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->front().imported_facts_added().facts_size(), 1);
  EXPECT_FALSE(erased->front().imported_facts_added().has_handler_names());
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

TEST(Import, OfAKnownRowWithOtherParticularsIsTakenForItsFactsAndFlagged) {
  Complaint state = After({{kRec, R}, {kAck, R + 1}}, R + kHour);
  Command moved = Import({{kRec, R}, {kAck, R + 1}}, "heating");
  moved.mutable_import_complaint()->mutable_complaint()->set_due_at(R + 9 * kDay);
  moved.mutable_import_complaint()->mutable_complaint()->add_flags("no_due");
  const auto same_facts = Decide(state, moved, {kName, R + kDay});
  ASSERT_TRUE(same_facts.ok()) << same_facts.status();
  EXPECT_TRUE(same_facts->empty());
  auto* resolved = moved.mutable_import_complaint()->mutable_complaint()->add_facts();
  resolved->set_kind(kRes);
  resolved->set_occurred_at(R + 2);
  const auto further = Decide(state, moved, {kName, R + kDay});
  ASSERT_EQ(further->size(), 1u);
  EXPECT_THAT(further->front().imported_facts_added().flags(), ::testing::ElementsAre("no_due", "particulars_changed"));
  Apply(further->front(), R + kDay, 2, &state);
  EXPECT_EQ(state.state(), rows::v1::STATE_RESOLVED);
  EXPECT_EQ(state.category(), "noise") << "what was imported first stands";
  EXPECT_EQ(state.due_at(), 0);
  EXPECT_TRUE(Decide(state, moved, {kName, R + kDay})->empty());
}

TEST(Import, SaysWhatItsFactsComeTo) {
  struct {
    const char* name;
    std::vector<Step> facts;
    bool ended;
    Millis ended_at;
    int round;
  } cases[] = {
      {"open", {{kRec, R}, {kAck, R + 1}}, false, 0, 0},
      {"resolved", {{kRec, R}, {kRes, R + 2}}, true, R + 2, 0},
      {"work_after_it", {{kRec, R}, {kRes, R + 2}, {kWork, R + 5}}, true, R + 2, 0},
      {"withdrawn", {{kRec, R}, {kWit, R + 3}}, true, R + 3, 0},
      {"reopened", {{kRec, R}, {kRes, R + 2}, {kReo, R + 3}}, false, 0, 1},
      {"reopened_while_open", {{kRec, R}, {kReo, R + 3}}, false, 0, 0},
      {"ended_again", {{kRec, R}, {kRes, R + 2}, {kReo, R + 3}, {kRes, R + 4}}, true, R + 4, 1},
  };
  for (const auto& c : cases) {
    const auto whole = Decide(Complaint(), Import(c.facts), {kName, R + kDay});
    const auto& imported = whole->front().complaint_imported();
    EXPECT_EQ(imported.ended(), c.ended) << c.name;
    EXPECT_EQ(imported.ended_at(), c.ended_at) << c.name;
    EXPECT_EQ(imported.round(), c.round) << c.name;
    // In one go or in two.
    const auto added = Decide(After({c.facts[0]}, R + kHour), Import(c.facts), {kName, R + kDay});
    EXPECT_EQ(added->front().imported_facts_added().ended(), c.ended) << c.name;
    EXPECT_EQ(added->front().imported_facts_added().ended_at(), c.ended_at) << c.name;
    EXPECT_EQ(added->front().imported_facts_added().round(), c.round) << c.name;
  }
}

TEST(Import, OfAKnownRowWithOtherContentIsRefused) {
  const Complaint state = After({{kRec, R}, {kAck, R + 1}}, R + kHour);
  for (const Command& changed : {
           Import({{kRec, R}, {kAck, R + 2}}),
           Import({{kRec, R}, {kAck, R + 2}, {kRes, R + 3}}),
           Import({{kRec, R}}),
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

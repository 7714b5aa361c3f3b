// Time to resolution, on-time rates and waiting shares by their definitions.
#include <deque>

#include "gmock/gmock.h"
#include "services/sla/on_time.h"
#include "services/sla/test_clock.h"
#include "services/sla/time_to_resolution.h"
#include "services/sla/waiting.h"

namespace redress::sla {
namespace {

using namespace testing;    // NOLINT
using namespace types::v1;  // NOLINT

struct Happened {
  int day;
  FactKind kind;
  Outcome outcome = OUTCOME_FIXED;
};

constexpr Millis kNow = 100 * kDay;

// Complaints received on a day, with what happened on later days.
class Figures : public ::testing::Test {
 protected:
  void Add(int received, const std::vector<Happened>& journey, int window_days = 14) {
    CaseRow& row = rows_.emplace_back();
    row.mutable_start()->set_received_at(received * kDay);
    row.mutable_start()->set_reopen_window_ms(window_days * kDay);
    row.mutable_start()->set_kind(COMPLAINT_KIND_COMPLAINT);
    row.mutable_start()->set_recorded_at(received * kDay);
    for (const Happened& one : journey) {
      NotedFact* fact = row.add_facts();
      fact->mutable_fact()->set_kind(one.kind);
      fact->mutable_fact()->set_occurred_at(one.day * kDay);
      fact->mutable_fact()->set_outcome(one.outcome);
      fact->set_recorded_at(one.day * kDay);
    }
  }

  TtrRow Rows(View view, Millis now = kNow, Millis known = kForEver) {
    Question question;
    question.now = now;
    question.known = known;
    TtrFigures figures(now);
    CaseView one;
    for (const CaseRow& row : rows_) {
      if (Look(row, question, &one)) figures.Add(0, one);
    }
    cut_ = figures.cut();
    const auto rows = figures.Rows(view, 1);
    const TtrRow total = figures.Total(view);
    EXPECT_EQ(rows[0].cases, total.cases);
    EXPECT_EQ(rows[0].events, total.events);
    return rows[0];
  }
  static double Median(const TtrRow& row) {
    return row.percentiles[0].has_value() ? row.percentiles[0]->time / kDay : -1;
  }

  std::deque<CaseRow> rows_;
  Millis cut_ = 0;
};

TEST_F(Figures, ProvisionalCountsAResolutionAtOnceThoughItsWindowRuns) {
  Add(90, {{97, FACT_KIND_RESOLVED}});
  const TtrRow row = Rows(View::kProvisional);
  EXPECT_EQ(row.events, 1);
  EXPECT_EQ(Median(row), 7);
}

TEST_F(Figures, AReopeningTakesTheEventBackAndTheLastResolutionThatHeldCounts) {
  Add(10, {{20, FACT_KIND_RESOLVED}, {25, FACT_KIND_REOPENED}, {50, FACT_KIND_RESOLVED}});
  TtrRow row = Rows(View::kProvisional);
  EXPECT_EQ(Median(row), 40);
  EXPECT_EQ(row.first_resolution[0]->time, 10 * kDay);
  EXPECT_EQ(row.reopened_cases, 1);
  EXPECT_EQ(row.reopenings, 1);
  row = Rows(View::kProvisional, 30 * kDay);
  EXPECT_EQ(row.events, 0);
  EXPECT_EQ(row.censored, 1);
  row = Rows(View::kProvisional, 22 * kDay);
  EXPECT_EQ(Median(row), 10);
  EXPECT_EQ(row.reopenings, 0);
}

TEST_F(Figures, OpenCasesAreCensoredNow) {
  // One resolved after 10 days, one open for 90: a curve that ends at one half of the cases.
  Add(10, {{20, FACT_KIND_RESOLVED}});
  Add(10, {});
  const TtrRow row = Rows(View::kProvisional);
  EXPECT_EQ(row.cases, 2);
  EXPECT_EQ(row.censored, 1);
  // Flat at 0.5 from day 10 to the last that was seen, day 90: its middle.
  EXPECT_EQ(Median(row), 50);
  EXPECT_FALSE(row.percentiles[1].has_value());
  EXPECT_EQ(*row.closed_only[0], 10 * kDay);
}

TEST_F(Figures, WithdrawnAndDuplicateAreCensoredAtTheirInstant) {
  Add(10, {{12, FACT_KIND_WITHDRAWN}});
  Add(10, {{13, FACT_KIND_RESOLVED, OUTCOME_DUPLICATE}});
  Add(10, {{14, FACT_KIND_RESOLVED}});
  const TtrRow row = Rows(View::kProvisional);
  EXPECT_EQ(row.events, 1);
  EXPECT_EQ(row.censored, 2);
  EXPECT_EQ(Median(row), 4);  // alone at risk by then
}

TEST_F(Figures, EveryOtherOutcomeIsAnEvent) {
  int day = 20;
  for (const Outcome outcome : {OUTCOME_FIXED, OUTCOME_ANSWERED, OUTCOME_NOT_UPHELD, OUTCOME_NOT_OURS}) {
    Add(10, {{day++, FACT_KIND_RESOLVED, outcome}});
  }
  EXPECT_EQ(Rows(View::kProvisional).events, 4);
}

TEST_F(Figures, SettledCutsAtTheLargestWindowInScope) {
  Add(10, {{20, FACT_KIND_RESOLVED}}, 14);
  Add(10, {{75, FACT_KIND_RESOLVED}}, 30);   // after the cut at 70: censored there
  Add(70, {{71, FACT_KIND_RESOLVED}}, 14);   // received at the cut: out
  Add(60, {{80, FACT_KIND_WITHDRAWN}}, 14);  // censored at the cut, not at its instant
  Add(60, {{65, FACT_KIND_WITHDRAWN}}, 14);
  const TtrRow row = Rows(View::kSettled);
  EXPECT_EQ(cut_, 70 * kDay);
  EXPECT_EQ(row.cases, 4);
  EXPECT_EQ(row.events, 1);
  EXPECT_EQ(row.censored, 3);
  // At risk at 10 days: the two of day 10 and the one withdrawn after the cut. A third has ended: no median.
  EXPECT_FALSE(row.percentiles[0].has_value());
}

TEST_F(Figures, SettledCutsByTheWindowInForceNotByTheOneAtReceipt) {
  Add(10, {{20, FACT_KIND_RESOLVED}}, 14);
  NotedFact* amended = rows_[0].add_facts();
  amended->mutable_fact()->set_occurred_at(40 * kDay);
  amended->set_recorded_at(40 * kDay);
  amended->mutable_amended()->set_reopen_window_ms(28 * kDay);
  Rows(View::kSettled);
  EXPECT_EQ(cut_, 72 * kDay);
  Rows(View::kSettled, 39 * kDay);
  EXPECT_EQ(cut_, 25 * kDay);
}

TEST_F(Figures, SettledDoesNotCountAResolutionReopenedByNow) {
  Add(10, {{20, FACT_KIND_RESOLVED}, {95, FACT_KIND_REOPENED}});
  EXPECT_EQ(Rows(View::kSettled).events, 0);
  EXPECT_EQ(Rows(View::kSettled, 94 * kDay).events, 1);
}

TEST_F(Figures, CasesWithDaysInsteadOfInstantsAreCountedApart) {
  Add(10, {{20, FACT_KIND_RESOLVED}});
  Add(10, {{20, FACT_KIND_RESOLVED}});
  rows_[1].mutable_facts(0)->mutable_fact()->set_precision(PRECISION_DAY);
  EXPECT_EQ(Rows(View::kProvisional).day_only, 1);
  EXPECT_EQ(Rows(View::kProvisional, 15 * kDay).day_only, 0);
}

TEST_F(Figures, KnownAtForgetsWhatWasNotRecordedYet) {
  Add(10, {{20, FACT_KIND_RESOLVED}});
  rows_[0].mutable_facts(0)->set_recorded_at(50 * kDay);
  EXPECT_EQ(Rows(View::kProvisional, kNow, 40 * kDay).events, 0);
  EXPECT_EQ(Rows(View::kProvisional, kNow, 50 * kDay).events, 1);
  EXPECT_EQ(Rows(View::kProvisional, kNow, 5 * kDay).cases, 0);
  EXPECT_EQ(Rows(View::kProvisional, 5 * kDay).cases, 0);
}

TEST(Dimensions, AreThoseInChargeAtTheInstantOrThoseFirstInCharge) {
  CaseRow row;
  row.mutable_start()->mutable_at_receipt()->set_agency("north");
  row.mutable_start()->set_category("lift");
  row.mutable_start()->set_zone("Europe/Paris");
  const auto assigned = [&](Millis at, const char* agency, const char* team) {
    NotedFact* fact = row.add_facts();
    fact->mutable_fact()->set_kind(FACT_KIND_ASSIGNED);
    fact->mutable_fact()->set_occurred_at(at);
    fact->mutable_fact()->set_team(team);
    fact->mutable_dimensions()->set_agency(agency);
  };
  assigned(10, "north", "plumbers");
  assigned(20, "south", "electricians");
  NotedFact* amended = row.add_facts();
  amended->mutable_fact()->set_occurred_at(30);
  amended->mutable_amended()->set_category("water");
  const auto seen = [&](Millis now, bool at_receipt) {
    Question question;
    question.now = now;
    question.at_receipt = at_receipt;
    CaseView view;
    EXPECT_TRUE(Look(row, question, &view));
    return absl::StrCat(view.dimensions.agency, "/", view.dimensions.team, "/", view.dimensions.category);
  };
  EXPECT_EQ(seen(5, false), "north//lift");
  EXPECT_EQ(seen(15, false), "north/plumbers/lift");
  EXPECT_EQ(seen(25, false), "south/electricians/lift");
  EXPECT_EQ(seen(40, false), "south/electricians/water");
  EXPECT_EQ(seen(40, true), "north/plumbers/lift");
}

TEST(Dimensions, AtReceiptStillCountAComplaintByWhatItIsKnownToBe) {
  CaseRow row;
  row.mutable_start()->set_kind(COMPLAINT_KIND_COMPLAINT);
  NotedFact* amended = row.add_facts();
  amended->mutable_fact()->set_occurred_at(30);
  amended->mutable_amended()->set_kind(COMPLAINT_KIND_PRAISE);
  // After the first assignment, too.
  NotedFact* assigned = row.add_facts();
  assigned->mutable_fact()->set_kind(FACT_KIND_ASSIGNED);
  assigned->mutable_fact()->set_occurred_at(20);
  row.mutable_facts()->SwapElements(0, 1);
  for (const bool at_receipt : {true, false}) {
    Question question;
    question.now = 40;
    question.at_receipt = at_receipt;
    CaseView view;
    ASSERT_TRUE(Look(row, question, &view));
    EXPECT_TRUE(StandsOutsideFigures(view.dimensions.kind));
  }
}

TEST(Groups, AreSplitByDimensionsAndPeriodsOfReceiptInTheComplaintsZone) {
  CaseRow row;
  row.mutable_start()->set_zone("Europe/Paris");
  row.mutable_start()->set_received_at(At("2026-03-31T23:30:00Z"));  // 1 April in Paris
  row.mutable_start()->set_channel(CHANNEL_PHONE);
  Question question;
  question.now = kForEver;
  CaseView view;
  ASSERT_TRUE(Look(row, question, &view));
  Grouper grouper({GroupBy::kChannel, GroupBy::kMonth, GroupBy::kQuarter, GroupBy::kUrgency});
  EXPECT_THAT(grouper.ValuesOf(grouper.GroupOf(view)), ::testing::ElementsAre("phone", "2026-04", "2026-Q2", ""));
  row.mutable_start()->set_zone("nowhere");
  EXPECT_THAT(grouper.ValuesOf(grouper.GroupOf(view)), ::testing::ElementsAre("phone", "2026-03", "2026-Q1", ""));
  EXPECT_THAT(grouper.Sorted(), ::testing::ElementsAre(1, 0));
}

TEST(OnTime, CountsLinesByDueInstantAndLeavesCancelledOnesOut) {
  Question question;
  question.start = 0;
  question.end = 1000;
  question.now = 500;
  OnTimeFigures figures(question);
  const auto add = [&](JudgedLine::State state, Millis ended, Millis due, Millis unextended = 0, bool alarmed = false) {
    figures.Add(0, Verdict{"answer", state, ended, due, unextended, alarmed});
  };
  add(JudgedLine::STATE_STOPPED, 90, 100);           // met
  add(JudgedLine::STATE_STOPPED, 90, 100, 0, true);  // met on late evidence
  add(JudgedLine::STATE_STOPPED, 101, 100);          // late
  add(JudgedLine::STATE_STOPPED, 150, 200, 100);     // met by its extension alone
  add(JudgedLine::STATE_RUNNING, 0, 499);            // overdue
  add(JudgedLine::STATE_RUNNING, 0, 500);            // can still be met
  add(JudgedLine::STATE_RUNNING, 0, 600);            // not due yet
  add(JudgedLine::STATE_STOPPED, 90, 600);           // met, but its cohort is not due yet
  add(JudgedLine::STATE_CANCELLED, 90, 100);
  add(JudgedLine::STATE_STOPPED, -20, -10);  // before the period
  const OnTimeRow& row = figures.rows().at({0, "answer"});
  EXPECT_EQ(row.rate, (stats::Rate{3, 5}));
  EXPECT_EQ(row.met_on_late_evidence, 1);
  EXPECT_EQ(row.late, 1);
  EXPECT_EQ(row.overdue, 1);
  EXPECT_EQ(row.cancelled, 1);
  EXPECT_EQ(row.extended, 1);
  EXPECT_EQ(row.without_extensions, (stats::Rate{2, 5}));
  EXPECT_EQ(figures.Totals().at("answer").rate, row.rate);
}

TEST(Waiting, SumsToTheTimesOfAllCasesByRound) {
  CaseRow row;
  row.mutable_start()->set_received_at(0);
  const auto add = [&](Millis at, FactKind kind) {
    NotedFact* fact = row.add_facts();
    fact->mutable_fact()->set_kind(kind);
    fact->mutable_fact()->set_occurred_at(at);
  };
  add(10, FACT_KIND_ASSIGNED);
  add(30, FACT_KIND_RESOLVED);
  add(60, FACT_KIND_REOPENED);
  add(100, FACT_KIND_RESOLVED);
  Question question;
  question.now = 1000;
  CaseView view;
  ASSERT_TRUE(Look(row, question, &view));
  WaitingFigures figures(question.now);
  figures.Add(0, view, nullptr);
  figures.Add(0, view, nullptr);
  const WaitingRow& sums = figures.rows().at(0);
  EXPECT_EQ(sums.cases, 2);
  EXPECT_EQ(sums.total, 200);
  EXPECT_EQ(sums.sums.at({WaitState::kNotRouted, ""}).first_round, 20);
  EXPECT_EQ(sums.sums.at({WaitState::kWaitingForAssignee, ""}).first_round, 40);
  EXPECT_EQ(sums.sums.at({WaitState::kResolvedUnconfirmed, ""}).first_round, 60);
  EXPECT_EQ(sums.sums.at({WaitState::kWaitingForAssignee, ""}).reopened, 80);
}

}  // namespace
}  // namespace redress::sla

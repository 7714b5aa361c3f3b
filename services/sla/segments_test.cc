#include "services/sla/segments.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "services/sla/test_clock.h"

namespace redress::sla {
namespace {

using namespace testing;    // NOLINT
using namespace types::v1;  // NOLINT

struct Happened {
  int minute;
  FactKind kind;
  const char* reference = "";
  const char* agent = "";
};

constexpr const char* kNames[] = {"unconfirmed", "paused",   "visit",    "contractor",
                                  "appointment", "assignee", "unrouted", "in hand"};

// "0-5 unrouted r0, 5-9 paused:parts r0": minutes since the receipt.
std::string Told(const std::vector<Happened>& journey, int until) {
  const auto pack = Pack({}, {Pause("parts", FACT_KIND_PARTS_AWAITED, FACT_KIND_PARTS_ARRIVED, 1),
                              Pause("asked", FACT_KIND_RESIDENT_ASKED, FACT_KIND_RESIDENT_REPLIED, 24)});
  ClockRow row;
  Notes notes;
  for (const Happened& one : journey) {
    Note note = notes.Of(one.kind, one.minute * kMinute);
    note.mutable_facts(0)->set_reference(one.reference);
    note.mutable_facts(0)->set_agent(one.agent);
    note.mutable_facts(0)->set_team("t");
    events::v1::FactsNoted noted;
    *noted.mutable_facts() = note.facts();
    noted.set_recorded_at(note.recorded_at());
    *noted.mutable_cause() = note.cause();
    noted.set_live(true);
    Insert(noted, kComplaint, &row);
  }
  Facts facts;
  Select(row.facts(), {}, &facts);
  return absl::StrJoin(SegmentsOf(0, until * kMinute, facts, &pack), ", ", [](std::string* out, const WaitSegment& s) {
    absl::StrAppend(out, s.begin / kMinute, "-", s.end / kMinute, " ", kNames[static_cast<int>(s.state)],
                    s.pause == nullptr ? "" : absl::StrCat(":", s.pause->id()), " r", s.round);
  });
}

TEST(Segments, BeforeATeamHasItItIsNotRoutedThenItWaitsForAnAssignee) {
  EXPECT_EQ(Told({{0, FACT_KIND_RECEIVED}, {5, FACT_KIND_ASSIGNED}, {9, FACT_KIND_ASSIGNED, "", "ana"}}, 20),
            "0-5 unrouted r0, 5-9 assignee r0, 9-20 in hand r0");
  EXPECT_EQ(Told({{0, FACT_KIND_ASSIGNED, "", "ana"}, {4, FACT_KIND_UNASSIGNED}}, 6),
            "0-4 in hand r0, 4-6 assignee r0");
}

TEST(Segments, AVisitWaitsForItsAppointmentUntilItBegins) {
  EXPECT_EQ(Told({{0, FACT_KIND_ASSIGNED, "", "ana"},
                  {2, FACT_KIND_VISIT_REQUESTED, "v1"},
                  {3, FACT_KIND_VISIT_BOOKED, "v1"},
                  {8, FACT_KIND_VISIT_STARTED, "v1"},
                  {10, FACT_KIND_VISIT_ENDED, "v1"}},
                 12),
            "0-2 in hand r0, 2-8 appointment r0, 8-10 visit r0, 10-12 in hand r0");
}

TEST(Segments, NoAccessEndsItsVisitAndTheNextOneIsWaitedFor) {
  EXPECT_EQ(Told({{0, FACT_KIND_ASSIGNED, "", "ana"},
                  {2, FACT_KIND_VISIT_STARTED, "v1"},
                  {5, FACT_KIND_NO_ACCESS, "v1"},
                  {5, FACT_KIND_VISIT_REQUESTED, "v2"}},
                 7),
            "0-2 in hand r0, 2-5 visit r0, 5-7 appointment r0");
}

TEST(Segments, TheFirstStateThatHoldsCounts) {
  // Everything at once, ended one by one from the top.
  EXPECT_EQ(Told({{0, FACT_KIND_ASSIGNED, "", "ana"},
                  {1, FACT_KIND_VISIT_REQUESTED, "v2"},
                  {2, FACT_KIND_CONTRACTOR_ORDERED, "o"},
                  {3, FACT_KIND_VISIT_STARTED, "v1"},
                  {4, FACT_KIND_RESIDENT_ASKED, "letter"},
                  {5, FACT_KIND_RESIDENT_REPLIED},
                  {6, FACT_KIND_VISIT_ENDED, "v1"},
                  {7, FACT_KIND_CONTRACTOR_REPORTED, "o"},
                  {8, FACT_KIND_VISIT_ENDED, "v2"}},
                 9),
            "0-1 in hand r0, 1-2 appointment r0, 2-3 contractor r0, 3-4 visit r0, 4-5 paused:asked r0, 5-6 visit r0, "
            "6-7 contractor r0, 7-8 appointment r0, 8-9 in hand r0");
}

TEST(Segments, APauseEndsWithItsBudget) {
  EXPECT_EQ(
      Told({{0, FACT_KIND_ASSIGNED, "", "ana"}, {10, FACT_KIND_PARTS_AWAITED, "order"}, {200, FACT_KIND_PARTS_ARRIVED}},
           300),
      "0-10 in hand r0, 10-70 paused:parts r0, 70-300 in hand r0");
}

TEST(Segments, AReopeningBeginsARoundAndGivesTheBudgetBack) {
  EXPECT_EQ(Told({{0, FACT_KIND_ASSIGNED, "", "ana"},
                  {10, FACT_KIND_PARTS_AWAITED, "order"},
                  {80, FACT_KIND_RESOLVED},
                  {100, FACT_KIND_REOPENED},
                  {110, FACT_KIND_PARTS_AWAITED, "order"}},
                 120),
            "0-10 in hand r0, 10-70 paused:parts r0, 70-80 in hand r0, 80-100 unconfirmed r0, 100-110 in hand r1, "
            "110-120 paused:parts r1");
}

TEST(Segments, FactsBeforeTheReceiptCountFromIt) {
  EXPECT_EQ(Told({{-3, FACT_KIND_ASSIGNED, "", "ana"}}, 4), "0-4 in hand r0");
  EXPECT_EQ(Told({}, 4), "0-4 unrouted r0");
  EXPECT_EQ(Told({}, 0), "");
}

}  // namespace
}  // namespace redress::sla

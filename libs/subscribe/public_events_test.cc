#include "libs/subscribe/public_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redress/intake/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"

namespace redress::subscribe {
namespace {

using public_v1::ObligationChanged;
using testing::ElementsAre;
using testing::Pair;

template <typename Event>
std::vector<public_v1::PublicEvent> Map(log::Stream stream, const std::string& aggregate, const Event& event) {
  log::v1::Body body;
  body.set_recorded_at(9'000);
  auto* stored = body.add_events();
  stored->set_aggregate(aggregate);
  stored->set_version(3);
  stored->set_payload(event.SerializeAsString());
  return PublicEventsOf(stream, body);
}

std::vector<std::pair<std::string, ObligationChanged::Change>> ChangesOf(
    const std::vector<public_v1::PublicEvent>& events) {
  std::vector<std::pair<std::string, ObligationChanged::Change>> changes;
  for (const auto& event : events) {
    changes.emplace_back(event.obligation_changed().line(), event.obligation_changed().change());
  }
  return changes;
}

void AddLine(const char* line, sla::events::v1::JudgedLine::State state, int64_t due_at, int64_t ended_at,
             sla::events::v1::LinesJudged* lines) {
  auto* judged = lines->add_lines();
  judged->mutable_started()->set_line(line);
  judged->mutable_started()->set_started_at(1'000);
  judged->mutable_started()->set_due_at(due_at);
  judged->set_state(state);
  judged->set_ended_at(ended_at);
}

void AddLines(sla::events::v1::LinesJudged* lines) {
  using sla::events::v1::JudgedLine;
  AddLine("running", JudgedLine::STATE_RUNNING, 5'000, 0, lines);
  AddLine("met", JudgedLine::STATE_STOPPED, 5'000, 5'000, lines);
  AddLine("late", JudgedLine::STATE_STOPPED, 5'000, 5'001, lines);
  AddLine("cancelled", JudgedLine::STATE_CANCELLED, 5'000, 2'000, lines);
}

TEST(PublicEvents, LinesThatAreJudgedAnewAreSaidAnew) {
  sla::events::v1::Event event;
  AddLines(event.mutable_lines_judged());
  const auto events = Map(log::Stream::kSla, "clocks/a", event);
  EXPECT_THAT(ChangesOf(events),
              ElementsAre(Pair("running", ObligationChanged::CHANGE_STARTED),
                          Pair("met", ObligationChanged::CHANGE_MET), Pair("late", ObligationChanged::CHANGE_LATE),
                          Pair("cancelled", ObligationChanged::CHANGE_CANCELLED)));
  EXPECT_EQ(events[0].complaint(), "complaints/a");
  EXPECT_EQ(events[0].obligation_changed().due_time().seconds(), 5);
  EXPECT_EQ(events[0].occurred_time().seconds(), 1);
  EXPECT_EQ(events[0].id(), "sla/clocks/a/3");
  EXPECT_EQ(events[1].id(), "sla/clocks/a/3/1");
}

TEST(PublicEvents, AnImportedClockSaysWhatIsStillOwed) {
  sla::events::v1::Event event;
  AddLines(event.mutable_clock_imported()->mutable_lines());
  EXPECT_THAT(ChangesOf(Map(log::Stream::kSla, "clocks/a", event)),
              ElementsAre(Pair("running", ObligationChanged::CHANGE_STARTED)));
}

TEST(PublicEvents, AnotherKindIsAnAmendment) {
  intake::events::v1::Event event;
  event.mutable_complaint_amended()->set_kind(types::v1::COMPLAINT_KIND_SUGGESTION);
  const auto events = Map(log::Stream::kIntake, "complaints/a", event);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type(), "redress.complaint.amended.v1");
  EXPECT_EQ(events[0].complaint_amended().kind(), types::v1::COMPLAINT_KIND_SUGGESTION);
  EXPECT_FALSE(events[0].complaint_amended().has_category());
  event.mutable_complaint_amended()->clear_kind();
  event.mutable_complaint_amended()->set_care_level(2);
  EXPECT_TRUE(Map(log::Stream::kIntake, "complaints/a", event).empty());
}

TEST(PublicEvents, AnAlarmIsToldOnceSomebodyIsInCharge) {
  routing::events::v1::Event event;
  event.mutable_escalated()->set_line("remedy");
  EXPECT_TRUE(Map(log::Stream::kRouting, "complaints/a", event).empty());
  event.mutable_escalated()->set_priority(1);
  ASSERT_EQ(Map(log::Stream::kRouting, "complaints/a", event).size(), 1u);
  EXPECT_TRUE(Map(log::Stream::kRouting, "complaints/a", event)[0].assignment_changed().escalated());
}

TEST(PublicEvents, WhatAVisitIsAboutIsTheComplaintsToTell) {
  scheduling::events::v1::Event event;
  event.mutable_visit_amended()->set_complaint("complaints/a");
  event.mutable_visit_amended()->set_category("lift");
  EXPECT_TRUE(Map(log::Stream::kScheduling, "interventions/v", event).empty());
}

TEST(PublicEvents, ThereIsOneTypeForEachKindOfData) {
  const auto* data = public_v1::PublicEvent::descriptor()->FindOneofByName("data");
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(PublicTypes().size(), static_cast<size_t>(data->field_count()));
}

}  // namespace
}  // namespace redress::subscribe

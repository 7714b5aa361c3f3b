#include "services/sla/sla_policy.h"

#include <gtest/gtest.h>

#include "libs/ids/ids.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/register/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "services/sla/facts.h"

namespace redress::sla {
namespace {

using namespace types::v1;  // NOLINT

const std::string kId = MakeId(1'000'000, 5, 42);  // shard 1 of 4

class Policy : public ::testing::Test {
 protected:
  template <typename Event>
  std::vector<runtime::v1::Order> Say(log::Stream stream, const std::string& aggregate, const Event& event,
                                      uint16_t shard = 1) {
    log::v1::Body body;
    body.set_recorded_at(7777);
    body.set_actor("ana");
    auto* stored = body.add_events();
    stored->set_aggregate(aggregate);
    stored->set_version(3);
    stored->set_payload(event.SerializeAsString());
    const auto orders = React({{stream, shard}, &body}, {shard, 4, nullptr});
    EXPECT_TRUE(orders.ok()) << orders.status();
    return orders.value_or(std::vector<runtime::v1::Order>());
  }
  // The one note that intake's event means.
  commands::v1::Note Intake(const intake::events::v1::Event& event) {
    return NoteOf(Say(log::Stream::kIntake, "complaints/" + kId, event));
  }
  commands::v1::Note Visit(const scheduling::events::v1::Event& event) {
    return NoteOf(Say(log::Stream::kScheduling, "interventions/9", event));
  }
  static commands::v1::Note NoteOf(const std::vector<runtime::v1::Order>& orders) {
    commands::v1::Command command;
    if (orders.size() != 1 || !command.ParseFromString(orders[0].command())) return {};
    EXPECT_EQ(orders[0].aggregate(), "clocks/" + kId);
    EXPECT_EQ(orders[0].shard(), 1u);
    EXPECT_EQ(command.take_in().notes(0).recorded_at(), 7777);
    EXPECT_EQ(command.take_in().notes(0).cause().version(), 3);
    return command.take_in().notes(0);
  }
};

TEST_F(Policy, AReceiptCarriesWhatIntakeGaveIt) {
  intake::events::v1::Event event;
  auto* received = event.mutable_complaint_received();
  received->set_occurred_at(5000);
  received->set_category("lift");
  received->mutable_placement()->set_agency("north");
  received->mutable_placement()->set_zone("Europe/Paris");
  received->set_reopen_window_ms(99);
  const auto note = Intake(event);
  EXPECT_EQ(note.receipt().start().received_at(), 5000);
  EXPECT_EQ(note.receipt().start().recorded_at(), 7777);
  EXPECT_EQ(note.receipt().start().at_receipt().agency(), "north");
  EXPECT_EQ(note.receipt().start().reopen_window_ms(), 99);
  ASSERT_EQ(note.facts_size(), 1);
  EXPECT_EQ(note.facts(0).kind(), FACT_KIND_RECEIVED);
}

TEST_F(Policy, ContestedAndReopenedAreBothReopenings) {
  intake::events::v1::Event event;
  event.mutable_complaint_contested()->set_occurred_at(1);
  EXPECT_EQ(Intake(event).facts(0).kind(), FACT_KIND_REOPENED);
  event.mutable_complaint_reopened()->set_occurred_at(1);
  EXPECT_EQ(Intake(event).facts(0).kind(), FACT_KIND_REOPENED);
}

TEST_F(Policy, FactsOfIntakeKeepWhatLinesNeed) {
  intake::events::v1::Event event;
  event.mutable_complaint_answered()->set_stage(2);
  EXPECT_EQ(Intake(event).facts(0).stage(), 2u);
  event.mutable_complaint_resolved()->set_outcome(OUTCOME_DUPLICATE);
  EXPECT_EQ(Intake(event).facts(0).outcome(), OUTCOME_DUPLICATE);
  event.mutable_fact_recorded()->mutable_fact()->set_kind(FACT_KIND_PARTS_AWAITED);
  event.mutable_fact_recorded()->mutable_fact()->set_reference("order-7");
  EXPECT_EQ(Intake(event).facts(0).reference(), "order-7");
  event.mutable_complaint_amended()->set_category("water");
  EXPECT_EQ(Intake(event).amended().category(), "water");
}

TEST_F(Policy, ClosedThenAResidentWritesThanksRestartsNoClock) {
  intake::events::v1::Event event;
  event.mutable_message_added()->set_from_resident(true);
  event.mutable_message_added()->set_occurred_at(1);
  EXPECT_TRUE(Say(log::Stream::kIntake, "complaints/" + kId, event).empty());
}

TEST_F(Policy, AnAmendmentBringsTheWindowOfTheCategoryItHasNow) {
  intake::events::v1::Event event;
  event.mutable_complaint_amended()->set_reopen_window_ms(7);
  EXPECT_EQ(Intake(event).amended().reopen_window_ms(), 7);
}

TEST_F(Policy, VisitsKeepTheirEvidenceAndWhyTheyWereToldLate) {
  scheduling::events::v1::Event event;
  auto* missed = event.mutable_visit_no_access();
  missed->set_complaint("complaints/" + kId);
  missed->set_evidence("card-left");
  missed->set_backdating_reason("no network");
  EXPECT_EQ(Visit(event).facts(0).evidence(), "card-left");
  EXPECT_EQ(Visit(event).facts(0).reference(), "interventions/9");
  EXPECT_EQ(Visit(event).facts(0).reason(), "no network");
  event.mutable_visit_started()->set_complaint("complaints/" + kId);
  event.mutable_visit_started()->set_backdating_reason("forgotten");
  EXPECT_EQ(Visit(event).facts(0).reason(), "forgotten");
  event.mutable_visit_done()->set_complaint("complaints/" + kId);
  event.mutable_visit_done()->set_backdating_reason("forgotten");
  EXPECT_EQ(Visit(event).facts(0).reason(), "forgotten");
  event.mutable_visit_cancelled()->set_complaint("complaints/" + kId);
  event.mutable_visit_cancelled()->set_reason("reassigned");
  EXPECT_EQ(Visit(event).facts(0).reason(), "reassigned");
}

TEST_F(Policy, ACalendarOfTheRegisterIsAnOrderToEveryShardAndOtherReferenceDataNone) {
  register_::events::v1::Event event;
  auto* set = event.mutable_calendar_set();
  set->mutable_calendar()->set_id("agency");
  set->set_version(3);
  set->set_active_from(9000);
  for (const uint16_t shard : {0, 1, 2, 3}) {
    const auto orders = Say(log::Stream::kRegister, "calendars/agency", event, shard);
    ASSERT_EQ(orders.size(), 1u);
    EXPECT_EQ(orders[0].aggregate(), "replans/calendar/agency/3");
    EXPECT_EQ(orders[0].shard(), shard);
    commands::v1::Command command;
    ASSERT_TRUE(command.ParseFromString(orders[0].command()));
    EXPECT_EQ(command.begin_replan().change().active_from(), 9000);
    EXPECT_EQ(command.begin_replan().change().recorded_at(), 7777);
  }
  event.mutable_tzdata_adopted()->set_version("2026c");
  EXPECT_EQ(Say(log::Stream::kRegister, "tzdata", event).at(0).aggregate(), "replans/tzdata/2026c");
  event.mutable_organisation_set()->set_version(2);
  EXPECT_TRUE(Say(log::Stream::kRegister, "organisation", event).empty());
}

TEST_F(Policy, WhatIsNobodysTimeMeansNothing) {
  intake::events::v1::Event event;
  event.mutable_complaint_closed();
  EXPECT_TRUE(Say(log::Stream::kIntake, "complaints/" + kId, event).empty());
  event.mutable_visit_noted();
  EXPECT_TRUE(Say(log::Stream::kIntake, "complaints/" + kId, event).empty());
  event.mutable_complaint_amended()->set_care_level(2);
  EXPECT_TRUE(Say(log::Stream::kIntake, "complaints/" + kId, event).empty());
  event.mutable_person_registered();
  EXPECT_TRUE(Say(log::Stream::kIntake, "people/" + kId, event).empty());
  // What is erased, and what stops that, moves no figure; nor does how long texts are kept.
  event.mutable_texts_expired()->set_occurred_at(5);
  EXPECT_TRUE(Say(log::Stream::kIntake, "complaints/" + kId, event).empty());
  event.mutable_legal_hold_set()->set_matter("case-1");
  EXPECT_TRUE(Say(log::Stream::kIntake, "complaints/" + kId, event).empty());
  event.mutable_legal_hold_lifted()->set_matter("case-1");
  EXPECT_TRUE(Say(log::Stream::kIntake, "complaints/" + kId, event).empty());
  event.mutable_complaint_amended()->set_retention_ms(kDay);
  EXPECT_TRUE(Say(log::Stream::kIntake, "complaints/" + kId, event).empty());
  routing::events::v1::Event ended;
  ended.mutable_assignment_ended();
  EXPECT_TRUE(Say(log::Stream::kRouting, "complaints/" + kId, ended).empty());
  scheduling::events::v1::Event held;
  held.mutable_slot_held();
  EXPECT_TRUE(Say(log::Stream::kScheduling, "interventions/9", held).empty());
}

TEST_F(Policy, AnImportIsOneNoteWithItsFactsInTheirOrder) {
  intake::events::v1::Event event;
  auto* imported = event.mutable_complaint_imported();
  imported->set_due_at(900);
  imported->add_supplied_facts(FACT_KIND_RESOLVED);
  for (const auto& [kind, at] : {std::pair{FACT_KIND_RECEIVED, 100}, {FACT_KIND_RESOLVED, 200}}) {
    imported->add_facts()->set_kind(kind);
    imported->mutable_facts(imported->facts_size() - 1)->set_occurred_at(at);
  }
  const auto note = Intake(event);
  EXPECT_TRUE(note.imported());
  EXPECT_TRUE(note.receipt().start().imported());
  EXPECT_EQ(note.receipt().start().received_at(), 100);
  EXPECT_EQ(note.receipt().start().source_due_at(), 900);
  EXPECT_EQ(note.receipt().start().supplied_facts_size(), 1);
  EXPECT_EQ(note.facts_size(), 2);
  event.mutable_imported_facts_added()->add_facts()->set_kind(FACT_KIND_REOPENED);
  EXPECT_TRUE(Intake(event).imported());
  EXPECT_FALSE(Intake(event).has_receipt());
}

TEST_F(Policy, AnAssignmentBringsWhoIsInCharge) {
  routing::events::v1::Event event;
  event.mutable_assigned()->set_agency("south");
  event.mutable_assigned()->set_team("plumbers");
  event.mutable_assigned()->set_agent("ana");
  event.mutable_assigned()->set_occurred_at(44);
  const auto note = NoteOf(Say(log::Stream::kRouting, "complaints/" + kId, event));
  EXPECT_EQ(note.facts(0).kind(), FACT_KIND_ASSIGNED);
  EXPECT_EQ(note.facts(0).agent(), "ana");
  EXPECT_EQ(note.dimensions(0).agency(), "south");
}

TEST_F(Policy, VisitsAreFactsOfTheirComplaintsShardWhereverTheyWereBorn) {
  scheduling::events::v1::Event event;
  event.mutable_visit_requested()->set_complaint("complaints/" + kId);
  EXPECT_EQ(Visit(event).facts(0).kind(), FACT_KIND_VISIT_REQUESTED);
  EXPECT_EQ(Visit(event).facts(0).reference(), "interventions/9");
  EXPECT_TRUE(Say(log::Stream::kScheduling, "interventions/9", event, 2).empty());
  event.mutable_visit_moved()->set_complaint("complaints/" + kId);
  EXPECT_EQ(Visit(event).facts(0).kind(), FACT_KIND_VISIT_BOOKED);
  event.mutable_visit_done()->set_complaint("complaints/" + kId);
  event.mutable_visit_done()->set_result("fixed");
  EXPECT_EQ(Visit(event).facts(0).result(), "fixed");
  event.mutable_visit_no_access()->set_complaint("complaints/" + kId);
  EXPECT_EQ(Visit(event).facts(0).kind(), FACT_KIND_NO_ACCESS);
  event.mutable_visit_cancelled()->set_complaint("complaints/" + kId);
  EXPECT_EQ(Visit(event).facts(0).kind(), FACT_KIND_VISIT_ENDED);
  EXPECT_EQ(Visit(event).facts(0).result(), kVisitCancelled);
}

TEST_F(Policy, WhatCannotBeReadIsParked) {
  log::v1::Body body;
  body.add_events()->set_aggregate("complaints/" + kId);
  body.mutable_events(0)->set_payload("\xFF\xFF");
  EXPECT_EQ(React({{log::Stream::kIntake, 1}, &body}, {1, 4, nullptr}).status().code(), absl::StatusCode::kDataLoss);
  intake::events::v1::Event event;
  event.mutable_complaint_resolved();
  body.mutable_events(0)->set_aggregate("complaints/no-such-id");
  body.mutable_events(0)->set_payload(event.SerializeAsString());
  EXPECT_FALSE(React({{log::Stream::kIntake, 1}, &body}, {1, 4, nullptr}).ok());
}

TEST_F(Policy, WhatAllShardsReadAndNoneCanUseIsParkedByOne) {
  log::v1::Body body;
  body.add_events()->set_aggregate("interventions/9");
  scheduling::events::v1::Event event;
  event.mutable_visit_started()->set_complaint("complaints/no-such-id");
  for (const std::string& payload : {event.SerializeAsString(), std::string("\xFF\xFF")}) {
    body.mutable_events(0)->set_payload(payload);
    int parked = 0;
    for (const uint16_t shard : {0, 1, 2, 3}) {
      const auto orders = React({{log::Stream::kScheduling, 2}, &body}, {shard, 4, nullptr});
      parked += !orders.ok();
      EXPECT_EQ(orders.ok(), shard != 2);
    }
    EXPECT_EQ(parked, 1);
  }
}

}  // namespace
}  // namespace redress::sla

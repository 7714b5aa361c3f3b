#include "libs/reference/register_view.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/reference/register_fold.h"
#include "libs/reference/snapshot_builder.h"
#include "libs/reference/test_territory.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"
#include "libs/store/memory/memory_database.h"
#include "redress/register/events/v1/events.pb.h"

namespace redress::reference {
namespace {

using ::redress::register_::events::v1::Event;
using ::testing::ElementsAre;

// What the tail does with records, without a log.
class RegisterViewTest : public ::testing::Test {
 protected:
  // One accepted decision.
  void Record(const std::vector<Event>& events, bool commit = true) {
    log::v1::Body body;
    body.set_recorded_at(recorded_at_);
    body.set_actor("somebody");
    for (const Event& event : events) {
      log::v1::Event* stored = body.add_events();
      stored->set_aggregate("register");
      stored->set_version(++version_);
      stored->set_payload(event.SerializeAsString());
    }
    store::View rows(watched_.get());
    const runtime::ApplyContext context{0, 1, &body};
    for (const log::v1::Event& event : body.events()) ApplyRegisterEvent(context, event, &rows);
    if (!commit) return;
    ASSERT_TRUE(watched_->Commit(rows.writes()).ok());
  }
  static Event Organisation(int64_t version, Millis active_from, const std::string& team) {
    Event event;
    auto* set = event.mutable_organisation_set();
    set->set_version(version);
    set->set_active_from(active_from);
    set->mutable_organisation()->set_fallback_team(team);
    auto* category = set->mutable_organisation()->add_categories();
    category->set_code("lift");
    category->set_reopen_window_days(static_cast<int32_t>(20 + version));
    category->set_retention_days(static_cast<int32_t>(36'522 + version));
    return event;
  }
  static Event Part(int64_t version, int32_t part, const register_v1::Territory& nodes) {
    Event event;
    event.mutable_territory_part_added()->set_version(version);
    event.mutable_territory_part_added()->set_part(part);
    event.mutable_territory_part_added()->set_upload("u");
    *event.mutable_territory_part_added()->mutable_nodes() = nodes;
    return event;
  }
  static Event Activated(int64_t version, int32_t parts, Millis active_from) {
    Event event;
    event.mutable_territory_activated()->set_version(version);
    event.mutable_territory_activated()->set_parts(parts);
    event.mutable_territory_activated()->set_active_from(active_from);
    event.mutable_territory_activated()->set_upload("u");
    return event;
  }

  Millis recorded_at_ = 1000;
  int64_t version_ = 0;
  std::shared_ptr<store::MemoryDatabase> rows_ = std::make_shared<store::MemoryDatabase>();
  RegisterView view_;
  std::shared_ptr<store::Database> watched_ = view_.Watch(rows_);
};

TEST_F(RegisterViewTest, IsEmptyWithoutARegister) {
  const auto snapshot = view_.Current();
  EXPECT_EQ(snapshot->version(), 0);
  EXPECT_FALSE(snapshot->complete());
  EXPECT_EQ(snapshot->FindOrganisation(0).content, nullptr);
  EXPECT_FALSE(snapshot->FindPlace("rn", 0).has_value());
  EXPECT_EQ(snapshot->ReopenWindow("lift", 0), 14 * kDay);
}

TEST_F(RegisterViewTest, ShowsWhatIsInForceAtEachInstant) {
  Record({Organisation(1, kAlways, "a")});
  Record({Organisation(2, 5000, "b")});
  Record({Organisation(3, 3000, "c")});
  const auto snapshot = view_.Current();
  EXPECT_EQ(snapshot->version(), 3);
  EXPECT_EQ(snapshot->FindOrganisation(0).content->fallback_team(), "a");
  EXPECT_EQ(snapshot->FindOrganisation(2999).content->fallback_team(), "a");
  EXPECT_EQ(snapshot->FindOrganisation(3000).content->fallback_team(), "c");
  EXPECT_EQ(snapshot->FindOrganisation(4999).version, 3);
  EXPECT_EQ(snapshot->FindOrganisation(5000).content->fallback_team(), "b");
  EXPECT_EQ(snapshot->ReopenWindow("lift", 4000), 23 * kDay);
  EXPECT_EQ(snapshot->ReopenWindow("heating", 4000), 14 * kDay);
  EXPECT_EQ(snapshot->Retention("lift", 4000), 36'525 * kDay);
  EXPECT_EQ(snapshot->Retention("heating", 4000), 0);
}

TEST_F(RegisterViewTest, SeesNothingBeforeTheCommit) {
  Record({Organisation(1, kAlways, "a")}, /*commit=*/false);
  EXPECT_EQ(view_.Version(), 0);
}

TEST_F(RegisterViewTest, CountsARecordOnceHoweverManyEventsItHolds) {
  Event completed;
  completed.mutable_starter_set_completed();
  Record({Organisation(1, kAlways, "a"), Organisation(2, kAlways, "b"), completed});
  EXPECT_EQ(view_.Version(), 1);
  EXPECT_TRUE(view_.Current()->complete());
  EXPECT_EQ(view_.Current()->FindOrganisation(0).version, 2);
}

TEST_F(RegisterViewTest, WakesAfterTheVersionHasGrown) {
  std::vector<int64_t> seen;
  auto token = view_.OnChange([&] { seen.push_back(view_.Version()); });
  Record({Organisation(1, kAlways, "a")});
  Record({Organisation(2, kAlways, "b")});
  ASSERT_TRUE(watched_->Commit({{"elsewhere", "x"}}).ok());
  token.reset();
  Record({Organisation(3, kAlways, "c")});
  EXPECT_THAT(seen, ElementsAre(1, 2));
}

TEST_F(RegisterViewTest, SnapshotsDoNotChange) {
  Record({Organisation(1, kAlways, "a")});
  const auto before = view_.Current();
  const register_v1::Category* lift = before->FindCategory("lift", 0);
  Record({Organisation(2, kAlways, "b")});
  EXPECT_EQ(before->FindOrganisation(0).content->fallback_team(), "a");
  EXPECT_EQ(before->FindCategory("lift", 0), lift);
  EXPECT_EQ(view_.Current()->FindOrganisation(0).content->fallback_team(), "b");
}

TEST_F(RegisterViewTest, TerritoryCountsWhenItIsActivated) {
  register_v1::Territory whole = testing::SmallTerritory();
  register_v1::Territory units;
  units.mutable_units()->Swap(whole.mutable_units());
  Record({Part(1, 0, whole)});
  Record({Part(1, 1, units)});
  EXPECT_FALSE(view_.Current()->FindPlace("rn", 2000).has_value());
  Record({Activated(1, 2, 1500)});
  const auto snapshot = view_.Current();
  EXPECT_FALSE(snapshot->FindPlace("rn", 1499).has_value());
  const auto place = snapshot->FindPlace("ra", 1500);
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(place->office, "n1a");
  EXPECT_EQ(place->agency, "north");
  EXPECT_EQ(snapshot->FindPlace("rs", 1500)->zone, "Africa/Casablanca");
  EXPECT_THAT(snapshot->Agencies(1500), ElementsAre("north", "south"));
  EXPECT_EQ(snapshot->CountDwellings("north", 1500), 3);
  EXPECT_EQ(snapshot->CountDwellings("", 1500), 4);
  EXPECT_EQ(snapshot->FindAgency("south", 1500)->calendar(), "agency");
  EXPECT_EQ(snapshot->FindAgency("west", 1500), nullptr);
  const auto row = FindVersion(*rows_, register_v1::REFERENCE_KIND_TERRITORY, "", 1);
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->territory().counts().units(), 5);
  EXPECT_FALSE(FindDraft(*rows_, "u").has_value());
}

TEST_F(RegisterViewTest, ACalendarThatCannotBeCompiledHereIsNotReady) {
  Event event;
  auto* set = event.mutable_calendar_set();
  set->set_version(1);
  set->set_active_from(kAlways);
  set->mutable_calendar()->set_id("agency");
  set->mutable_calendar()->set_zone("Europe/Atlantis");
  Event completed;
  completed.mutable_starter_set_completed();
  Record({event, completed});
  EXPECT_EQ(view_.Version(), 1);
  EXPECT_FALSE(view_.Current()->complete());
}

TEST_F(RegisterViewTest, FindsEverythingAgainAfterARestart) {
  Event tzdata, level;
  tzdata.mutable_tzdata_adopted()->set_version("2025b");
  level.mutable_level_raised()->set_level(2);
  Record({Organisation(1, kAlways, "a"), tzdata});
  Record({Part(1, 0, testing::SmallTerritory())});
  Record({Activated(1, 1, kAlways), level});
  RegisterView again;
  again.Watch(rows_);
  EXPECT_EQ(again.Version(), 3);
  EXPECT_EQ(again.Current()->tzdata_version(), "2025b");
  EXPECT_EQ(again.Current()->level(), 2u);
  EXPECT_EQ(again.Current()->FindOrganisation(0).content->fallback_team(), "a");
  EXPECT_TRUE(again.Current()->FindPlace("rn", 0).has_value());
}

TEST_F(RegisterViewTest, SaysHowFarItsStreamIsRead) {
  EXPECT_EQ(view_.Position(), 0);
  int woken = 0;
  const auto token = view_.OnChange([&] { ++woken; });
  log::RuleState state;
  state.next_offset = 3;  // e.g. behind a claim: no decision, all the same a position
  store::View rows(watched_.get());
  runtime::SaveRuleState(&rows, 0, state);
  ASSERT_TRUE(watched_->Commit(rows.writes()).ok());
  EXPECT_EQ(view_.Position(), 3);
  EXPECT_EQ(woken, 1);
  RegisterView again;
  again.Watch(rows_);
  EXPECT_EQ(again.Position(), 3);
}

TEST_F(RegisterViewTest, IsOfUseOnlyWithTheZoneRulesThatWereAdopted) {
  const auto rows = std::make_shared<store::MemoryDatabase>();
  RegisterView view("2025b");
  watched_ = view.Watch(rows);
  EXPECT_TRUE(view.Usable().ok()) << "none adopted yet";
  Event tzdata;
  tzdata.mutable_tzdata_adopted()->set_version("2025b");
  Record({tzdata});
  EXPECT_TRUE(view.Usable().ok());
  tzdata.mutable_tzdata_adopted()->set_version("2026a");
  Record({tzdata});
  EXPECT_EQ(ReasonOf(view.Usable()), "TZDATA_DIFFERS");
  RegisterView anywhere;
  anywhere.Watch(rows);
  EXPECT_TRUE(anywhere.Usable().ok()) << "this machine's are not known";
}

TEST(RegisterFollower, KnowsWhatThisBuildCanRead) {
  const RegisterFollower logic;
  log::v1::Event stored;
  Event event;
  event.mutable_starter_set_completed();
  stored.set_payload(event.SerializeAsString());
  EXPECT_TRUE(logic.Knows(log::Stream::kRegister, stored));
  EXPECT_FALSE(logic.Knows(log::Stream::kIntake, stored)) << "it follows nobody";
  stored.set_payload("\xfa\x7f\x01x");  // field 2047, of a later build
  EXPECT_FALSE(logic.Knows(log::Stream::kRegister, stored));
  stored.set_payload("\x0a\x7fx");  // cut short
  EXPECT_FALSE(logic.Knows(log::Stream::kRegister, stored));
}

TEST_F(RegisterViewTest, NothingIsDecidedBeforeTheStarterSetIsComplete) {
  Record({Organisation(1, kAlways, "a")});
  EXPECT_FALSE(view_.Look().complete);
  Event completed;
  completed.mutable_starter_set_completed();
  Record({completed});
  EXPECT_TRUE(view_.Look().complete);
  EXPECT_EQ(view_.Look().version, 2);
  EXPECT_EQ(view_.Look().snapshot, view_.Current());
}

TEST_F(RegisterViewTest, NeverRunsBackWhileAnotherIsRebuilt) {
  Record({Organisation(1, kAlways, "a")});
  Record({Organisation(2, kAlways, "b")});
  int woken = 0;
  const auto token = view_.OnChange([&] { ++woken; });
  watched_ = view_.Watch(std::make_shared<store::MemoryDatabase>());
  Record({Organisation(1, kAlways, "a")});
  EXPECT_EQ(view_.Version(), 2);
  EXPECT_EQ(view_.Current()->FindOrganisation(0).content->fallback_team(), "b");
  Record({Organisation(2, kAlways, "b")});
  EXPECT_EQ(woken, 0);
  Record({Organisation(3, kAlways, "c")});
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(view_.Version(), 3);
  EXPECT_EQ(view_.Current()->FindOrganisation(0).content->fallback_team(), "c");
}

TEST(FixedReference, WakesWhenItIsSet) {
  FixedReference reference(SnapshotBuilder().Version(3).Build());
  EXPECT_EQ(reference.Version(), 3);
  int woken = 0;
  const auto token = reference.OnChange([&] { ++woken; });
  reference.Set(SnapshotBuilder().Version(4).Build());
  EXPECT_EQ(reference.Version(), 4);
  EXPECT_EQ(woken, 1);
}

}  // namespace
}  // namespace redress::reference

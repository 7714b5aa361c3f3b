#include "services/redressctl/simulate/setup_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "libs/reference/starter_set.h"
#include "libs/status/errors.h"
#include "tests/testing/temp_dir.h"

namespace redress::simulate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : ViolationsOf(status)) fields.push_back(violation.field);
  return fields;
}

TEST(ParseSetup, TheEmptyFileIsTheLandlordAsItIs) {
  const auto setup = ParseSetup("");
  ASSERT_TRUE(setup.ok()) << setup.status();
  EXPECT_EQ(setup->homes(), 3000);
  EXPECT_EQ(setup->days(), 90);
  EXPECT_EQ(setup->desk().line_hours(), 9);
  EXPECT_EQ(setup->slots().offer(), v1::OFFER_EARLIEST);
  EXPECT_EQ(setup->slots().offers(), 6);
  EXPECT_EQ(setup->travel().speed_kmh(), 0);
  EXPECT_EQ(setup->residents().contested(), 0.06);
  EXPECT_EQ(ParseSetup("homes: 500 days: 20", 700)->homes(), 700);
  EXPECT_EQ(ParseSetup("homes: 500 days: 20", 700)->days(), 20);
}

TEST(ParseSetup, SaysEverythingThatIsWrongAtOnce) {
  const auto setup = ParseSetup(R"(
    title: "two\nlines"
    homes: 5
    days: 99999
    staffing {
      homes_per_technician: 0
      crews { agency: "agency-9" trades: "plumbing" technicians: 1 }
      additions { technicians: 1 }
      additions { trades: "alchemy" technicians: 0 }
      removals { trades: ["lift", "pest"] technicians: 1 hours { start_minute: 480 end_minute: 720 } }
      hours { start_minute: 480 end_minute: 720 }
      hours { start_minute: 700 end_minute: 900 }
      leave_share: 1.5
    }
    desk { dispatch_hours: 0 line_hours: nan hours { weekdays: WEEKDAY_MONDAY spans { start_minute: 600 end_minute: 540 } } }
    slots { offers: 0 horizon_days: 1 reserve_hours: 24 reserve_for: URGENCY_UNSPECIFIED nearest_within_hours: -1 }
    travel { detour_factor: 0.5 speed_kmh: 900 }
    residents { no_access: 2 contested: 0.7 confirmed: 0.4 }
    reopen_window_days: 0
  )");
  EXPECT_THAT(
      FieldsOf(setup.status()),
      ElementsAre("title", "homes", "days", "staffing.homes_per_technician", "staffing.crews[0].agency",
                  "staffing.additions[0].trades", "staffing.additions[1].trades", "staffing.additions[1].technicians",
                  "staffing.removals[0].hours", "staffing.removals[0].trades", "staffing.hours[1]",
                  "staffing.leave_share", "desk.dispatch_hours", "desk.line_hours",
                  "desk.weekly[0].spans[0].end_minute", "slots.offers", "slots.nearest_within_hours",
                  "slots.reserve_hours", "slots.reserve_for[0]", "travel.detour_factor", "travel.speed_kmh",
                  "residents.no_access", "residents.confirmed", "reopen_window_days"))
      << setup.status();
}

TEST(ParseSetup, IsSafeFromSizesThatAreNone) {
  const auto setup =
      ParseSetup("homes: 2147483647 staffing { crews { agency: \"agency-91\" trades: \"lift\" technicians: 1 } }");
  EXPECT_THAT(FieldsOf(setup.status()), ElementsAre("homes"));
}

TEST(ParseSetup, UnknownFieldsAndNamesAreFaultsWithTheirPlace) {
  const auto setup = ParseSetup("homes: 100\nslots { offer: OFFER_CHEAPEST }\nstafing {}\n");
  EXPECT_EQ(ReasonOf(setup.status()), "BAD_SETUP");
  EXPECT_THAT(std::string(setup.status().message()), HasSubstr("line 2, column 31"));
}

TEST(LoadSetup, ReadsTheFilesItNames) {
  const testing::TempDir dir;
  Write(dir / "evenings.textproto",
        R"(rules_file: "rules.textproto" pack_files: "pack.textproto" reopen_window_days: 5)");
  Write(dir / "rules.textproto", R"(rules { id: "all" team: "team-{office}" priority: 2 })");
  Write(dir / "pack.textproto", R"(id: "own-promises" title: "Faster")");
  const auto setup = LoadSetup(dir / "evenings.textproto");
  ASSERT_TRUE(setup.ok()) << setup.status();
  EXPECT_EQ(setup->choices.title(), "evenings");
  EXPECT_EQ(setup->rules->rules(0).id(), "all");
  reference::StarterSet starter;
  starter.organisation.add_categories()->set_reopen_window_days(14);
  starter.packs.resize(2);
  starter.pack_rules.add_rules()->set_pack("own-promises");
  starter = StarterFor(*setup, starter);
  ASSERT_EQ(starter.packs.size(), 1u);
  EXPECT_EQ(starter.packs[0].title(), "Faster");
  EXPECT_EQ(starter.pack_rules.rules_size(), 1);
  EXPECT_EQ(starter.organisation.categories(0).reopen_window_days(), 5);
}

TEST(LoadSetup, NamesEveryFileThatIsMissingOrBadBesideWhatElseIsWrong) {
  const testing::TempDir dir;
  Write(dir / "a.textproto",
        R"(days: -1 rules_file: "none.textproto" pack_files: "bad.textproto" pack_rules_file: "no.textproto")");
  Write(dir / "bad.textproto", "id: \"x\"\nlines { begin: 1 }\n");
  const absl::Status status = LoadSetup(dir / "a.textproto").status();
  EXPECT_THAT(FieldsOf(status), ElementsAre("days", "rules_file", "pack_files[0]", "pack_rules_file")) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("a.textproto"));
  EXPECT_THAT(ViolationsOf(status)[2].description, HasSubstr("bad.textproto: line 2, "));
  EXPECT_TRUE(absl::IsNotFound(LoadSetup(dir / "nothing").status()));
  EXPECT_TRUE(absl::IsNotFound(LoadSetup(dir.path()).status()));
}

TEST(LoadSetup, TakesThoseThatAreShipped) {
  const auto config = reference::FindConfigDir();
  ASSERT_TRUE(config.ok()) << config.status();
  int loaded = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*config + "/../setups")) {
    if (entry.path().extension() != ".textproto") continue;
    const auto setup = LoadSetup(entry.path().string());
    EXPECT_TRUE(setup.ok()) << setup.status();
    ++loaded;
  }
  EXPECT_GE(loaded, 4);
}

}  // namespace
}  // namespace redress::simulate

// Small landlords lived for real: some seconds in all.
#include "services/redressctl/simulate/judge.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "tests/testing/temp_dir.h"

namespace redress::simulate {
namespace {

struct Size {
  int homes;
  int days;
};
constexpr Size kTiny = {150, 15};

Setup Parse(const std::string& text, const std::string& title, Size size) {
  Setup setup;
  const auto parsed = ParseSetup(text, size.homes, size.days);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  setup.choices = *parsed;
  setup.choices.set_title(title);
  return setup;
}

JudgeOptions Options(const std::string& setup, const std::optional<std::string>& against, int seeds, Size size) {
  JudgeOptions options;
  options.setup = Parse(setup, "A", size);
  if (against.has_value()) options.against = Parse(*against, "B", size);
  options.seeds = seeds;
  options.until = 20480 * kDay;  // 2026-01-27
  return options;
}

std::map<std::string, v1::Figure> Figured(const absl::StatusOr<v1::Judgement>& judgement) {
  std::map<std::string, v1::Figure> figures;
  EXPECT_TRUE(judgement.ok()) << judgement.status();
  if (!judgement.ok()) return figures;
  for (const v1::Figure& figure : judgement->figures()) figures[figure.name()] = figure;
  return figures;
}

// A landlord with few hands, `each` of whom can do everything; `more` is further staffing.
std::string Lean(int each, const std::string& more = "") {
  return absl::StrCat(R"(travel { speed_kmh: 20 } staffing { crews { trades: ["heating", "plumbing", "electricity",
                         "lift", "locks", "joinery", "building", "pest"] technicians: )",
                      each, " } ", more, " }");
}

TEST(Judge, LeavesNothingBehindWhenItIsStopped) {
  const testing::TempDir work;
  JudgeOptions options = Options("", std::nullopt, 2, kTiny);
  options.work_dir = work.path();
  int days = 0;
  options.stop = [&] {
    EXPECT_FALSE(std::filesystem::is_empty(work.path()));
    return ++days == 3;
  };
  const absl::Status stopped = Judge(options).status();
  EXPECT_EQ(stopped.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(ReasonOf(stopped), "STOPPED");
  EXPECT_EQ(days, 3) << "the next seed was begun";
  EXPECT_TRUE(std::filesystem::is_empty(work.path()));
}

TEST(Judge, SaysTheSameAgainAndEverythingThatIsAsked) {
  const testing::TempDir work;
  std::vector<std::string> lived;
  double last = 0;
  JudgeOptions options =
      Options("travel { speed_kmh: 20 }", "slots { offer: OFFER_NEAREST } travel { speed_kmh: 20 }", 2, {300, 30});
  options.work_dir = work.path();
  options.progress = [&](double done, absl::string_view what) {
    EXPECT_GT(done, last);
    EXPECT_FALSE(std::filesystem::is_empty(work.path()));
    last = done;
    lived.emplace_back(what);
  };
  const auto once = Judge(options);
  ASSERT_TRUE(once.ok()) << once.status();
  EXPECT_EQ(last, 1);
  EXPECT_EQ(lived.size(), 4u * 30);
  EXPECT_EQ(lived.front(), "A, seed 1: day 1 of 30 (1 of 4)");
  EXPECT_EQ(lived.back(), "B, seed 2: day 30 of 30 (4 of 4)");
  const auto figures = Figured(once);
  for (const char* name :
       {"complaints", "ttr_p50_hours", "ttr_p90_hours", "censored", "on_time_rate.acknowledge", "on_time_rate.remedy",
        "promises_kept", "kilometres", "visits_per_complaint", "waiting_share.waiting_for_appointment"}) {
    ASSERT_EQ(figures.count(name), 1u) << name;
    EXPECT_EQ(figures.at(name).seeds_size(), 2) << name;
  }
  double shares = 0;
  for (const auto& [name, figure] : figures) {
    if (name.rfind("waiting_share.", 0) == 0) shares += figure.setup().mean();
  }
  EXPECT_NEAR(shares, 1, 1e-9);
  EXPECT_GT(figures.at("kilometres").setup().mean(), 100);
  EXPECT_GE(figures.at("visits_per_complaint").setup().mean(), 1);
  // The same residents under both.
  for (const v1::SeedFigure& seed : figures.at("complaints").seeds()) EXPECT_EQ(seed.difference(), 0);

  // The second seed by itself is the second seed of two.
  JudgeOptions second = options;
  second.progress = nullptr;
  second.seeds = 1;
  second.first_seed = 2;
  for (const auto& [name, figure] : Figured(Judge(second))) {
    EXPECT_EQ(figure.seeds(0).SerializeAsString(), figures.at(name).seeds(1).SerializeAsString()) << name;
  }
  EXPECT_TRUE(std::filesystem::is_empty(work.path()));
}

TEST(Judge, ASetupAgainstItselfDiffersInNothing) {
  const auto judgement = Judge(Options("", "", 1, kTiny));
  for (const auto& [name, figure] : Figured(judgement)) {
    if (figure.difference().seeds() == 0) continue;
    EXPECT_EQ(figure.difference().mean(), 0) << name;
    EXPECT_EQ(figure.setup_better() + figure.against_better(), 0) << name;
  }
}

TEST(Judge, AHandThatNobodyNeedsMovesNobodysLuck) {
  // No vermin in this fortnight: whatever else were drawn differently would show.
  const auto judgement = Judge(Options(Lean(1), Lean(1, R"(additions { trades: "pest" technicians: 1 })"), 1, kTiny));
  const auto figures = Figured(judgement);
  EXPECT_GT(figures.at("kilometres").against().mean(), 0);
  for (const auto& [name, figure] : figures) {
    EXPECT_EQ(figure.difference().mean(), 0) << name;
  }
}

TEST(Judge, TheSameInputIsTheSameOutputToTheByte) {
  const auto one = Judge(Options(Lean(1), std::nullopt, 1, kTiny));
  const auto two = Judge(Options(Lean(1), std::nullopt, 1, kTiny));
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->SerializeAsString(), two->SerializeAsString());
  JudgeOptions other = Options(Lean(1), std::nullopt, 1, kTiny);
  other.first_seed = 9;
  const auto figures = Figured(one);
  EXPECT_NE(Figured(Judge(other)).at("kilometres").setup().mean(), figures.at("kilometres").setup().mean());
}

TEST(Judge, HalfTheHandsTakeLongerInEverySeed) {
  const auto figures = Figured(Judge(Options(Lean(2), Lean(1), 2, {700, 21})));
  ASSERT_EQ(figures.count("ttr_p50_hours"), 1u);
  const v1::Figure& ttr = figures.at("ttr_p50_hours");
  for (const v1::SeedFigure& seed : ttr.seeds()) {
    ASSERT_TRUE(seed.has_difference()) << seed.seed();
    EXPECT_GT(seed.difference(), 0) << seed.seed();
  }
  EXPECT_EQ(ttr.setup_better(), 2);
  EXPECT_EQ(ttr.against_better(), 0);
}

TEST(Judge, RulesPacksAndWindowsReachTheServices) {
  JudgeOptions options = Options("", "reopen_window_days: 3", 1, kTiny);
  // A pack of one line, which nothing but an end stops, within the hour; and nobody is visited.
  options.against->packs.emplace_back();
  options.against->packs[0].set_id("hasty");
  auto* line = options.against->packs[0].add_lines();
  line->set_id("at_once");
  line->set_start(types::v1::FACT_KIND_RECEIVED);
  line->set_stop(types::v1::FACT_KIND_RESOLVED);
  auto* target = line->add_targets();
  target->set_quantity(1);
  target->set_unit(register_::v1::TIME_UNIT_HOURS);
  target->set_end_rule(register_::v1::END_RULE_SAME_TIME);
  options.against->pack_rules.emplace().add_rules()->set_pack("hasty");
  auto* rule = options.against->rules.emplace().add_rules();
  rule->set_id("desk");
  rule->set_team("team-{office}");
  rule->set_priority(3);
  rule->set_visit_needed(false);
  const auto figures = Figured(Judge(options));
  ASSERT_EQ(figures.count("on_time_rate.at_once"), 1u);
  EXPECT_LT(figures.at("on_time_rate.at_once").against().mean(), 0.5);
  EXPECT_EQ(figures.at("on_time_rate.at_once").difference().seeds(), 0);
  EXPECT_FALSE(figures.at("on_time_rate.remedy").against().has_mean());
  EXPECT_EQ(figures.at("kilometres").against().mean(), 0);
}

TEST(Judge, NeedsAPlaceToWork) {
  JudgeOptions options = Options("", std::nullopt, 1, kTiny);
  options.work_dir = "/proc/none";
  EXPECT_EQ(ReasonOf(Judge(options).status()), "DATA_DIR");
}

TEST(Judge, WhatTheRegisterRefusesIsSaidWithItsSetup) {
  JudgeOptions options = Options("", std::nullopt, 1, kTiny);
  auto* rule = options.setup.rules.emplace().add_rules();
  rule->set_id("nowhere");
  rule->set_team("team-of-nobody");
  rule->set_priority(3);
  const absl::Status status = Judge(options).status();
  EXPECT_EQ(std::string(status.message()).rfind("A, seed 1: ", 0), 0u) << status;
}

}  // namespace
}  // namespace redress::simulate

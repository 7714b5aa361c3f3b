#include "libs/reference/starter_set.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "libs/reference/snapshot_builder.h"
#include "libs/status/errors.h"
#include "tests/testing/temp_dir.h"

namespace redress::reference {
namespace {

using ::redress::testing::TempDir;

StarterSet Shipped() {
  const auto dir = FindConfigDir();
  EXPECT_TRUE(dir.ok()) << dir.status();
  auto set = LoadStarterSet(*dir);
  EXPECT_TRUE(set.ok()) << set.status();
  return *std::move(set);
}

TEST(StarterSet, ShippedPartsFitTogether) {
  const StarterSet set = Shipped();
  std::set<std::string> categories;
  for (const auto& category : set.organisation.categories()) {
    EXPECT_TRUE(categories.insert(category.code()).second) << category.code();
    std::set<std::string> languages;
    for (const auto& name : category.names()) languages.insert(name.language());
    EXPECT_EQ(languages, (std::set<std::string>{"ar", "en", "fr"})) << category.code();
    EXPECT_EQ(category.visit_needed(), category.visit_minutes() > 0) << category.code();
    EXPECT_EQ(category.visit_needed(), category.skills_size() > 0) << category.code();
    EXPECT_NE(category.default_urgency(), types::v1::URGENCY_UNSPECIFIED) << category.code();
  }
  for (const char* code : {"heating", "hot_water", "lift", "plumbing_leak", "electricity", "door_lock", "cleanliness",
                           "noise", "rent_query", "pest"}) {
    EXPECT_TRUE(categories.contains(code)) << code;
  }
  EXPECT_EQ(set.organisation.fallback_team(), set.organisation.teams(0).code());
}

TEST(StarterSet, AnswersAsAnyInstant) {
  const auto snapshot = SnapshotBuilder().Add(Shipped()).Build();
  const PackQuery complaint{types::v1::COMPLAINT_KIND_COMPLAINT, types::v1::URGENCY_ROUTINE, "", "heating"};
  const PackQuery praise{types::v1::COMPLAINT_KIND_PRAISE, types::v1::URGENCY_ROUTINE, "", "other"};
  for (const Millis at : {Millis{-5'000'000'000'000}, Millis{0}, Millis{1'800'000'000'000}}) {
    EXPECT_NE(snapshot->FindCategory("heating", at), nullptr);
    const auto pack = snapshot->ChoosePack(complaint, at);
    ASSERT_NE(pack.content, nullptr);
    EXPECT_EQ(pack.content->id(), "own-promises");
    EXPECT_EQ(snapshot->ChoosePack(praise, at).content, nullptr);
    EXPECT_NE(snapshot->FindCalendar("agency", at).content, nullptr);
    EXPECT_EQ(snapshot->ReopenWindow("pest", at), 28 * kDay);
  }
}

TEST(StarterSet, SaysWhichFileIsMissingOrBroken) {
  TempDir dir;
  auto set = LoadStarterSet(dir.path());
  EXPECT_EQ(set.status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(set.status().message(), "organisation.textproto"));
  std::ofstream(dir / "organisation.textproto") << "teams { code: \"a\" }\nteam { }\n";
  set = LoadStarterSet(dir.path());
  EXPECT_EQ(ReasonOf(set.status()), "BAD_FILE");
  EXPECT_TRUE(absl::StrContains(set.status().message(), "organisation.textproto: line 2, ")) << set.status();
  std::ofstream(dir / "organisation.textproto") << "teams { code: \"a\" }\n";
  std::ofstream(dir / "rules.textproto") << "";
  std::ofstream(dir / "pack_rules.textproto") << "";
  set = LoadStarterSet(dir.path());
  EXPECT_EQ(set.status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(set.status().message(), "pack_*.textproto")) << set.status();
}

TEST(StarterSet, WhatIsAskedForIsNotReplacedByAnother) {
  TempDir dir;
  const auto found = FindConfigDir(dir.path());
  EXPECT_EQ(found.status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(found.status().message(), dir.path()));
  std::ofstream(dir / "organisation.textproto") << "";
  EXPECT_EQ(*FindConfigDir(dir.path()), dir.path());
}

}  // namespace
}  // namespace redress::reference

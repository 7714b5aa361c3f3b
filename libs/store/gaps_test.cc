#include "libs/store/gaps.h"

#include <gtest/gtest.h>

namespace redress::store {
namespace {

TEST(Gaps, WhatWasFoundEmptyIsPassedOver) {
  Gaps gaps;
  EXPECT_EQ(gaps.Begin("a"), "a");
  gaps.Learn("a", "m", gaps.mark());
  EXPECT_EQ(gaps.Begin("a"), "m");
  EXPECT_EQ(gaps.Begin("b"), "b");
}

TEST(Gaps, ARowWrittenIntoAGapEndsItThere) {
  Gaps gaps;
  gaps.Learn("a", "m", gaps.mark());
  gaps.Writing({{"c", std::nullopt}, {"f", "row"}, {"x", "row"}});
  EXPECT_EQ(gaps.Begin("a"), "f");
  gaps.Written();
  gaps.Writing({{"a", "row"}});
  gaps.Written();
  EXPECT_EQ(gaps.Begin("a"), "a");
}

TEST(Gaps, WhatWasSeenWhileSomethingWasWrittenIsForgotten) {
  Gaps gaps;
  const uint64_t before = gaps.mark();
  gaps.Writing({{"c", "row"}});
  const uint64_t during = gaps.mark();
  gaps.Learn("a", "m", before);
  gaps.Learn("a", "m", during);
  EXPECT_EQ(gaps.Begin("a"), "a");
  gaps.Written();
  gaps.Learn("a", "m", during);
  EXPECT_EQ(gaps.Begin("a"), "a");
  gaps.Learn("a", "c", gaps.mark());
  EXPECT_EQ(gaps.Begin("a"), "c");
}

TEST(Gaps, ManyAreForgottenAtOnce) {
  Gaps gaps;
  for (int i = 0; i < 1000; ++i) gaps.Learn(std::to_string(i), "x", gaps.mark());
  int known = 0;
  for (int i = 0; i < 1000; ++i) known += gaps.Begin(std::to_string(i)) == "x";
  EXPECT_GT(known, 0);
  EXPECT_LE(known, 64);
}

}  // namespace
}  // namespace redress::store

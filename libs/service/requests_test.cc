#include "libs/service/requests.h"

#include <gtest/gtest.h>

#include <limits>

namespace redress::service {
namespace {

PageQuestion Question() { return {"complaints", "state=open", std::string(16, 'L'), 1}; }

TEST(MillisOf, IsWholeMillisecondsAndSafeFromWhatNoneCanHold) {
  google::protobuf::Duration duration;
  duration.set_seconds(-2);
  duration.set_nanos(-500'999'999);
  EXPECT_EQ(MillisOf(duration), -2500);
  google::protobuf::Timestamp time;
  time.set_seconds(3);
  time.set_nanos(999'999'999);
  EXPECT_EQ(MillisOf(time), 3999);
  time.set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_GT(MillisOf(time), kLatest);
  time.set_seconds(std::numeric_limits<int64_t>::min());
  EXPECT_LT(MillisOf(time), kEarliest);
}

TEST(PageToken, GoesOnBehindTheLastKey) {
  const auto page = ReadPage(0, WritePageToken(Question(), "key", 42), Question());
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->last_key, "key");
  EXPECT_EQ(page->as_of, 42);
  EXPECT_EQ(page->size, kDefaultPageSize);
}

TEST(PageToken, RefusesForeignOnesSayingWhy) {
  const std::string token = WritePageToken(Question(), "key");
  PageQuestion other = Question();
  other.question = "state=closed";
  EXPECT_EQ(ReasonOf(ReadPage(0, token, other).status()), "PAGE_TOKEN_FOREIGN");
  other = Question();
  other.log_id = std::string(16, 'M');
  EXPECT_EQ(ReasonOf(ReadPage(0, token, other).status()), "PAGE_TOKEN_FOREIGN");
  other = Question();
  other.projection_version = 2;
  EXPECT_EQ(ReasonOf(ReadPage(0, token, other).status()), "PAGE_TOKEN_FOREIGN");
}

TEST(PageToken, RefusesEveryCutOrChangedOne) {
  const std::string token = WritePageToken(Question(), "key");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    if (changed != token) {
      EXPECT_FALSE(ReadPage(0, changed, Question()).ok()) << i;
    }
    if (i > 0) {
      EXPECT_FALSE(ReadPage(0, token.substr(0, i), Question()).ok()) << i;
    }
  }
}

TEST(PageSize, IsCappedAndNeverNegative) {
  EXPECT_EQ(ReadPage(1 << 30, "", Question())->size, kMaxPageSize);
  EXPECT_FALSE(ReadPage(-1, "", Question()).ok());
}

TEST(Etag, ReadsWhatItWrites) {
  EXPECT_EQ(*ParseEtag(FormatEtag(12)), 12);
  EXPECT_EQ(*ParseEtag(""), 0);
  for (const char* bad : {"12", "v", "v0", "v-1", "vx"}) EXPECT_FALSE(ParseEtag(bad).ok()) << bad;
}

TEST(Names, NameTheirCollection) {
  EXPECT_EQ(*ParseName("name", "complaints", "complaints/01"), "01");
  for (const char* bad : {"", "complaints", "complaints/", "people/01", "complaints/01/02", "complaints/\xFF"}) {
    EXPECT_FALSE(ParseName("name", "complaints", bad).ok()) << bad;
  }
}

TEST(Times, OutsideTwoCenturiesAreMistakes) {
  google::protobuf::Timestamp time;
  for (const int64_t seconds : {int64_t{-62135596800}, int64_t{253402300799}, INT64_MAX, INT64_MIN}) {
    Violations violations;
    time.set_seconds(seconds);
    ReadTime("t", true, time, &violations);
    EXPECT_FALSE(violations.empty()) << seconds;
  }
  Violations violations;
  EXPECT_EQ(ReadTime("t", true, WriteTime(1234567), &violations), 1234567);
  EXPECT_TRUE(violations.empty());
}

TEST(Times, TheVeryFirstMillisecondOf1970IsToldFromNoTime) {
  Violations violations;
  EXPECT_EQ(ReadTime("t", false, google::protobuf::Timestamp(), &violations), 0);
  EXPECT_TRUE(violations.empty());
  ReadTime("t", true, google::protobuf::Timestamp(), &violations);
  const auto told = ViolationsOf(violations.ToStatus());
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].field, "t");
  EXPECT_NE(told[0].description.find("1970-01-01T00:00:00Z"), std::string::npos);
  Violations next;
  EXPECT_EQ(ReadTime("t", true, WriteTime(1), &next), 1);
  EXPECT_TRUE(next.empty());
}

TEST(Times, WhatNoTimestampHoldsIsItsFirstOrLast) {
  EXPECT_EQ(WriteTime(INT64_MAX).seconds(), 253402300799);
  EXPECT_EQ(WriteTime(INT64_MIN).seconds(), -62135596800);
}

TEST(RequestIds, AreVisibleAscii) {
  for (const std::string& bad : {std::string(), std::string(65, 'a'), std::string("a b"), std::string("é")}) {
    Violations violations;
    CheckRequestId(bad, &violations);
    EXPECT_FALSE(violations.empty()) << bad;
  }
}

}  // namespace
}  // namespace redress::service

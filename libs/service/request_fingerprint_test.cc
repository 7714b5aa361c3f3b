#include "libs/service/request_fingerprint.h"

#include <gtest/gtest.h>

#include <set>

#include "redress/scheduling/v1/scheduling_service.pb.h"

namespace redress::service {
namespace {

SecretKey TestKey() { return SecretKey({1, 2, 3}); }

TEST(RequestFingerprint, IsTheSameForTheSameContentWhateverTheRequestId) {
  scheduling::v1::BookVisitRequest request;
  request.set_request_id("a");
  request.set_name("interventions/1");
  const std::string first = FingerprintOf(request)(TestKey());
  request.set_request_id("b");
  EXPECT_EQ(FingerprintOf(request)(TestKey()), first);
}

TEST(RequestFingerprint, DiffersWithEveryField) {
  std::set<std::string> seen;
  scheduling::v1::RequestVisitRequest request;
  const auto is_new = [&] { return seen.insert(FingerprintOf(request)(TestKey())).second; };
  EXPECT_TRUE(is_new());
  request.set_complaint("complaints/1");
  EXPECT_TRUE(is_new());
  request.add_skills("ab");
  EXPECT_TRUE(is_new());
  request.set_skills(0, "a");
  request.add_skills("b");
  EXPECT_TRUE(is_new());
  request.set_duration_minutes(30);
  EXPECT_TRUE(is_new());
  // A round of 0 that was said is not one left out.
  request.set_round(0);
  EXPECT_TRUE(is_new());
  request.set_urgency(types::v1::URGENCY_URGENT);
  EXPECT_TRUE(is_new());
}

TEST(RequestFingerprint, KeepsNestedMessagesApart) {
  scheduling::v1::HoldSlotRequest request;
  request.mutable_slot()->mutable_start_time()->set_seconds(7);
  const std::string start = FingerprintOf(request)(TestKey());
  request.mutable_slot()->clear_start_time();
  request.mutable_slot()->mutable_end_time()->set_seconds(7);
  EXPECT_NE(FingerprintOf(request)(TestKey()), start);
}

}  // namespace
}  // namespace redress::service

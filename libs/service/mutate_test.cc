#include "libs/service/mutate.h"

#include <gtest/gtest.h>

#include <string>

#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/privacy/in_memory_key_store.h"
#include "libs/status/errors.h"

namespace redress::service {
namespace {

// Answers Find with an error once it is told to.
class KeysAway : public InMemoryKeyStore {
 public:
  using InMemoryKeyStore::InMemoryKeyStore;
  absl::StatusOr<Key> Find(absl::string_view key_id) override {
    if (!failure.ok()) return failure;
    return InMemoryKeyStore::Find(key_id);
  }
  absl::Status failure;
};

class CheckSameRequestTest : public ::testing::Test {
 protected:
  static Fingerprint Of(const std::string& text) {
    return [text](const SecretKey& key) { return FingerprintBuilder(key).Add(1, text).Finish(); };
  }
  absl::Status Check(const std::string& text) { return CheckSameRequest(&keys_, stored_, key_.id, Of(text)); }

  FakeClock clock_;
  SeededIdSource random_{1};
  KeysAway keys_{&random_, &clock_};
  const Key key_ = *keys_.TakeKey(KeyKind::kText);
  const std::string stored_ = Of("the lift")(key_.secret);
};

TEST_F(CheckSameRequestTest, OtherContentUnderTheSameIdIsAMistake) {
  EXPECT_TRUE(Check("the lift").ok());
  EXPECT_EQ(ReasonOf(Check("the roof")), "REQUEST_ID_REUSED");
  EXPECT_TRUE(CheckSameRequest(&keys_, "", "", Of("the roof")).ok()) << "nothing was stored to compare with";
}

TEST_F(CheckSameRequestTest, WithTheKeyGoneTheFirstAnswerStands) {
  ASSERT_TRUE(keys_.Destroy(key_.id).ok());
  EXPECT_TRUE(Check("the roof").ok());
  keys_.failure = MakeError(absl::StatusCode::kDataLoss, "KEY_LOST", "gone");
  EXPECT_TRUE(Check("the roof").ok());
}

TEST_F(CheckSameRequestTest, WithTheKeyStoreAwayNothingIsSaid) {
  keys_.failure = MakeError(absl::StatusCode::kUnavailable, "KEY_STORE_FAILED", "the disk");
  EXPECT_EQ(ReasonOf(Check("the lift")), "KEY_STORE_FAILED");
  EXPECT_EQ(ReasonOf(Check("the roof")), "KEY_STORE_FAILED");
}

}  // namespace
}  // namespace redress::service

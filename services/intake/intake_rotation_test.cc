// Look-ups under a new month's index key: found all the time, and under no key that goes.
#include <set>

#include "services/intake/intake_fixture.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kPhone[] = "0123456789";

class IntakeRotationTest : public IntakeTest {
 protected:
  void SetUp() override {
    auto request = SubmitRequest();
    request.mutable_new_person()->set_full_name("Eleanor");
    request.mutable_new_person()->set_phone(kPhone);
    const auto response = Submit(request);
    ASSERT_TRUE(response.ok()) << response.status();
    name_ = response->complaint().name();
    code_ = response->tracking_code();
    person_ = response->complaint().person();
    first_ = keys_.IndexKeys()->front().id;
  }
  // What the runtime does about that much time, too.
  void NextMonth() {
    clock_.Advance(32 * kDay);
    executor_.RunFor(kMinute);
  }
  void Tend() {
    main_->runtime->Tend();
    executor_.RunFor(kSecond);
  }
  std::vector<std::string> People() { return *main_->lookups->FindPhone(*main_->rows, kShards, kPhone); }
  std::vector<std::string> Complaints() { return *main_->lookups->FindTrackingCode(*main_->rows, kShards, code_); }
  // Index keys that look-up rows lie under.
  std::set<std::string> KeysInUse() {
    std::set<std::string> keys;
    const store::Table<rows::v1::LookupKeys> of(0xC1);
    for (uint16_t shard = 0; shard < kShards; ++shard) {
      of.Scan(*main_->rows, shard, "", [&](absl::string_view, const rows::v1::LookupKeys& row) {
        keys.insert(row.index_key());
        return true;
      });
    }
    return keys;
  }

  std::string name_;
  std::string code_;
  std::string person_;
  std::string first_;
};

TEST_F(IntakeRotationTest, RowsAreMadeAnewAndTheKeyBeforeGoesThirtyDaysLater) {
  Tend();
  EXPECT_THAT(KeysInUse(), ElementsAre(first_));
  NextMonth();
  const std::string digest = Digest(*main_);
  EXPECT_THAT(People(), ElementsAre(person_)) << "under the key before";
  Tend();
  const std::string second = keys_.IndexKeys()->front().id;
  ASSERT_NE(second, first_);
  EXPECT_THAT(KeysInUse(), ElementsAre(second));
  EXPECT_THAT(People(), ElementsAre(person_));
  EXPECT_THAT(Complaints(), ElementsAre(name_));
  EXPECT_EQ(Digest(*main_), digest) << "they lie outside";
  ASSERT_TRUE(keys_.RetireIndexKeys().ok());
  EXPECT_TRUE(keys_.Find(first_).ok());
  clock_.Advance(kIndexKeyOutlives);
  ASSERT_TRUE(keys_.RetireIndexKeys().ok());
  EXPECT_EQ(ReasonOf(keys_.Find(first_).status()), "KEY_DESTROYED");
  EXPECT_THAT(People(), ElementsAre(person_));
  EXPECT_THAT(Complaints(), ElementsAre(name_));
  // One row each, and no other.
  EXPECT_THAT(*main_->lookups->FindPhone(*main_->rows, kShards, "0999999999"), IsEmpty());
}

TEST_F(IntakeRotationTest, ManyGoPieceByPieceBesideOtherWork) {
  for (int i = 0; i < 300; ++i) NewComplaint(absl::StrCat("x", i));
  NextMonth();
  main_->runtime->Tend();
  // What comes meanwhile is under the new key at once.
  const std::string late = NewComplaint();
  executor_.RunFor(kSecond);
  EXPECT_THAT(KeysInUse(), ElementsAre(keys_.IndexKeys()->front().id));
  const auto rebuilt = Boot("two", false);
  executor_.RunFor(kSecond);
  EXPECT_THAT(*rebuilt->lookups->FindTrackingCode(*rebuilt->rows, kShards, code_), ElementsAre(name_));
  EXPECT_EQ(Digest(*rebuilt), Digest(*main_));
}

TEST_F(IntakeRotationTest, AKeyStoreThatIsAwayPutsItOff) {
  NextMonth();
  keys_.away = true;
  Tend();
  keys_.away = false;
  EXPECT_THAT(KeysInUse(), ElementsAre(first_));
  EXPECT_THAT(People(), ElementsAre(person_));
  Tend();
  EXPECT_THAT(KeysInUse(), ElementsAre(keys_.IndexKeys()->front().id));
  EXPECT_THAT(People(), ElementsAre(person_));
}

TEST_F(IntakeRotationTest, WhoIsForgottenIsNotFoundAgain) {
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  v1::ErasePersonRequest erase;
  erase.set_request_id(NextId());
  erase.set_name(person_);
  erase.set_reason("asked");
  ASSERT_TRUE(Ask(&IntakeService::ErasePerson, erase).ok());
  executor_.RunFor(5 * kSecond);
  NextMonth();
  Tend();
  EXPECT_THAT(People(), IsEmpty());
  EXPECT_THAT(Complaints(), IsEmpty());
  EXPECT_THAT(KeysInUse(), IsEmpty());
}

TEST_F(IntakeRotationTest, AKeyThatIsGoneForGoodHoldsNobodyBack) {
  const std::string other = NewComplaint();
  ASSERT_TRUE(keys_.Destroy(RowOf(other).text_key()).ok());
  NextMonth();
  Tend();
  EXPECT_THAT(KeysInUse(), ElementsAre(keys_.IndexKeys()->front().id));
  EXPECT_THAT(People(), ElementsAre(person_));
}

}  // namespace
}  // namespace redress::intake

#include "libs/privacy/wrapped_key_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "libs/clock/fake_clock.h"
#include "libs/privacy/in_memory_key_rows.h"
#include "libs/privacy/made_ahead_key_store.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

using testing::ElementsAre;

// The rows of a disk, wrapped by whatever master keys are given at each start.
class WrappedWorld {
 public:
  static constexpr int kBatch = 8;
  WrappedWorld() { EXPECT_TRUE(Start(MasterKeys({first_})).ok()); }
  KeyStore& store() { return *store_; }
  WrappedKeyRows& wrapped() { return *wrapped_; }
  InMemoryKeyRows& rows() { return rows_; }
  SeededIdSource& random() { return random_; }
  const MasterKey& first() const { return first_; }
  const MasterKey& second() const { return second_; }
  absl::Status Start(MasterKeys keys, ErasureList* erasures = nullptr) {
    auto wrapped = WrappedKeyRows::Open(&rows_, "oph", std::move(keys), &random_, erasures);
    if (!wrapped.ok()) return wrapped.status();
    store_.reset();
    wrapped_ = *std::move(wrapped);
    store_.emplace(wrapped_.get(), &random_, &clock_, kBatch);
    return absl::OkStatus();
  }
  void FailNextWrite() { rows_.FailNextPut(InMemoryKeyRows::Fault::kLost); }

 private:
  FakeClock clock_{1'772'323'200'000};
  SeededIdSource random_{7};
  const MasterKey first_ = MakeMasterKey(random_, 1'000);
  const MasterKey second_ = MakeMasterKey(random_, 2'000);
  InMemoryKeyRows rows_;
  std::unique_ptr<WrappedKeyRows> wrapped_;
  std::optional<MadeAheadKeyStore> store_;
};

std::string SecretOf(const Key& key) {
  return std::string(reinterpret_cast<const char*>(key.secret.data()), kSecretBytes);
}

// Taken keys with what they are.
std::map<std::string, std::string> Take(KeyStore& store, int count) {
  std::map<std::string, std::string> taken;
  for (int i = 0; i < count; ++i) {
    const auto key = store.TakeKey(i % 2 == 0 ? KeyKind::kText : KeyKind::kPerson);
    EXPECT_TRUE(key.ok()) << key.status();
    taken[key->id] = SecretOf(*key);
  }
  return taken;
}

void ExpectReadable(KeyStore& store, const std::map<std::string, std::string>& keys) {
  for (const auto& [id, secret] : keys) {
    const auto key = store.Find(id);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(SecretOf(*key), secret);
  }
}

TEST(WrappedKeyRows, NoSecretLiesInTheRows) {
  WrappedWorld world;
  const auto taken = Take(world.store(), 20);
  ASSERT_TRUE(world.store().IndexKeys().ok());
  ASSERT_TRUE(world.store().StaffKey().ok());
  const auto rows = world.rows().Scan("", 1000);
  ASSERT_TRUE(rows.ok());
  EXPECT_GE(rows->size(), 22u);
  for (const KeyRow& row : *rows) {
    EXPECT_EQ(row.wrapped_by, world.first().id);
    for (const auto& [id, secret] : taken) EXPECT_EQ(row.secret.find(secret), std::string::npos);
  }
}

TEST(WrappedKeyRows, AStartWithoutTheMasterKeyOrWithAnotherIsRefused) {
  WrappedWorld world;
  const auto taken = Take(world.store(), 2);
  const absl::Status none = world.Start(MasterKeys());
  EXPECT_EQ(ReasonOf(none), "KEY_WRAPPED");
  EXPECT_THAT(std::string(none.message()), testing::HasSubstr(world.first().id));
  const absl::Status other = world.Start(MasterKeys({world.second()}));
  EXPECT_EQ(ReasonOf(other), "MASTER_KEY_MISSING");
  EXPECT_THAT(std::string(other.message()), testing::HasSubstr(world.first().id));
  EXPECT_TRUE(world.Start(MasterKeys({world.second(), world.first()})).ok());
  ExpectReadable(world.store(), taken);
}

TEST(WrappedKeyRows, KeysOfBuildsThatDidNotWrapAreWrappedByTheFirstRotation) {
  WrappedWorld world;
  ASSERT_TRUE(world.Start(MasterKeys()).ok());
  auto taken = Take(world.store(), 20);
  EXPECT_EQ(world.wrapped().Rotate().status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(world.Start(MasterKeys({world.first()})).ok());
  // Before it is done, both serve.
  ExpectReadable(world.store(), taken);
  taken.merge(Take(world.store(), 20));
  EXPECT_EQ(*world.wrapped().NeedsRotation(), true);
  const auto rotated = world.wrapped().Rotate();
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  EXPECT_GE(rotated->wrapped, 20);
  EXPECT_GT(rotated->living, rotated->wrapped);
  EXPECT_EQ(*world.wrapped().NeedsRotation(), false);
  EXPECT_THAT(*world.rows().Wrappers(), ElementsAre(world.first().id));
  ExpectReadable(world.store(), taken);
}

TEST(WrappedKeyRows, AfterARotationTheEarlierMasterKeyIsNotNeeded) {
  WrappedWorld world;
  auto taken = Take(world.store(), 40);
  const auto destroyed = taken.begin()->first;
  ASSERT_TRUE(world.store().Destroy(destroyed).ok());
  taken.erase(destroyed);
  const auto rotated = world.wrapped().Rotate(MasterKeys({world.second(), world.first()}));
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  EXPECT_EQ(rotated->wrapped, rotated->living);
  taken.merge(Take(world.store(), 10));
  ASSERT_TRUE(world.Start(MasterKeys({world.second()})).ok());
  ExpectReadable(world.store(), taken);
  EXPECT_EQ(ReasonOf(world.store().Find(destroyed).status()), "KEY_DESTROYED");
  EXPECT_EQ(ReasonOf(world.Start(MasterKeys({world.first()}))), "MASTER_KEY_MISSING");
  // Again: nothing is left to do.
  EXPECT_EQ(world.wrapped().Rotate()->wrapped, 0);
}

TEST(WrappedKeyRows, ARotationThatLosesTheEarlierKeyChangesNothing) {
  WrappedWorld world;
  const auto taken = Take(world.store(), 10);
  EXPECT_EQ(ReasonOf(world.wrapped().Rotate(MasterKeys({world.second()})).status()), "MASTER_KEY_MISSING");
  ExpectReadable(world.store(), taken);
  ASSERT_TRUE(world.Start(MasterKeys({world.first()})).ok());
  ExpectReadable(world.store(), taken);
}

// More rows than a step wraps, so that there is something to be cut between.
TEST(WrappedKeyRows, ARotationCutShortAnywhereLeavesEveryKeyReadable) {
  for (const auto fault : {InMemoryKeyRows::Fault::kLost, InMemoryKeyRows::Fault::kKept}) {
    for (int step = 0; step < 4; ++step) {
      WrappedWorld world;
      const auto taken = Take(world.store(), 700);
      // Steps before the failure: what has been wrapped anew by then.
      class Failing : public KeyRows {
       public:
        Failing(InMemoryKeyRows* rows, int after, InMemoryKeyRows::Fault fault)
            : rows_(rows), after_(after), fault_(fault) {}
        absl::Status Put(absl::Span<const KeyRow> rows) override {
          if (after_-- == 0) rows_->FailNextPut(fault_);
          return rows_->Put(rows);
        }
        absl::StatusOr<std::optional<KeyRow>> Get(absl::string_view id) override { return rows_->Get(id); }
        absl::StatusOr<std::vector<KeyRow>> IndexRows() override { return rows_->IndexRows(); }
        uint64_t IndexChanges() const override { return rows_->IndexChanges(); }
        absl::StatusOr<std::vector<KeyRow>> Scan(absl::string_view after, int limit) override {
          return rows_->Scan(after, limit);
        }
        absl::StatusOr<std::set<std::string>> Wrappers() override { return rows_->Wrappers(); }
        absl::Status ForgetWrapper(absl::string_view id) override { return rows_->ForgetWrapper(id); }

       private:
        InMemoryKeyRows* const rows_;
        int after_;
        const InMemoryKeyRows::Fault fault_;
      };
      const MasterKeys both({world.second(), world.first()});
      {
        Failing failing(&world.rows(), step, fault);
        const auto rotating = WrappedKeyRows::Open(&failing, "oph", both, &world.random(), nullptr);
        ASSERT_TRUE(rotating.ok());
        const auto rotated = (*rotating)->Rotate();
        // Two steps wrap the rows of the first 512 ids, a third the rest.
        EXPECT_EQ(absl::IsUnavailable(rotated.status()), step < 3) << rotated.status();
      }
      // The process died there.
      ASSERT_TRUE(world.Start(both).ok());
      ExpectReadable(world.store(), taken);
      ASSERT_TRUE(world.wrapped().Rotate().ok());
      ASSERT_TRUE(world.Start(MasterKeys({world.second()})).ok());
      ExpectReadable(world.store(), taken);
    }
  }
}

TEST(WrappedKeyRows, ARowThatWasChangedOrMovedIsDataLoss) {
  WrappedWorld world;
  const auto taken = Take(world.store(), 2);
  const std::string id = taken.begin()->first;
  const std::string other = taken.rbegin()->first;
  KeyRow row = **world.rows().Get(id);
  row.secret = (**world.rows().Get(other)).secret;
  ASSERT_TRUE(world.rows().Put({&row, 1}).ok());
  EXPECT_EQ(ReasonOf(world.store().Find(id).status()), "KEY_ROW_UNREADABLE");
  row.secret.pop_back();
  ASSERT_TRUE(world.rows().Put({&row, 1}).ok());
  EXPECT_EQ(ReasonOf(world.store().Find(id).status()), "KEY_ROW_UNREADABLE");
}

class ErasureListTest : public testing::Test {
 protected:
  ErasureListTest() { std::filesystem::remove(path_); }
  ~ErasureListTest() override { std::filesystem::remove(path_); }
  std::unique_ptr<ErasureList> MustOpen() {
    auto list = ErasureList::Open(path_, &clock_);
    EXPECT_TRUE(list.ok()) << list.status();
    return *std::move(list);
  }
  const std::string path_ = testing::TempDir() + "/erasures_" + std::to_string(getpid());
  FakeClock clock_{1'772'323'200'000};
};

TEST_F(ErasureListTest, WhatIsDestroyedIsListedAndWhatIsNotIsNot) {
  WrappedWorld world;
  const auto list = MustOpen();
  ASSERT_TRUE(world.Start(MasterKeys({world.first()}), list.get()).ok());
  const auto taken = Take(world.store(), 4);
  const std::string one = taken.begin()->first;
  const std::string other = taken.rbegin()->first;
  ASSERT_TRUE(world.store().Destroy(one).ok());
  ASSERT_TRUE(world.store().Destroy(one).ok());
  // One that was not destroyed all the same: a restore forgets rather too much.
  world.FailNextWrite();
  EXPECT_FALSE(world.store().Destroy(other).ok());
  EXPECT_THAT(*ErasureList::Read(path_), ElementsAre(one, other));
  MustOpen();
  EXPECT_THAT(*ErasureList::Read(path_), ElementsAre(one, other));
}

TEST_F(ErasureListTest, ALineCutShortIsDroppedAndAnythingElseRefused) {
  const std::string id(22, 'A');
  {
    const auto list = MustOpen();
    ASSERT_TRUE(list->Append({&id, 1}).ok());
  }
  std::ofstream(path_, std::ios::app) << "BBBBBBBBBBBBBBBBBBBBBB 17";
  EXPECT_THAT(*ErasureList::Read(path_), ElementsAre(id));
  {
    const auto list = MustOpen();
    ASSERT_TRUE(list->Append({&id, 1}).ok());
  }
  EXPECT_THAT(*ErasureList::Read(path_), ElementsAre(id, id));
  std::ofstream(path_, std::ios::app) << "nonsense\n";
  EXPECT_EQ(ReasonOf(ErasureList::Read(path_).status()), "ERASURE_LIST");
  EXPECT_EQ(ReasonOf(ErasureList::Open(path_, &clock_).status()), "ERASURE_LIST");
  std::ofstream(path_) << "another file\n";
  EXPECT_EQ(ReasonOf(ErasureList::Open(path_, &clock_).status()), "ERASURE_LIST");
  std::filesystem::remove(path_);
  EXPECT_EQ(ReasonOf(ErasureList::Read(path_).status()), "ERASURE_LIST");
}

}  // namespace
}  // namespace redress

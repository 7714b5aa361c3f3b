// What every KeyStore must do, whatever keeps its rows: include in a test and instantiate with a KeyStoreWorld a store.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "libs/clock/fake_clock.h"
#include "libs/privacy/key_store.h"
#include "libs/status/errors.h"

namespace redress {

// One durable store and the process in front of it.
class KeyStoreWorld {
 public:
  virtual ~KeyStoreWorld() = default;
  virtual KeyStore& store() = 0;
  // The power goes: what was not durable is lost. Another process takes the first one's place.
  virtual void Restart() = 0;
  // Durable writes so far.
  virtual int writes() = 0;
  // The next durable write fails and what it wrote is lost; the store may need a restart after that.
  virtual void FailNextWrite() = 0;
  static constexpr int kBatch = 8;
  FakeClock clock{1'772'323'200'000};  // 2026-03-01T00:00:00Z
};

class KeyStoreConformance : public testing::TestWithParam<std::function<std::unique_ptr<KeyStoreWorld>()>> {
 protected:
  KeyStore& store() { return world_->store(); }
  std::string Take(KeyKind kind = KeyKind::kText) {
    const auto key = store().TakeKey(kind);
    EXPECT_TRUE(key.ok()) << key.status();
    return key.ok() ? key->id : "";
  }
  std::string FindReason(absl::string_view id) { return ReasonOf(store().Find(id).status()); }
  static std::string BytesOf(const Key& key) {
    return std::string(reinterpret_cast<const char*>(key.secret.data()), kSecretBytes);
  }

  std::unique_ptr<KeyStoreWorld> world_ = GetParam()();
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(KeyStoreConformance);

TEST_P(KeyStoreConformance, TakenKeysAreFreshAndFoundAgainAfterARestart) {
  std::map<std::string, std::string> taken;
  std::set<std::string> secrets;
  for (int i = 0; i < 3 * KeyStoreWorld::kBatch; ++i) {
    const auto key = store().TakeKey(i % 2 == 0 ? KeyKind::kPerson : KeyKind::kText);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(key->kind, i % 2 == 0 ? KeyKind::kPerson : KeyKind::kText);
    EXPECT_TRUE(IsKeyId(key->id)) << key->id;
    EXPECT_TRUE(taken.emplace(key->id, BytesOf(*key)).second);
    EXPECT_TRUE(secrets.insert(BytesOf(*key)).second);
  }
  world_->Restart();
  for (const auto& [id, secret] : taken) {
    const auto key = store().Find(id);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(BytesOf(*key), secret);
  }
}

TEST_P(KeyStoreConformance, TakingWritesOnceABatch) {
  Take();
  const int before = world_->writes();
  for (int i = 1; i < KeyStoreWorld::kBatch; ++i) Take();
  EXPECT_EQ(world_->writes(), before);
  Take();
  EXPECT_EQ(world_->writes(), before + 1);
}

TEST_P(KeyStoreConformance, ReplenishedStoreTakesWithoutWriting) {
  ASSERT_TRUE(store().Replenish().ok());
  const int before = world_->writes();
  ASSERT_TRUE(store().Replenish().ok());
  for (int i = 0; i < KeyStoreWorld::kBatch; ++i) {
    Take(KeyKind::kPerson);
    Take(KeyKind::kText);
  }
  EXPECT_EQ(world_->writes(), before);
}

TEST_P(KeyStoreConformance, NoKeyOfAnOlderBatchIsHandedOutAfterARestart) {
  std::set<std::string> taken;
  for (int life = 0; life < 5; ++life) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(taken.insert(Take()).second);
    world_->Restart();
  }
}

TEST_P(KeyStoreConformance, FailedBatchHandsOutNothing) {
  world_->FailNextWrite();
  EXPECT_FALSE(store().TakeKey(KeyKind::kText).ok());
  world_->Restart();
  const std::string id = Take();
  world_->Restart();
  EXPECT_TRUE(store().Find(id).ok());
}

TEST_P(KeyStoreConformance, DestroyIsFinalIdempotentAndTouchesNothingElse) {
  const std::string a = Take(), b = Take(), c = Take(KeyKind::kPerson);
  ASSERT_TRUE(store().DestroyAll({a, c}).ok());
  EXPECT_EQ(FindReason(a), "KEY_DESTROYED");
  const int before = world_->writes();
  EXPECT_TRUE(store().Destroy(a).ok());
  EXPECT_EQ(world_->writes(), before);
  world_->Restart();
  EXPECT_EQ(FindReason(a), "KEY_DESTROYED");
  EXPECT_EQ(FindReason(c), "KEY_DESTROYED");
  EXPECT_TRUE(store().Find(b).ok());
}

TEST_P(KeyStoreConformance, FailedDestroyDestroysNothingAndCanBeRepeated) {
  const std::string a = Take(), b = Take();
  world_->FailNextWrite();
  EXPECT_FALSE(store().DestroyAll({a, b}).ok());
  world_->Restart();
  EXPECT_TRUE(store().Find(a).ok());
  EXPECT_TRUE(store().Find(b).ok());
  EXPECT_TRUE(store().DestroyAll({a, b}).ok());
  EXPECT_EQ(FindReason(b), "KEY_DESTROYED");
}

TEST_P(KeyStoreConformance, KeyThatIsNeitherHereNorDestroyedIsLost) {
  const std::string unknown(22, 'A');
  EXPECT_EQ(FindReason(unknown), "KEY_LOST");
  EXPECT_EQ(store().Find(unknown).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(FindReason("x"), "KEY_LOST");
  EXPECT_TRUE(store().Destroy(unknown).ok());
  EXPECT_EQ(FindReason(unknown), "KEY_DESTROYED");
  const std::string known = Take();
  EXPECT_EQ(store().DestroyAll({known, "x"}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(store().Find(known).ok());
}

TEST_P(KeyStoreConformance, IndexKeyIsOneAMonthAndIsNotTaken) {
  EXPECT_EQ(store().TakeKey(KeyKind::kIndex).status().code(), absl::StatusCode::kInvalidArgument);
  const auto first = store().IndexKeys();
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->size(), 1u);
  world_->clock.Advance(31 * kDay);
  world_->Restart();
  const auto second = store().IndexKeys();
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->size(), 2u);
  EXPECT_NE(second->at(0).id, first->at(0).id);
  EXPECT_EQ(second->at(1).id, first->at(0).id);
  EXPECT_EQ(BytesOf(second->at(1)), BytesOf(first->at(0)));

  ASSERT_TRUE(store().Destroy(first->at(0).id).ok());
  world_->Restart();
  const auto third = store().IndexKeys();
  ASSERT_TRUE(third.ok()) << third.status();
  ASSERT_EQ(third->size(), 1u);
  EXPECT_EQ(third->at(0).id, second->at(0).id);
}

TEST_P(KeyStoreConformance, ADestroyedIndexKeyIsForgottenAtOnce) {
  ASSERT_TRUE(store().IndexKeys().ok());
  world_->clock.Advance(31 * kDay);
  const auto both = store().IndexKeys();
  ASSERT_TRUE(both.ok()) << both.status();
  ASSERT_EQ(both->size(), 2u);
  ASSERT_TRUE(store().TakeKey(KeyKind::kText).ok());
  const auto again = store().IndexKeys();
  ASSERT_TRUE(again.ok()) << again.status();
  ASSERT_EQ(again->size(), 2u);
  EXPECT_EQ(BytesOf(again->at(1)), BytesOf(both->at(1)));
  ASSERT_TRUE(store().Destroy(both->at(1).id).ok());
  const auto left = store().IndexKeys();
  ASSERT_TRUE(left.ok()) << left.status();
  ASSERT_EQ(left->size(), 1u);
  EXPECT_EQ(left->at(0).id, both->at(0).id);
}

TEST_P(KeyStoreConformance, AnIndexKeyOutlivesItsSuccessorsBirthByThirtyDays) {
  const auto ids = [&] {
    std::vector<std::string> living;
    const auto keys = store().IndexKeys();
    EXPECT_TRUE(keys.ok()) << keys.status();
    for (const Key& key : *keys) living.push_back(key.id);
    return living;
  };
  const std::string first = ids().front();
  EXPECT_TRUE(store().RetireIndexKeys().ok());
  EXPECT_EQ(ids(), std::vector{first}) << "nothing has followed it";
  world_->clock.Advance(45 * kDay);
  const std::string second = ids().front();
  world_->clock.Advance(kIndexKeyOutlives - kMinute);
  const std::string third = ids().front();
  ASSERT_NE(third, second);
  EXPECT_TRUE(store().RetireIndexKeys().ok());
  EXPECT_EQ(ids(), (std::vector{third, second, first}));
  world_->clock.Advance(kMinute);
  EXPECT_TRUE(store().RetireIndexKeys().ok());
  world_->Restart();
  EXPECT_EQ(ids(), (std::vector{third, second}));
  EXPECT_EQ(ReasonOf(store().Find(first).status()), "KEY_DESTROYED");
  EXPECT_TRUE(store().RetireIndexKeys().ok());
  EXPECT_EQ(ids(), (std::vector{third, second}));
}

TEST_P(KeyStoreConformance, AClockThatSteppedBackRetiresNoKeyInUse) {
  const std::string now = store().IndexKeys()->front().id;
  world_->clock.Advance(400 * kDay);
  ASSERT_TRUE(store().IndexKeys().ok());
  world_->clock.Advance(-400 * kDay);
  ASSERT_TRUE(store().RetireIndexKeys().ok());
  EXPECT_EQ(store().IndexKeys()->front().id, now);
}

TEST_P(KeyStoreConformance, TheStaffKeyIsOneForEver) {
  EXPECT_EQ(store().TakeKey(KeyKind::kStaff).status().code(), absl::StatusCode::kInvalidArgument);
  const auto first = store().StaffKey();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->kind, KeyKind::kStaff);
  const int before = world_->writes();
  world_->clock.Advance(400 * kDay);
  world_->Restart();
  EXPECT_EQ(store().Destroy(first->id).code(), absl::StatusCode::kInvalidArgument);
  const auto later = store().StaffKey();
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_EQ(BytesOf(*later), BytesOf(*first));
  EXPECT_EQ(world_->writes(), before);
  // It is no index key.
  const auto index = store().IndexKeys();
  ASSERT_TRUE(index.ok()) << index.status();
  for (const Key& key : *index) EXPECT_NE(key.id, first->id);
}

TEST_P(KeyStoreConformance, AFailedStaffKeyIsMadeAgain) {
  world_->FailNextWrite();
  EXPECT_FALSE(store().StaffKey().ok());
  world_->Restart();
  const auto key = store().StaffKey();
  ASSERT_TRUE(key.ok()) << key.status();
  world_->Restart();
  EXPECT_EQ(BytesOf(*store().StaffKey()), BytesOf(*key));
}

TEST_P(KeyStoreConformance, ThisMonthsIndexKeyComesFirstWhenTheClockSteppedBack) {
  world_->clock.Step(40 * kDay);
  ASSERT_TRUE(store().IndexKeys().ok());
  world_->clock.Step(-40 * kDay);
  const auto keys = store().IndexKeys();
  ASSERT_TRUE(keys.ok());
  ASSERT_EQ(keys->size(), 2u);
  const std::string march = keys->at(0).id;
  const auto again = store().IndexKeys();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->at(0).id, march);
}

// Random lives against a model: which keys were taken, which were destroyed.
TEST_P(KeyStoreConformance, RandomOperationsAgreeWithTheModel) {
  const uint64_t seed = 20'260'301;
  SCOPED_TRACE(seed);
  SeededIdSource random(seed);
  std::map<std::string, std::string> living;
  std::set<std::string> destroyed;
  for (int step = 0; step < 400; ++step) {
    const uint64_t dice = random.Random64() % 40;
    if (dice < 22) {
      const auto key = store().TakeKey(dice < 10 ? KeyKind::kPerson : KeyKind::kText);
      ASSERT_TRUE(key.ok()) << key.status();
      ASSERT_TRUE(living.emplace(key->id, BytesOf(*key)).second);
      ASSERT_FALSE(destroyed.contains(key->id));
    } else if (dice < 34 && !living.empty()) {
      auto victim = living.lower_bound(MakeKeyId(random));
      if (victim == living.end()) victim = living.begin();
      ASSERT_TRUE(store().Destroy(victim->first).ok());
      destroyed.insert(victim->first);
      living.erase(victim);
    } else if (dice < 38) {
      ASSERT_TRUE(store().Replenish().ok());
    } else if (dice == 38) {
      world_->Restart();
    }
  }
  for (const auto& [id, secret] : living) {
    const auto key = store().Find(id);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(BytesOf(*key), secret);
  }
  for (const std::string& id : destroyed) EXPECT_EQ(FindReason(id), "KEY_DESTROYED");
}

}  // namespace redress

#include "libs/privacy/key_store.h"

#include <gtest/gtest.h>

#include <optional>

#include "libs/privacy/in_memory_key_store.h"
#include "libs/privacy/key_store_conformance.h"
#include "libs/privacy/lookup_hash.h"
#include "libs/privacy/wrapped_key_rows.h"

namespace redress {
namespace {

class InMemoryWorld : public KeyStoreWorld {
 public:
  InMemoryWorld() { Restart(); }
  KeyStore& store() override { return *store_; }
  void Restart() override { store_.emplace(&rows_, &random_, &clock, kBatch); }
  int writes() override { return rows_.puts(); }
  void FailNextWrite() override { rows_.FailNextPut(InMemoryKeyRows::Fault::kLost); }

 private:
  SeededIdSource random_{7};
  InMemoryKeyRows rows_;
  std::optional<MadeAheadKeyStore> store_;
};

INSTANTIATE_TEST_SUITE_P(InMemory, KeyStoreConformance, testing::Values([]() -> std::unique_ptr<KeyStoreWorld> {
                           return std::make_unique<InMemoryWorld>();
                         }));

// The same rows, wrapped by a master key on their way there.
class WrappedWorld : public KeyStoreWorld {
 public:
  WrappedWorld() { Restart(); }
  KeyStore& store() override { return *store_; }
  void Restart() override {
    auto wrapped = WrappedKeyRows::Open(&rows_, "oph", MasterKeys({master_}), &random_, nullptr);
    ASSERT_TRUE(wrapped.ok()) << wrapped.status();
    store_.reset();
    wrapped_ = *std::move(wrapped);
    store_.emplace(wrapped_.get(), &random_, &clock, kBatch);
  }
  int writes() override { return rows_.puts(); }
  void FailNextWrite() override { rows_.FailNextPut(InMemoryKeyRows::Fault::kLost); }

 private:
  SeededIdSource random_{7};
  const MasterKey master_ = MakeMasterKey(random_, 1'000);
  InMemoryKeyRows rows_;
  std::unique_ptr<WrappedKeyRows> wrapped_;
  std::optional<MadeAheadKeyStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Wrapped, KeyStoreConformance, testing::Values([]() -> std::unique_ptr<KeyStoreWorld> {
                           return std::make_unique<WrappedWorld>();
                         }));

// Rows may be changed by others: a second store over them, a topic that another instance writes to.
TEST(MadeAheadKeyStore, AnIndexKeyThatAnotherDestroyedOrADiskLostIsHandedOutNoMore) {
  InMemoryKeyRows rows;
  SeededIdSource random(7);
  FakeClock clock;
  MadeAheadKeyStore one(&rows, &random, &clock);
  MadeAheadKeyStore other(&rows, &random, &clock);
  const std::string first = one.IndexKeys()->front().id;
  EXPECT_EQ(other.IndexKeys()->front().id, first);
  ASSERT_TRUE(other.Destroy(first).ok());
  const std::string second = one.IndexKeys()->front().id;
  EXPECT_NE(second, first);
  rows.Lose(second);
  EXPECT_NE(one.IndexKeys()->front().id, second);
}

TEST(InMemoryKeyStore, SameSeedGivesTheSameKeys) {
  FakeClock clock;
  SeededIdSource one(5), other(5);
  InMemoryKeyStore a(&one, &clock), b(&other, &clock);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(a.TakeKey(KeyKind::kText)->id, b.TakeKey(KeyKind::kText)->id);
}

TEST(InMemoryKeyStore, TwoStoresHaveTwoStaffKeys) {
  FakeClock clock;
  SeededIdSource one(5), other(6);
  InMemoryKeyStore a(&one, &clock), b(&other, &clock);
  EXPECT_NE(LookupHash(a.StaffKey()->secret, LookupKind::kStaffName, "Eleanor"),
            LookupHash(b.StaffKey()->secret, LookupKind::kStaffName, "Eleanor"));
}

TEST(MadeAheadKeyStore, BatchOfUnknownOutcomeIsKeptAndNeverHandedOut) {
  FakeClock clock;
  SeededIdSource random(5);
  InMemoryKeyRows rows;
  MadeAheadKeyStore store(&rows, &random, &clock, 4);
  rows.FailNextPut(InMemoryKeyRows::Fault::kKept);
  EXPECT_EQ(store.TakeKey(KeyKind::kText).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(rows.size(), 4u);
  EXPECT_TRUE(store.TakeKey(KeyKind::kText).ok());
  EXPECT_EQ(rows.size(), 8u);
}

TEST(MadeAheadKeyStore, WrappedRowIsRefusedRatherThanUsedAsItLies) {
  FakeClock clock;
  SeededIdSource random(5);
  InMemoryKeyRows rows;
  MadeAheadKeyStore store(&rows, &random, &clock, 4);
  KeyRow row{.id = MakeKeyId(random), .kind = KeyKind::kText, .wrapped_by = "m1", .secret = std::string(72, 'w')};
  ASSERT_TRUE(rows.Put({row}).ok());
  EXPECT_EQ(ReasonOf(store.Find(row.id).status()), "KEY_WRAPPED");
  // A wrapped key is destroyed like any other.
  EXPECT_TRUE(store.Destroy(row.id).ok());
  EXPECT_EQ(ReasonOf(store.Find(row.id).status()), "KEY_DESTROYED");
}

TEST(KeyRow, BytesAreThoseOfTheGrammar) {
  const KeyRow row{.id = std::string(22, 'A'),
                   .kind = KeyKind::kIndex,
                   .made_at = 1'772'323'200'000,
                   .month = "2026-03",
                   .secret = std::string(32, '\xAA')};
  const std::string bytes = EncodeKeyRow(row);
  EXPECT_EQ(bytes, std::string("\x01\x03\x01\x00\x00\x01\x9C\xA6\xB1\xDC\x00\x07"
                               "2026-03\x00\x20",
                               21) +
                       std::string(32, '\xAA'));
  const auto read = DecodeKeyRow(row.id, bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->month, "2026-03");
  EXPECT_EQ(read->made_at, row.made_at);
  EXPECT_EQ(read->secret, row.secret);
}

TEST(KeyRow, EveryCutAndAnyOtherVersionIsRefused) {
  const KeyRow row{.id = std::string(22, 'A'), .kind = KeyKind::kText, .secret = std::string(32, 's')};
  const std::string bytes = EncodeKeyRow(row);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ReasonOf(DecodeKeyRow(row.id, bytes.substr(0, size)).status()), "KEY_ROW_UNREADABLE") << size;
  }
  EXPECT_FALSE(DecodeKeyRow(row.id, bytes + "x").ok());
  std::string other = bytes;
  other[0] = 2;
  EXPECT_FALSE(DecodeKeyRow(row.id, other).ok());
}

template <typename T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};
template <typename T>
concept Printable = requires(std::ostream& out, const T& a) {
  out << a;
};
static_assert(!Comparable<SecretKey> && !Printable<SecretKey>);

}  // namespace
}  // namespace redress

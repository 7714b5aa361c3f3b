#include "libs/privacy/sealer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "libs/clock/fake_clock.h"
#include "libs/privacy/in_memory_key_store.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kName[] = "Zinedine Planted-Name";

class SealerTest : public testing::Test {
 protected:
  absl::StatusOr<std::string> Open(const Sealed& sealed, absl::string_view owner = "people/1",
                                   absl::string_view field = "name") {
    return opener_.Open(sealed, owner, field, {"staff-7", "get_person"});
  }

  FakeClock clock_;
  SeededIdSource random_{3};
  InMemoryKeyStore keys_{&random_, &clock_};
  InMemoryReadAudit audit_;
  Sealer sealer_{"oph", &random_};
  Opener opener_{"oph", &keys_, &audit_};
  Key key_ = *keys_.TakeKey(KeyKind::kPerson);
};

TEST_F(SealerTest, OpensWhatWasSealedAndSaysWhoReadIt) {
  const Sealed sealed = sealer_.Seal(key_, "people/1", "name", kName);
  EXPECT_THAT(sealed.proto().SerializeAsString(), Not(HasSubstr("Planted")));
  EXPECT_EQ(sealed.key_id(), key_.id);
  EXPECT_EQ(*Open(sealed), kName);
  EXPECT_EQ(audit_.lines(), std::vector<std::string>{"staff-7 get_person people/1 name"});
}

TEST_F(SealerTest, EmptyTextIsSealedToo) {
  const Sealed sealed = sealer_.Seal(key_, "people/1", "name", "");
  EXPECT_FALSE(sealed.empty());
  EXPECT_EQ(*Open(sealed), "");
}

TEST_F(SealerTest, SameTextSealedTwiceLooksDifferent) {
  EXPECT_NE(sealer_.Seal(key_, "people/1", "name", kName).proto().box(),
            sealer_.Seal(key_, "people/1", "name", kName).proto().box());
}

TEST_F(SealerTest, StaysShutAnywhereElse) {
  const Sealed sealed = sealer_.Seal(key_, "people/1", "name", kName);
  EXPECT_EQ(ReasonOf(Open(sealed, "people/2").status()), "SEAL_BROKEN");
  EXPECT_EQ(ReasonOf(Open(sealed, "people/1", "mail").status()), "SEAL_BROKEN");
  // Length prefixes keep neighbours apart.
  EXPECT_EQ(ReasonOf(Open(sealed, "people/1n", "ame").status()), "SEAL_BROKEN");
  EXPECT_EQ(ReasonOf(Opener("other", &keys_, &audit_).Open(sealed, "people/1", "name", {"staff-7", "test"}).status()),
            "SEAL_BROKEN");
  types::v1::Sealed other_key = sealed.proto();
  other_key.set_key_id(keys_.TakeKey(KeyKind::kPerson)->id);
  EXPECT_EQ(ReasonOf(Open(Sealed(other_key)).status()), "SEAL_BROKEN");
}

TEST_F(SealerTest, AnyFlippedBitOrCutIsDataLoss) {
  const types::v1::Sealed sealed = sealer_.Seal(key_, "people/1", "name", kName).proto();
  for (size_t at = 0; at < sealed.box().size(); ++at) {
    types::v1::Sealed flipped = sealed;
    (*flipped.mutable_box())[at] ^= 1;
    EXPECT_EQ(Open(Sealed(flipped)).status().code(), absl::StatusCode::kDataLoss) << at;
    if (at == 0) continue;
    types::v1::Sealed cut = sealed;
    cut.mutable_box()->resize(at);
    EXPECT_EQ(Open(Sealed(cut)).status().code(), absl::StatusCode::kDataLoss) << at;
  }
}

TEST_F(SealerTest, DestroyedKeyIsNotFoundAndNeedsNoAudit) {
  const Sealed sealed = sealer_.Seal(key_, "people/1", "name", kName);
  ASSERT_TRUE(keys_.Destroy(key_.id).ok());
  const absl::Status status = Open(sealed).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), "KEY_DESTROYED");
  EXPECT_TRUE(audit_.lines().empty());
}

TEST_F(SealerTest, LostKeyIsDataLossAndNoErasureUntilItIsDestroyed) {
  const Sealed sealed = sealer_.Seal(key_, "people/1", "name", kName);
  keys_.rows().Lose(key_.id);
  const absl::Status status = Open(sealed).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(status), "KEY_LOST");
  EXPECT_THAT(std::string(status.message()), testing::AllOf(HasSubstr("people/1, name"), HasSubstr(key_.id)));
  EXPECT_TRUE(audit_.lines().empty());
  ASSERT_TRUE(keys_.Destroy(key_.id).ok());
  EXPECT_EQ(ReasonOf(Open(sealed).status()), "KEY_DESTROYED");
}

TEST_F(SealerTest, NothingIsOpenedWithoutAuditCallerOrPurpose) {
  const Sealed sealed = sealer_.Seal(key_, "people/1", "name", kName);
  audit_.FailWith(absl::UnavailableError("disk"));
  EXPECT_EQ(Open(sealed).status().code(), absl::StatusCode::kUnavailable);
  audit_.FailWith(absl::OkStatus());
  EXPECT_EQ(opener_.Open(sealed, "people/1", "name", {"", "test"}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(opener_.Open(sealed, "people/1", "name", {"staff-7", ""}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Open(Sealed()).status().code(), absl::StatusCode::kInvalidArgument);
}

class OneKey : public InMemoryKeyStore {
 public:
  using InMemoryKeyStore::InMemoryKeyStore;
  absl::StatusOr<Key> Find(absl::string_view key_id) override {
    std::array<uint8_t, kSecretBytes> secret;
    secret.fill(1);
    return Key{std::string(key_id), KeyKind::kText, SecretKey(secret)};
  }
};

// What is sealed under a derived key lies with others: computed once by another implementation (Python's hashlib).
TEST_F(SealerTest, DerivedKeysAreFrozen) {
  OneKey keys(&random_, &clock_);
  const Opener opener("oph", &keys, &audit_);
  const auto derived = opener.DeriveKey("k", "complaints/1", "attachment/a", {"staff-7", "store"});
  ASSERT_TRUE(derived.ok()) << derived.status();
  EXPECT_EQ(absl::BytesToHexString(*derived), "9c4b102d01bbd21582ef8f235f94f1a1c1472924da0f04287f97d98209925ab1");
}

TEST_F(SealerTest, DerivedKeysAreOneAThingAndGoneWithTheirKey) {
  const auto derive = [&](const std::string& key, const std::string& owner, const std::string& field) {
    return opener_.DeriveKey(key, owner, field, {"staff-7", "store"});
  };
  const auto derived = derive(key_.id, "complaints/1", "attachment/a");
  ASSERT_TRUE(derived.ok()) << derived.status();
  EXPECT_EQ(derived->size(), kSecretBytes);
  EXPECT_THAT(audit_.lines(), testing::ElementsAre("staff-7 store complaints/1 attachment/a"));
  EXPECT_EQ(*derive(key_.id, "complaints/1", "attachment/a"), *derived);
  EXPECT_NE(*derive(key_.id, "complaints/1", "attachment/b"), *derived);
  EXPECT_NE(*derive(key_.id, "complaints/2", "attachment/a"), *derived);
  EXPECT_NE(*derive(keys_.TakeKey(KeyKind::kText)->id, "complaints/1", "attachment/a"), *derived);
  EXPECT_NE(*derived, std::string(reinterpret_cast<const char*>(key_.secret.data()), kSecretBytes));
  EXPECT_EQ(opener_.DeriveKey(key_.id, "complaints/1", "a", {"staff-7", ""}).status().code(),
            absl::StatusCode::kInvalidArgument);
  audit_.FailWith(absl::UnavailableError("disk"));
  EXPECT_EQ(derive(key_.id, "complaints/1", "attachment/a").status().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(keys_.Destroy(key_.id).ok());
  EXPECT_EQ(ReasonOf(derive(key_.id, "complaints/1", "attachment/a").status()), "KEY_DESTROYED");
}

TEST_F(SealerTest, ErrorsHoldNoPlainText) {
  types::v1::Sealed sealed = sealer_.Seal(key_, "people/1", "name", kName).proto();
  sealed.mutable_box()->back() ^= 1;
  EXPECT_THAT(Open(Sealed(sealed)).status().ToString(), Not(HasSubstr("Planted")));
}

TEST(FileReadAudit, AppendsALineAReading) {
  FakeClock clock(1000);
  const std::string path = testing::TempDir() + "/audit.jsonl";
  std::remove(path.c_str());
  for (int i = 0; i < 2; ++i) {
    const auto audit = FileReadAudit::Open(path, &clock);
    ASSERT_TRUE(audit.ok()) << audit.status();
    const Reader reader{"staff \"7\"\n", "get_person"};
    ASSERT_TRUE((*audit)->Record({reader, "people/1", "name", "k"}).ok());
  }
  std::stringstream lines;
  lines << std::ifstream(path).rdbuf();
  const std::string line =
      R"({"time_ms":1000,"caller":"staff \"7\"\n","purpose":"get_person","owner":"people/1","field":"name","key_id":"k"})"
      "\n";
  EXPECT_EQ(lines.str(), line + line);
}

// What the next line would be glued to: neither could be read.
TEST(FileReadAudit, ALineAfterHalfALineStandsByItself) {
  FakeClock clock(1000);
  const std::string path = testing::TempDir() + "/torn_audit.jsonl";
  std::ofstream(path) << "{\"time_ms\":9";
  const auto audit = FileReadAudit::Open(path, &clock);
  ASSERT_TRUE(audit.ok()) << audit.status();
  const Reader reader{"staff-7", "get_person"};
  const ReadEntry entry{reader, "people/1", "name", "k"};
  ASSERT_TRUE((*audit)->Record(entry).ok());
  // Room for ten bytes more.
  const auto length = static_cast<rlim_t>(std::ifstream(path, std::ios::ate).tellg());
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto on_signal = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit little = before;
  little.rlim_cur = length + 10;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
  const absl::Status half = (*audit)->Record(entry);
  const absl::Status none = (*audit)->Record(entry);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, on_signal);
  EXPECT_THAT(std::string(half.message()), HasSubstr("no room")) << half;
  EXPECT_EQ(ReasonOf(none), "AUDIT_FILE");
  ASSERT_TRUE((*audit)->Record(entry).ok());
  ASSERT_TRUE((*audit)->Record(entry).ok());
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  const std::string whole =
      R"({"time_ms":1000,"caller":"staff-7","purpose":"get_person","owner":"people/1","field":"name","key_id":"k"})";
  EXPECT_THAT(lines, testing::ElementsAre("{\"time_ms\":9", whole, whole.substr(0, 10), whole, whole));
}

TEST(FileReadAudit, UnwritablePathIsRefused) {
  FakeClock clock;
  EXPECT_EQ(ReasonOf(FileReadAudit::Open("/nowhere/audit", &clock).status()), "AUDIT_FILE");
}

template <typename T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};
template <typename T>
concept Printable = requires(std::ostream& out, const T& a) {
  out << a;
};
static_assert(!Comparable<Sealed> && !Printable<Sealed>);

}  // namespace
}  // namespace redress

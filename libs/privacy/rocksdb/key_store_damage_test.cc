// Every file of a key store cut, flipped and deleted: a key that was durable is there, or its loss is said; no key that
// was destroyed comes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/clock/fake_clock.h"
#include "libs/privacy/made_ahead_key_store.h"
#include "libs/privacy/rocksdb/rocksdb_key_rows.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void WriteFile(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}
std::string BytesOf(const Key& key) { return {reinterpret_cast<const char*>(key.secret.data()), kSecretBytes}; }

class KeyStoreDamage : public testing::Test {
 protected:
  static constexpr int kBatch = 4;

  // Three lives, so that there are tables, a MANIFEST that tells of them, and a log of the last; some keys destroyed.
  KeyStoreDamage() : dir_(testing::TempDir() + "/key_damage_" + std::to_string(getpid())) {
    fs::remove_all(dir_);
    fs::create_directories(dir_);
    for (int life = 0; life < 3; ++life) {
      const auto rows = MustOpen(folder());
      MadeAheadKeyStore store(rows.get(), &random_, &clock_, kBatch);
      std::vector<std::string> ids;
      for (int i = 0; i < 3 * kBatch; ++i) {
        const auto key = store.TakeKey(KeyKind::kText);
        EXPECT_TRUE(key.ok()) << key.status();
        secrets_[key->id] = BytesOf(*key);
        ids.push_back(key->id);
      }
      for (const std::string& id : {ids[1], ids[2 * kBatch]}) {
        EXPECT_TRUE(store.Destroy(id).ok());
        secrets_.erase(id);
        destroyed_.insert(id);
      }
    }
    for (const auto& file : fs::directory_iterator(folder())) files_[file.path().filename()] = ReadFile(file.path());
    mark_ = ReadFile(folder() + ".mark");
  }
  ~KeyStoreDamage() override { fs::remove_all(dir_); }

  std::string folder() const { return dir_ + "/keys"; }
  // As it was after the last life.
  void PutBack() {
    fs::remove_all(folder());
    fs::create_directories(folder());
    for (const auto& [name, bytes] : files_) WriteFile(folder() + "/" + name, bytes);
    WriteFile(folder() + ".mark", mark_);
  }
  // The only file whose name holds `part`.
  std::string FileNamed(absl::string_view part) const {
    std::vector<std::string> found;
    for (const auto& [name, bytes] : files_) {
      if (absl::StrContains(name, part) && !bytes.empty()) found.push_back(name);
    }
    EXPECT_EQ(found.size(), 1u) << part;
    return found.empty() ? "" : found[0];
  }

  absl::StatusOr<std::unique_ptr<RocksDbKeyRows>> Open(const std::string& path) {
    return RocksDbKeyRows::Open({path, "oph", nullptr});
  }
  std::unique_ptr<RocksDbKeyRows> MustOpen(const std::string& path) {
    auto rows = Open(path);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? *std::move(rows) : nullptr;
  }

  // A store that opened says no key to be lost or destroyed that is not, and gives none back that is.
  void ExpectHonest(KeyRows* rows) {
    MadeAheadKeyStore store(rows, &random_, &clock_, kBatch);
    for (const auto& [id, secret] : secrets_) {
      const auto key = store.Find(id);
      if (key.ok()) {
        EXPECT_EQ(BytesOf(*key), secret);
      } else {
        EXPECT_EQ(ReasonOf(key.status()), "KEY_STORE_CORRUPT") << key.status();
      }
    }
    for (const std::string& id : destroyed_) {
      const std::string reason = ReasonOf(store.Find(id).status());
      EXPECT_TRUE(reason == "KEY_DESTROYED" || reason == "KEY_STORE_CORRUPT") << reason;
    }
  }
  void ExpectWhole(KeyRows* rows) {
    MadeAheadKeyStore store(rows, &random_, &clock_, kBatch);
    for (const auto& [id, secret] : secrets_) EXPECT_TRUE(store.Find(id).ok()) << store.Find(id).status();
    for (const std::string& id : destroyed_) EXPECT_EQ(ReasonOf(store.Find(id).status()), "KEY_DESTROYED");
  }
  // It is refused, saying where, and has changed nothing: put back, all of it is there.
  void ExpectRefused(absl::string_view what) {
    SCOPED_TRACE(what);
    const auto opened = Open(folder());
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss) << opened.status();
    const std::string reason = ReasonOf(opened.status());
    EXPECT_TRUE(reason == "KEY_STORE_CUT" || reason == "KEY_STORE_CORRUPT") << opened.status();
    EXPECT_THAT(std::string(opened.status().message()), HasSubstr(folder()));
  }
  void PutOneBack(const std::string& name) {
    WriteFile(folder() + "/" + name, files_[name]);
    const auto opened = Open(folder());
    ASSERT_TRUE(opened.ok()) << opened.status();
    ExpectWhole(opened->get());
  }

  const std::string dir_;
  FakeClock clock_;
  SeededIdSource random_{7};
  std::map<std::string, std::string> secrets_;  // of living keys, by id
  std::set<std::string> destroyed_;
  std::map<std::string, std::string> files_;
  std::string mark_;
};

TEST_F(KeyStoreDamage, AnyCutOfTheLogIsRefused) {
  const std::string name = FileNamed(".log");
  const std::string& bytes = files_[name];
  ASSERT_GT(bytes.size(), 500u);
  for (size_t size = 0; size < bytes.size(); size += 3) {
    PutBack();
    fs::resize_file(folder() + "/" + name, size);
    ExpectRefused(absl::StrCat(name, " cut at ", size));
    if (size % 16 == 0) PutOneBack(name);
  }
}

TEST_F(KeyStoreDamage, AnyCutOfTheManifestThatTakesKeysIsRefused) {
  const std::string name = FileNamed("MANIFEST");
  const std::string& bytes = files_[name];
  size_t refused = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE(absl::StrCat(name, " cut at ", size));
    PutBack();
    fs::resize_file(folder() + "/" + name, size);
    // Its last entry names the log file that may be empty by then: without it nothing is missing.
    if (auto opened = Open(folder()); opened.ok()) {
      ExpectWhole(opened->get());
      continue;
    }
    ++refused;
    ExpectRefused("");
    if (size % 16 == 0) PutOneBack(name);
  }
  EXPECT_GT(refused, bytes.size() / 2);
}

TEST_F(KeyStoreDamage, AnyFileThatIsGoneIsRefusedIfItHeldKeys) {
  int refused = 0;
  for (const auto& [name, bytes] : files_) {
    if (!absl::EndsWith(name, ".log") && !absl::EndsWith(name, ".sst") && name != "CURRENT" &&
        !absl::StartsWith(name, "MANIFEST-")) {
      continue;
    }
    PutBack();
    fs::remove(folder() + "/" + name);
    ExpectRefused(absl::StrCat(name, " gone"));
    PutOneBack(name);
    ++refused;
  }
  EXPECT_GE(refused, 5);
  // All of them at once, with the folder left.
  PutBack();
  for (const auto& [name, bytes] : files_) fs::remove(folder() + "/" + name);
  ExpectRefused("an empty folder");
}

TEST_F(KeyStoreDamage, AnyFlippedBitIsSaidOrDoesNoHarm) {
  for (const auto& [name, bytes] : files_) {
    const bool told = name == "CURRENT" || absl::EndsWith(name, ".log");
    const size_t step = std::max<size_t>(1, bytes.size() / 60);
    for (size_t at = 0; at < bytes.size(); at += step) {
      SCOPED_TRACE(absl::StrCat(name, " byte ", at));
      PutBack();
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
      WriteFile(folder() + "/" + name, damaged);
      if (told) {
        ExpectRefused("flipped");
        continue;
      }
      const auto opened = Open(folder());
      if (opened.ok() && absl::StartsWith(name, "MANIFEST-")) {
        ExpectWhole(opened->get());
      } else if (opened.ok()) {
        ExpectHonest(opened->get());
      } else {
        EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss) << opened.status();
      }
    }
  }
}

TEST_F(KeyStoreDamage, ADamagedCurrentIsNamedWithWhatItShouldSay) {
  for (const std::string& content :
       {std::string(), std::string("MANIFEST-999999\n"), std::string("\x01\x80 no name")}) {
    PutBack();
    WriteFile(folder() + "/CURRENT", content);
    const absl::Status status = Open(folder()).status();
    EXPECT_EQ(ReasonOf(status), "KEY_STORE_CORRUPT") << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(folder() + "/CURRENT"));
    EXPECT_THAT(std::string(status.message()), HasSubstr(FileNamed("MANIFEST")));
    EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("\x80")));
  }
}

TEST_F(KeyStoreDamage, AWriteThatWasNeverAcknowledgedMayBeTorn) {
  const std::string name = FileNamed(".log");
  const std::string& bytes = files_[name];
  for (const size_t torn : {size_t{1}, size_t{6}, size_t{30}, size_t{200}}) {
    SCOPED_TRACE(torn);
    PutBack();
    // Zeros of its header aside, it begins as the first of the file does.
    WriteFile(folder() + "/" + name, bytes + bytes.substr(0, torn));
    {
      const auto rows = MustOpen(folder());
      ASSERT_NE(rows, nullptr);
      ExpectWhole(rows.get());
      MadeAheadKeyStore store(rows.get(), &random_, &clock_, kBatch);
      EXPECT_TRUE(store.TakeKey(KeyKind::kText).ok());
    }
    ExpectWhole(MustOpen(folder()).get());
  }
}

TEST_F(KeyStoreDamage, AStoreThatIsAheadOfItsMarkIsWhole) {
  // As a crash between the two leaves it.
  const auto before = MustOpen(folder());
  const std::string older = ReadFile(folder() + ".mark");
  MadeAheadKeyStore store(before.get(), &random_, &clock_, kBatch);
  const auto key = store.TakeKey(KeyKind::kText);
  ASSERT_TRUE(key.ok());
  WriteFile(folder() + ".mark", older);
  fs::copy(folder(), dir_ + "/copy");
  fs::copy(folder() + ".mark", dir_ + "/copy.mark");
  const auto rows = MustOpen(dir_ + "/copy");
  ASSERT_NE(rows, nullptr);
  ExpectWhole(rows.get());
  EXPECT_FALSE(rows->unproved());
}

TEST_F(KeyStoreDamage, AnOlderCopyIsSaidToLackWhatWasWrittenSince) {
  // Both copies of the mark say so in turn.
  for (int writes = 1; writes <= 3; ++writes) {
    PutBack();
    {
      const auto rows = MustOpen(folder());
      MadeAheadKeyStore store(rows.get(), &random_, &clock_, kBatch);
      for (int i = 0; i < writes * kBatch; ++i) ASSERT_TRUE(store.TakeKey(KeyKind::kText).ok());
    }
    const std::string newer = ReadFile(folder() + ".mark");
    PutBack();
    WriteFile(folder() + ".mark", newer);
    const absl::Status status = Open(folder()).status();
    EXPECT_EQ(ReasonOf(status), "KEY_STORE_CUT") << status;
    EXPECT_THAT(MetadataOf(status), testing::Contains(testing::Pair("missing", absl::StrCat(writes))));
  }
}

TEST_F(KeyStoreDamage, WithoutItsMarkWhatIsThereIsTakenAndTheRestIsLostNotErased) {
  int lost = 0;
  for (const std::string& name : {FileNamed(".log"), FileNamed("MANIFEST")}) {
    for (size_t size = files_[name].size() / 2; size < files_[name].size(); size += files_[name].size() / 7) {
      SCOPED_TRACE(absl::StrCat(name, " cut at ", size));
      PutBack();
      fs::resize_file(folder() + "/" + name, size);
      const absl::Status refused = Open(folder()).status();
      if (refused.ok()) continue;  // nothing was taken
      fs::remove(folder() + ".mark");
      if (ReasonOf(refused) == "KEY_STORE_CORRUPT") {
        // What cannot be read at all stays refused, mark or none.
        EXPECT_EQ(ReasonOf(Open(folder()).status()), "KEY_STORE_CORRUPT");
        continue;
      }
      EXPECT_EQ(ReasonOf(refused), "KEY_STORE_CUT") << refused;
      {
        const auto rows = MustOpen(folder());
        ASSERT_NE(rows, nullptr);
        EXPECT_TRUE(rows->unproved());
        MadeAheadKeyStore store(rows.get(), &random_, &clock_, kBatch);
        for (const auto& [id, secret] : secrets_) {
          const auto key = store.Find(id);
          if (key.ok()) continue;
          EXPECT_EQ(ReasonOf(key.status()), "KEY_LOST") << key.status();
          ++lost;
        }
        EXPECT_TRUE(store.TakeKey(KeyKind::kText).ok());
      }
      // Accepted once, it is whole as it is.
      const auto again = MustOpen(folder());
      ASSERT_NE(again, nullptr);
      EXPECT_FALSE(again->unproved());
    }
  }
  EXPECT_GT(lost, 0);
}

TEST_F(KeyStoreDamage, AMarkIsReadFromEitherCopyAndNamedWhenBothAreDamaged) {
  for (const size_t at : {size_t{7}, size_t{519}}) {
    PutBack();
    std::string damaged = mark_;
    damaged[at] ^= 1;
    WriteFile(folder() + ".mark", damaged);
    ExpectWhole(MustOpen(folder()).get());
  }
  PutBack();
  std::string damaged = mark_;
  damaged[7] ^= 1;
  damaged[519] ^= 1;
  for (const std::string& bytes : {damaged, std::string(), mark_.substr(0, 20)}) {
    WriteFile(folder() + ".mark", bytes);
    const absl::Status status = Open(folder()).status();
    EXPECT_EQ(ReasonOf(status), "KEY_STORE_CORRUPT") << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(folder() + ".mark"));
  }
}

}  // namespace
}  // namespace redress

// Torn and flipped bytes in the embedded log's files.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/log/embedded/embedded_fixture.h"
#include "libs/log/embedded/wal_check.h"

namespace redress::log {
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

class Damage : public EmbeddedFixture {
 protected:
  // A log of three acknowledged appends, closed; remembers the size of its WAL after each.
  void SetUp() override {
    const auto log = MustOpen(Options());
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(Append(log.get(), {absl::StrCat("first of ", i), absl::StrCat("second of ", i)}),
                AppendOutcome::kAppended);
      sizes_.push_back(fs::file_size(Wal()));
    }
  }
  fs::path Find(absl::string_view suffix) {
    fs::path found;
    for (const auto& file : fs::directory_iterator(Options().dir)) {
      if (absl::EndsWith(file.path().string(), suffix)) found = file.path();
    }
    return found;
  }
  fs::path Wal() { return Find(".log"); }

  // A copy that a test may damage, under another name.
  EmbeddedLogOptions Copy() {
    EmbeddedLogOptions options = Options();
    const std::string from = options.dir;
    options.dir = dir_ / "copy";
    fs::remove_all(options.dir);
    fs::copy(from, options.dir);
    return options;
  }

  std::vector<uint64_t> sizes_;
};

TEST_F(Damage, ATornTailIsCutAndSaidAndAllBeforeItIsThere) {
  const fs::path wal = Wal().filename();
  for (uint64_t size = sizes_[1]; size < sizes_[2]; ++size) {
    SCOPED_TRACE(absl::StrCat("cut at ", size));
    const EmbeddedLogOptions options = Copy();
    fs::resize_file(fs::path(options.dir) / wal, size);
    const auto log = MustOpen(options);
    ASSERT_NE(log, nullptr);
    const auto all = ReadAll(log.get());
    ASSERT_TRUE(all.ok()) << all.status();
    EXPECT_EQ(all->size(), 4u);
    EXPECT_EQ(all->back(), "second of 1");
    if (size == sizes_[1]) {
      EXPECT_TRUE(log->open_report().torn.empty());
    } else {
      ASSERT_EQ(log->open_report().torn.size(), 1u);
      EXPECT_EQ(log->open_report().torn[0].file, (fs::path(options.dir) / wal).string());
      EXPECT_EQ(log->open_report().torn[0].offset, sizes_[1]);
      EXPECT_EQ(log->open_report().torn[0].bytes, size - sizes_[1]);
    }
    // The cut is not found a second time, and what comes after it is.
    EXPECT_EQ(Append(log.get(), {"after"}), AppendOutcome::kAppended);
  }
  EmbeddedLogOptions options = Options();
  options.dir = dir_ / "copy";
  const auto log = MustOpen(options);
  EXPECT_TRUE(log->open_report().torn.empty());
  EXPECT_EQ(ReadAll(log.get())->back(), "after");
}

TEST_F(Damage, AFlippedBitAnywhereInTheLogIsNamedAndRefused) {
  const fs::path wal = Wal().filename();
  const std::string bytes = ReadFile(Wal());
  for (size_t at = 0; at < bytes.size(); ++at) {
    SCOPED_TRACE(absl::StrCat("byte ", at));
    const EmbeddedLogOptions options = Copy();
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    WriteFile(fs::path(options.dir) / wal, damaged);
    const auto log = EmbeddedLog::Open(options);
    ASSERT_FALSE(log.ok());
    EXPECT_EQ(log.status().code(), absl::StatusCode::kDataLoss) << log.status();
    EXPECT_EQ(ReasonOf(log.status()), "LOG_CORRUPT");
    EXPECT_THAT(std::string(log.status().message()),
                HasSubstr(absl::StrCat((fs::path(options.dir) / wal).string(), " byte ")));
    // Nothing was changed: mended, it opens.
    WriteFile(fs::path(options.dir) / wal, bytes);
    if (at % 16 == 0) {
      EXPECT_EQ(ReadAll(MustOpen(options).get())->size(), 6u);
    }
  }
}

TEST_F(Damage, AFlippedBitInTheManifestIsNamedAndRefused) {
  fs::path manifest;
  for (const auto& file : fs::directory_iterator(Options().dir)) {
    if (absl::StrContains(file.path().string(), "MANIFEST")) manifest = file.path().filename();
  }
  const std::string bytes = ReadFile(fs::path(Options().dir) / manifest);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    SCOPED_TRACE(absl::StrCat("byte ", at));
    const EmbeddedLogOptions options = Copy();
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    WriteFile(fs::path(options.dir) / manifest, damaged);
    const auto log = EmbeddedLog::Open(options);
    EXPECT_EQ(log.status().code(), absl::StatusCode::kDataLoss) << log.status();
    EXPECT_THAT(std::string(log.status().message()), HasSubstr(manifest.string()));
  }
}

TEST_F(Damage, ADamagedCurrentIsNamedWithWhatItShouldHold) {
  const std::string content = ReadFile(fs::path(Options().dir) / "CURRENT");
  for (size_t at = 0; at <= content.size(); ++at) {
    SCOPED_TRACE(absl::StrCat("byte ", at));
    const EmbeddedLogOptions options = Copy();
    std::string damaged = content;
    if (at < content.size()) damaged[at] = static_cast<char>(damaged[at] ^ 0x81);
    WriteFile(fs::path(options.dir) / "CURRENT", at < content.size() ? damaged : "");
    const absl::Status error = EmbeddedLog::Open(options).status();
    EXPECT_EQ(ReasonOf(error), "LOG_CORRUPT") << error;
    EXPECT_THAT(std::string(error.message()), HasSubstr("CURRENT"));
    EXPECT_THAT(std::string(error.message()), HasSubstr(content.substr(0, content.size() - 1)));
    WriteFile(fs::path(options.dir) / "CURRENT", content);
    if (at == 0) {
      EXPECT_EQ(ReadAll(MustOpen(options).get())->size(), 6u);
    }
  }
}

TEST_F(Damage, AWriteAheadLogThatIsGoneIsRefusedUntilItIsGivenUp) {
  {
    const auto log = MustOpen(Options());  // moves the six into a table
    ASSERT_EQ(Append(log.get(), {"seventh"}), AppendOutcome::kAppended);
  }
  const fs::path wal = Wal().filename();
  EmbeddedLogOptions options = Copy();
  fs::remove(fs::path(options.dir) / wal);
  const absl::Status error = EmbeddedLog::Open(options).status();
  EXPECT_EQ(ReasonOf(error), "LOG_CORRUPT") << error;
  EXPECT_THAT(std::string(error.message()), HasSubstr(options.dir));
  WriteFile(fs::path(options.dir) / "000001.log", "");
  EXPECT_EQ(ReadAll(MustOpen(options).get())->size(), 6u);
  EXPECT_EQ(ReadAll(MustOpen(options).get())->size(), 6u);
  // Put back instead, it is whole.
  options = Copy();
  EXPECT_EQ(ReadAll(MustOpen(options).get())->size(), 7u);
}

TEST_F(Damage, AFlippedByteInATableIsNamedByTheReader) {
  MustOpen(Options());  // a start moves the log's content into a table
  const fs::path table = Find(".sst");
  ASSERT_FALSE(table.empty());
  std::string bytes = ReadFile(table);
  bytes[30] ^= 1;
  WriteFile(table, bytes);
  // Whether the damage shows at the start or at the reading depends on what the block holds.
  const auto log = EmbeddedLog::Open(Options());
  const absl::Status error = log.ok() ? ReadAll(log->get()).status() : log.status();
  EXPECT_EQ(error.code(), absl::StatusCode::kDataLoss) << error;
  EXPECT_THAT(std::string(error.message()), HasSubstr(table.filename().string()));
}

// Records of several blocks, cut and flipped at every place of a long file's interesting parts.
TEST_F(Damage, LongRecordsAreCutAndNamedLikeShortOnes) {
  uint64_t before = 0;
  {
    const auto log = MustOpen(Options());
    ASSERT_EQ(Append(log.get(), {std::string(50'000, 'x')}), AppendOutcome::kAppended);
    before = fs::file_size(Wal());
    ASSERT_EQ(Append(log.get(), {std::string(70'000, 'y')}), AppendOutcome::kAppended);
  }
  const std::string bytes = ReadFile(Wal());
  for (uint64_t size = before + 1; size < bytes.size(); size += 997) {
    const auto end = CheckWal("wal", absl::string_view(bytes).substr(0, size));
    ASSERT_TRUE(end.ok()) << size << ": " << end.status();
    EXPECT_EQ(end->good_bytes, before);
    EXPECT_EQ(end->torn_bytes, size - before);
  }
  for (size_t at = 0; at < bytes.size(); at += 997) {
    std::string damaged = bytes;
    damaged[at] ^= 4;
    EXPECT_FALSE(CheckWal("wal", damaged).ok()) << at;
  }
  std::string zeroed = bytes;
  std::fill(zeroed.begin() + 32768, zeroed.begin() + 2 * 32768, '\0');
  EXPECT_FALSE(CheckWal("wal", zeroed).ok());
  std::string reserved = bytes + std::string(100'000, '\0');
  ASSERT_TRUE(CheckWal("wal", reserved).ok());
  EXPECT_EQ(CheckWal("wal", reserved)->torn_bytes, 0u);
}

}  // namespace
}  // namespace redress::log

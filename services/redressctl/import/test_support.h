// What the tests of this folder share: mappings and files out of texts, and all results of a mapper.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/protobuf/text_format.h"
#include "services/redressctl/import/mapper.h"
#include "services/redressctl/import/mapping.h"
#include "tests/testing/temp_dir.h"

namespace redress::importer {

// 2024-06-01T00:00:00Z: what tests take for now.
inline constexpr Millis kNow = 1717200000000;

inline Millis At(const std::string& rfc3339) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, rfc3339, &time, &error)) << error;
  return absl::ToUnixMillis(time);
}

inline ::redress::import::v1::Mapping Parse(const std::string& text) {
  const auto mapping = ParseMapping(text);
  EXPECT_TRUE(mapping.ok()) << mapping.status();
  return mapping.ok() ? *mapping : ::redress::import::v1::Mapping();
}

// The folder that holds deploy/, of the tree this test was built in.
inline std::string SourceDir() {
  namespace fs = std::filesystem;
  for (fs::path at = fs::read_symlink("/proc/self/exe"); at.has_relative_path(); at = at.parent_path()) {
    if (fs::exists(at / "CMakePresets.json")) return at.string();
  }
  return "";
}

// A file that goes with its owner.
class TestFile {
 public:
  explicit TestFile(const std::string& text) : path_(dir_ / "data") { std::ofstream(path_, std::ios::binary) << text; }
  static std::string Zip(const std::string& text) {
    testing::TempDir dir;
    const gzFile file = gzopen((dir / "packed").c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    std::ifstream packed(dir / "packed", std::ios::binary);
    return {std::istreambuf_iterator<char>(packed), {}};
  }
  const std::string& path() const { return path_; }

 private:
  testing::TempDir dir_;
  std::string path_;
};

// All results; each row must be in exactly one.
inline std::vector<Result> MapFile(const ::redress::import::v1::Mapping& mapping, const std::string& path,
                                   Millis now = kNow) {
  std::vector<Result> results;
  auto mapper = OpenMapper(mapping, path, now);
  EXPECT_TRUE(mapper.ok()) << mapper.status();
  if (!mapper.ok()) return results;
  int64_t rows = 0;
  for (;;) {
    auto result = (*mapper)->Next();
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok() || !result->has_value()) break;
    rows += (*result)->rows();
    EXPECT_EQ((*result)->complaint.has_value(), !Refused((*result)->issues));
    results.push_back(*std::move(*result));
  }
  EXPECT_EQ(rows, (*mapper)->rows());
  return results;
}

inline std::vector<Result> MapText(const std::string& mapping, const std::string& data, Millis now = kNow) {
  const TestFile file(data);
  return MapFile(Parse(mapping), file.path(), now);
}

// "F closed_before_received@3:Closed" for a flag, "R …" for a refusal.
inline std::vector<std::string> Issues(const Result& result) {
  std::vector<std::string> texts;
  for (const Issue& issue : result.issues) {
    texts.push_back(
        absl::StrCat(issue.refuses ? "R " : "F ", NameOf(issue.oddity), "@", issue.line, ":", issue.column));
  }
  return texts;
}

// "RECEIVED 2024-05-01T10:00:00Z", "RESOLVED 2024-05-01T23:59:59Z day FIXED", "ASSIGNED 2024-05-01T10:00:00Z
// team/handler".
inline std::vector<std::string> Facts(const Result& result) {
  namespace types = ::redress::types::v1;
  std::vector<std::string> texts;
  if (!result.complaint.has_value()) return texts;
  for (const auto& fact : result.complaint->facts()) {
    std::string text = types::FactKind_Name(fact.kind()).substr(10);
    absl::StrAppend(
        &text, " ",
        absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixMillis(fact.occurred_at()), absl::UTCTimeZone()));
    if (fact.precision() == types::PRECISION_DAY) text += " day";
    if (fact.kind() == types::FACT_KIND_RESOLVED)
      absl::StrAppend(&text, " ", types::Outcome_Name(fact.outcome()).substr(8));
    if (fact.kind() == types::FACT_KIND_ASSIGNED) absl::StrAppend(&text, " ", fact.team(), "/", fact.handler());
    if (fact.stage() != 0) absl::StrAppend(&text, " stage ", fact.stage());
    texts.push_back(text);
  }
  return texts;
}

}  // namespace redress::importer

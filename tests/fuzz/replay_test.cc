// Every target on its corpus: what fuzzing found stays found, without clang and in seconds.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

namespace fs = std::filesystem;

// tests/fuzz/corpus of the source tree that this test was built in.
fs::path CorpusDir() {
  std::error_code ignored;
  for (fs::path at = fs::read_symlink("/proc/self/exe", ignored); at.has_relative_path(); at = at.parent_path()) {
    if (fs::exists(at / "CMakePresets.json", ignored)) return at / "tests" / "fuzz" / "corpus";
  }
  return "";
}

std::set<std::string> FilesOf(const fs::path& dir) {
  std::set<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(dir, ignored)) names.insert(entry.path().filename().string());
  return names;
}

class Corpus : public testing::TestWithParam<const Target*> {};

TEST_P(Corpus, Holds) {
  const Target& target = *GetParam();
  const fs::path dir = CorpusDir() / target.name;
  const std::set<std::string> files = FilesOf(dir);
  ASSERT_FALSE(files.empty()) << dir << " holds no seed";
  size_t bytes = 0;
  for (const std::string& file : files) {
    std::ifstream in(dir / file, std::ios::binary);
    const std::string input(std::istreambuf_iterator<char>(in), {});
    bytes += input.size();
    // A check that fails ends the process: this is the last line then.
    std::printf("%s/%s\n", target.name, file.c_str());
    std::fflush(stdout);
    target.run(input);
    target.run(absl::string_view(input).substr(0, input.size() / 2));
  }
  EXPECT_LE(bytes, size_t{48} << 10) << "a corpus is small: what adds nothing goes";
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, testing::ValuesIn(Targets()),
                         [](const auto& info) { return std::string(info.param->name); });

TEST(Corpora, HaveTheirTargets) {
  std::set<std::string> names;
  for (const Target* target : Targets()) names.insert(target->name);
  EXPECT_EQ(FilesOf(CorpusDir()), names);
}

}  // namespace
}  // namespace redress::fuzz

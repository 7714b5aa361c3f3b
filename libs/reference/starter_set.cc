#include "libs/reference/starter_set.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/textproto.h"

namespace redress::reference {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kOrganisation = "organisation.textproto";
constexpr absl::string_view kRules = "rules.textproto";
constexpr absl::string_view kPackRules = "pack_rules.textproto";

absl::Status NotFound(absl::string_view message) {
  return MakeError(absl::StatusCode::kNotFound, "FILE_NOT_FOUND", message);
}

template <typename Message>
absl::Status LoadEach(const std::string& dir, absl::string_view prefix, std::vector<Message>* into) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    const std::string name = entry.path().filename().string();
    if (absl::StartsWith(name, prefix) && absl::EndsWith(name, ".textproto") && name != kPackRules) {
      names.push_back(name);
    }
  }
  if (names.empty()) return NotFound(absl::StrCat(dir, "/", prefix, "*.textproto: there is none"));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    RETURN_IF_ERROR(LoadTextproto(absl::StrCat(dir, "/", name), &into->emplace_back()));
  }
  return absl::OkStatus();
}

bool IsConfigDir(const fs::path& dir) {
  std::error_code ignored;
  return fs::exists(dir / std::string(kOrganisation), ignored);
}

}  // namespace

absl::Status LoadTextproto(const std::string& path, google::protobuf::Message* into) {
  std::ifstream file(path, std::ios::binary);
  // A folder opens, too, and reads as nothing.
  std::error_code ignored;
  if (!file || fs::is_directory(path, ignored)) return NotFound(absl::StrCat(path, ": cannot be opened"));
  std::ostringstream text;
  text << file.rdbuf();
  const absl::Status read = ParseTextproto(text.str(), "BAD_FILE", into);
  return read.ok() ? read : Annotate(read, path);
}

absl::StatusOr<StarterSet> LoadStarterSet(const std::string& dir) {
  StarterSet set;
  RETURN_IF_ERROR(LoadTextproto(absl::StrCat(dir, "/", kOrganisation), &set.organisation));
  RETURN_IF_ERROR(LoadTextproto(absl::StrCat(dir, "/", kRules), &set.rules));
  RETURN_IF_ERROR(LoadTextproto(absl::StrCat(dir, "/", kPackRules), &set.pack_rules));
  RETURN_IF_ERROR(LoadEach(dir, "pack_", &set.packs));
  RETURN_IF_ERROR(LoadEach(dir, "calendar_", &set.calendars));
  return set;
}

absl::StatusOr<std::string> FindConfigDir(absl::string_view flag) {
  std::vector<std::string> tried;
  const auto found = [&](const fs::path& dir) {
    tried.push_back(dir.string());
    return IsConfigDir(dir);
  };
  const char* set = std::getenv("REDRESS_CONFIG");
  // What was asked for is not replaced by something else.
  if (!flag.empty() || set != nullptr) {
    const fs::path asked(flag.empty() ? std::string(set) : std::string(flag));
    if (found(asked)) return asked.string();
  } else {
    std::error_code ignored;
    const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    const fs::path installed = (folder / ".." / "share" / "redress" / "config").lexically_normal();
    if (found(installed)) return installed.string();
    for (fs::path at = folder; at.has_relative_path(); at = at.parent_path()) {
      if (IsConfigDir(at / "deploy" / "config")) return (at / "deploy" / "config").string();
    }
    tried.push_back("deploy/config above it");
  }
  return NotFound(
      absl::StrCat("no starter set (", kOrganisation, " and its like) in ", absl::StrJoin(tried, ", nor in ")));
}

}  // namespace redress::reference

// Where tests find the shared real data, which the project does not contain.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace redress::testing {

// $REDRESS_DATA if set, else shared/data beside the source tree that the running test was built in; "" where that is
// absent: the test then skips, saying so.
inline std::string DataDir() {
  namespace fs = std::filesystem;
  if (const char* set = std::getenv("REDRESS_DATA")) return fs::is_directory(set) ? set : "";
  std::error_code ignored;
  for (fs::path at = fs::read_symlink("/proc/self/exe", ignored); at.has_relative_path(); at = at.parent_path()) {
    if (!fs::exists(at / "CMakePresets.json", ignored)) continue;
    const fs::path data = at.parent_path() / "shared" / "data";
    return fs::is_directory(data, ignored) ? data.string() : "";
  }
  return "";
}

}  // namespace redress::testing

// Files that a loss of power must not take: what is in a file is safe once it is synced, that it is there at all once its
// folder is.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace redress {

// Writes all of `bytes` to an open file, from where it stands, and has the disk take them in. UNAVAILABLE, saying why;
// then a part of them may be there.
absl::Status WriteDurably(int file, absl::string_view bytes);
// Makes the file `path`, readable by its owner alone, or replaces what is in it. UNAVAILABLE, naming what failed.
absl::Status WriteFileDurably(const std::string& path, absl::string_view bytes);
// That `path` is there, under this name: to be called after it was made or renamed. UNAVAILABLE, naming what failed.
absl::Status SyncFolderOf(const std::string& path);
// Gives the folder `part`, which is complete, the name `dir`: a loss of power finds it whole or not at all. UNAVAILABLE as
// above; then it may have either name.
absl::Status MoveDurably(const std::string& part, const std::string& dir);

}  // namespace redress

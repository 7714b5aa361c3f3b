// Looks through RocksDB's own log files (write-ahead logs and MANIFEST) for damage before RocksDB opens them.
//
// RocksDB drops a cut record at the end without a word, and takes a damaged length field for such a cut, dropping whole
// records behind it. Here the two are told apart, and both are given file and place.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace redress::log {

// How a file ends.
struct WalEnd {
  uint64_t good_bytes = 0;  // whole records up to here
  uint64_t torn_bytes = 0;  // the beginning of one more behind them
};

// `bytes` is the content of the file called `file`. DATA_LOSS LOG_CORRUPT, naming file and offset, when it holds
// anything that is neither a whole record nor the beginning of one at the very end.
absl::StatusOr<WalEnd> CheckWal(absl::string_view file, absl::string_view bytes);

}  // namespace redress::log

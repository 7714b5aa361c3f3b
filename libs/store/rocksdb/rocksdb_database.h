// Rows in RocksDB: what every projection lives in.
#pragma once

#include <memory>
#include <string>

#include "libs/store/store.h"

namespace rocksdb {
class Env;
}

namespace redress::store {

struct RocksDatabaseOptions {
  std::string dir;              // made when missing
  rocksdb::Env* env = nullptr;  // the machine's own when null; faults are injected here
  uint64_t cache_bytes = 64 << 20;
  uint64_t write_buffer_bytes = 32 << 20;
};

// UNAVAILABLE (reason DATA_DIR_IN_USE) when another process has it; DATA_LOSS when it is damaged: delete it and it is
// rebuilt.
absl::StatusOr<std::unique_ptr<Database>> OpenRocksDatabase(const RocksDatabaseOptions& options);

}  // namespace redress::store

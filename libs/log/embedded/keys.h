// Keys of the embedded log's RocksDB; their grammar is at the top of keys.cc.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/log/log.h"

namespace redress::log {

inline constexpr absl::string_view kFormatKey =
    "\xff"
    "format";
inline constexpr absl::string_view kFormatVersion = "1";

// How many bytes the keys of a shard's entries have in common.
inline constexpr size_t kShardPrefixBytes = 5;

std::string EntryKey(ShardId shard, int64_t offset);

// The first key after every entry of `shard`.
std::string ShardEndKey(ShardId shard);

// False when `key` is no entry of `shard`.
bool ParseEntryKey(absl::string_view key, ShardId shard, int64_t* offset);

}  // namespace redress::log

// One column family.
//
//   entry   = stream:1 shard:4 offset:8       -> the serialised Record
//   format  = 0xff "format"                   -> decimal version of this grammar, "1"
//
// Integers are unsigned and big-endian, so that keys sort as the log does; `stream` is the value of enum Stream, which
// leaves 0xff free. Entry 300 of scheduling/2:
//
//   03 00000002 000000000000012c
#include "libs/log/embedded/keys.h"

namespace redress::log {
namespace {

constexpr size_t kEntryKeyBytes = kShardPrefixBytes + 8;

void PutBigEndian(uint64_t value, int bytes, std::string* out) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

std::string Prefix(ShardId shard) {
  std::string key;
  key.reserve(kEntryKeyBytes);
  key.push_back(static_cast<char>(shard.stream));
  PutBigEndian(shard.shard, 4, &key);
  return key;
}

}  // namespace

std::string EntryKey(ShardId shard, int64_t offset) {
  std::string key = Prefix(shard);
  PutBigEndian(static_cast<uint64_t>(offset), 8, &key);
  return key;
}

std::string ShardEndKey(ShardId shard) {
  std::string key = Prefix(shard);
  PutBigEndian(~uint64_t{0}, 8, &key);
  return key;
}

bool ParseEntryKey(absl::string_view key, ShardId shard, int64_t* offset) {
  if (key.size() != kEntryKeyBytes || key.substr(0, kShardPrefixBytes) != Prefix(shard)) return false;
  uint64_t value = 0;
  for (const char byte : key.substr(kShardPrefixBytes)) value = value << 8 | static_cast<unsigned char>(byte);
  *offset = static_cast<int64_t>(value);
  return true;
}

}  // namespace redress::log

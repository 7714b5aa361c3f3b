#include "libs/store/store.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message_lite.h>
#include <sodium.h>

#include "libs/store/keys.h"
#include "libs/store/table.h"

namespace redress::store {
namespace {

constexpr uint8_t kFirstLookupTable = 0xC0;
constexpr uint8_t kFirstRuntimeTable = 0xF0;

void HashPiece(crypto_generichash_state* hash, absl::string_view piece) {
  const uint64_t size = piece.size();
  unsigned char length[8];
  for (int i = 0; i < 8; ++i) length[i] = static_cast<unsigned char>(size >> (8 * i));
  crypto_generichash_update(hash, length, sizeof(length));
  crypto_generichash_update(hash, reinterpret_cast<const unsigned char*>(piece.data()), piece.size());
}

void HashTables(const Rows& rows, uint16_t shard, uint8_t first, uint8_t last, crypto_generichash_state* hash) {
  rows.Scan(Key(shard, first).bytes(), After(Key(shard, last).bytes()),
            [&](absl::string_view key, absl::string_view value) {
              HashPiece(hash, key);
              HashPiece(hash, value);
              return true;
            });
}

}  // namespace

std::optional<std::string> View::Get(absl::string_view key) const {
  const auto it = writes_.find(key);
  if (it != writes_.end()) return it->second;
  return base_->Get(key);
}

void View::Scan(absl::string_view from, absl::string_view to, Visitor visit) const {
  auto mine = writes_.lower_bound(from);
  const auto mine_ends = [&] { return mine == writes_.end() || (!to.empty() && mine->first >= to); };
  bool stopped = false;
  // Visits own rows below `key` (all when it is empty and `all` is set); false when the visitor has had enough.
  const auto visit_mine_below = [&](absl::string_view key, bool all) {
    for (; !mine_ends() && (all || mine->first < key); ++mine) {
      if (mine->second.has_value() && !visit(mine->first, *mine->second)) return false;
    }
    return true;
  };
  base_->Scan(from, to, [&](absl::string_view key, absl::string_view value) {
    if (!visit_mine_below(key, false)) return !(stopped = true);
    if (!mine_ends() && mine->first == key) {
      const bool go_on = !mine->second.has_value() || visit(mine->first, *mine->second);
      ++mine;
      return go_on || !(stopped = true);
    }
    return visit(key, value) || !(stopped = true);
  });
  if (!stopped) visit_mine_below("", true);
}

void View::ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const {
  auto mine = to.empty() ? writes_.end() : writes_.lower_bound(to);
  const auto mine_ends = [&] { return mine == writes_.begin() || std::prev(mine)->first < from; };
  bool stopped = false;
  const auto visit_mine_above = [&](absl::string_view key, bool all) {
    for (; !mine_ends() && (all || std::prev(mine)->first > key); --mine) {
      const auto& [own, value] = *std::prev(mine);
      if (value.has_value() && !visit(own, *value)) return false;
    }
    return true;
  };
  base_->ScanBack(from, to, [&](absl::string_view key, absl::string_view value) {
    if (!visit_mine_above(key, false)) return !(stopped = true);
    if (!mine_ends() && std::prev(mine)->first == key) {
      const auto& [own, own_value] = *std::prev(mine);
      const bool go_on = !own_value.has_value() || visit(own, *own_value);
      --mine;
      return go_on || !(stopped = true);
    }
    return visit(key, value) || !(stopped = true);
  });
  if (!stopped) visit_mine_above("", true);
}

void View::Absorb(Writes writes) {
  while (!writes.empty()) {
    auto inserted = writes_.insert(writes.extract(writes.begin()));
    if (!inserted.inserted) inserted.position->second = std::move(inserted.node.mapped());
  }
}

std::string RowBytes(const google::protobuf::MessageLite& row) {
  // Into a string of its size: one that grows is copied again and again.
  std::string bytes(row.ByteSizeLong(), '\0');
  google::protobuf::io::ArrayOutputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  row.SerializeWithCachedSizes(&coded);
  // It holds the last bytes back, and `bytes` may be moved before it goes.
  coded.Trim();
  return bytes;
}

std::string DigestOf(const Rows& rows, uint16_t shard, DigestScope scope) {
  crypto_generichash_state hash;
  crypto_generichash_init(&hash, nullptr, 0, 16);
  HashTables(rows, shard, 0, kFirstLookupTable - 1, &hash);
  if (scope == DigestScope::kAll) HashTables(rows, shard, kFirstRuntimeTable, 0xFF, &hash);
  std::string digest(16, '\0');
  crypto_generichash_final(&hash, reinterpret_cast<unsigned char*>(digest.data()), digest.size());
  return digest;
}

}  // namespace redress::store

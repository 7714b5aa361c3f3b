// Typed tables: rows that are protobuf messages under keys of store/keys.h.
//
//   inline constexpr Table<ComplaintRow> kComplaints{0x01};       state that deciders load
//   inline constexpr ReadModel<ListRow> kByReceived{0x02};        what only readers need: not in speculative views
//   kComplaints.Put(view, shard, rest, row);
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "libs/store/keys.h"
#include "libs/store/store.h"

namespace google::protobuf {
class MessageLite;
}

namespace redress::store {

// The bytes of a row: equal for equal rows of one build, also where they hold maps (whose order protobuf leaves open
// otherwise).
std::string RowBytes(const google::protobuf::MessageLite& row);

// Rows of message type `Row` in table `id`. `rest` is what follows shard and table in the key.
template <typename Row>
class Table {
 public:
  explicit constexpr Table(uint8_t id) : id_(id) {}
  constexpr uint8_t id() const { return id_; }
  Key KeyIn(uint16_t shard) const { return Key(shard, id_); }

  std::optional<Row> Get(const Rows& rows, uint16_t shard, absl::string_view rest) const {
    const auto bytes = rows.Get(KeyIn(shard).Raw(rest).bytes());
    if (!bytes.has_value()) return std::nullopt;
    std::optional<Row> row(std::in_place);
    row->ParseFromString(*bytes);
    return row;
  }
  bool Has(const Rows& rows, uint16_t shard, absl::string_view rest) const {
    return rows.Get(KeyIn(shard).Raw(rest).bytes()).has_value();
  }
  void Put(View& view, uint16_t shard, absl::string_view rest, const Row& row) const {
    view.Put(KeyIn(shard).Raw(rest).Take(), RowBytes(row));
  }
  void Delete(View& view, uint16_t shard, absl::string_view rest) const { view.Delete(KeyIn(shard).Raw(rest).Take()); }
  // Visits (rest, row) in key order for rests that begin with `prefix`, until `visit` returns false.
  void Scan(const Rows& rows, uint16_t shard, absl::string_view prefix,
            absl::FunctionRef<bool(absl::string_view rest, const Row& row)> visit) const {
    const std::string from = KeyIn(shard).Raw(prefix).Take();
    rows.Scan(from, After(from), [&](absl::string_view key, absl::string_view value) {
      Row row;
      row.ParseFromArray(value.data(), static_cast<int>(value.size()));
      return visit(key.substr(3), row);
    });
  }

 private:
  uint8_t id_;
};

// A table that no decider reads: writes to a speculative view are dropped.
template <typename Row>
class ReadModel : public Table<Row> {
 public:
  using Table<Row>::Table;
  void Put(View& view, uint16_t shard, absl::string_view rest, const Row& row) const {
    if (!view.speculative()) Table<Row>::Put(view, shard, rest, row);
  }
  void Delete(View& view, uint16_t shard, absl::string_view rest) const {
    if (!view.speculative()) Table<Row>::Delete(view, shard, rest);
  }
};

// A read model of keys alone.
class KeySet {
 public:
  explicit constexpr KeySet(uint8_t id) : id_(id) {}
  Key KeyIn(uint16_t shard) const { return Key(shard, id_); }
  void Put(View& view, uint16_t shard, absl::string_view rest) const {
    if (!view.speculative()) view.Put(KeyIn(shard).Raw(rest).Take(), "");
  }
  void Delete(View& view, uint16_t shard, absl::string_view rest) const {
    if (!view.speculative()) view.Delete(KeyIn(shard).Raw(rest).Take());
  }

 private:
  uint8_t id_;
};

}  // namespace redress::store

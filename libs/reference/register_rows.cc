// Tables of the register's projection (store.h: key = shard table rest; the shard is 0):
//
//   01 state    (nothing)                        → StateRow
//   02 version  u8(kind) str(id) i64(version)    → VersionRow
//   03 part     i64(version) u32(part)           → redress.register.v1.Territory
//   04 draft    raw(upload)                      → DraftRow
//
// e.g. version 2 of calendar "agency": 00 00 02 06 61 67 65 6E 63 79 00 80 00 00 00 00 00 00 02
#include "libs/reference/register_rows.h"

#include "libs/reference/territory_check.h"
#include "libs/store/keys.h"
#include "libs/store/table.h"

namespace redress::reference {
namespace {

constexpr uint16_t kShard = 0;
constexpr store::Table<rows_v1::StateRow> kState(0x01);
constexpr store::Table<rows_v1::VersionRow> kVersions(0x02);
constexpr store::Table<register_v1::Territory> kParts(0x03);
constexpr store::Table<rows_v1::DraftRow> kDrafts(0x04);

// What follows shard and table.
std::string Rest(store::Key key) { return key.Take().substr(3); }

std::string IdRest(register_v1::ReferenceKind kind, absl::string_view id) {
  return Rest(store::Key(0, 0).U8(static_cast<uint8_t>(kind)).Str(id));
}
std::string VersionRest(const VersionName& name) {
  return Rest(store::Key(0, 0).U8(static_cast<uint8_t>(name.kind)).Str(name.id).I64(name.version));
}
std::string PartRest(int64_t version, int32_t part) {
  return Rest(store::Key(0, 0).I64(version).U32(static_cast<uint32_t>(part)));
}

}  // namespace

rows_v1::StateRow LoadState(const store::Rows& rows) {
  return kState.Get(rows, kShard, "").value_or(rows_v1::StateRow());
}

void SaveState(store::View* rows, const rows_v1::StateRow& state) { kState.Put(*rows, kShard, "", state); }

std::vector<rows_v1::VersionRow> LoadVersions(const store::Rows& rows, register_v1::ReferenceKind kind,
                                              absl::string_view id) {
  std::vector<rows_v1::VersionRow> versions;
  kVersions.Scan(rows, kShard, IdRest(kind, id), [&](absl::string_view, const rows_v1::VersionRow& row) {
    versions.push_back(row);
    return true;
  });
  return versions;
}

std::optional<rows_v1::VersionRow> FindVersion(const store::Rows& rows, register_v1::ReferenceKind kind,
                                               absl::string_view id, int64_t version) {
  return kVersions.Get(rows, kShard, VersionRest({kind, std::string(id), version}));
}

std::optional<rows_v1::VersionRow> FindInForce(const store::Rows& rows, register_v1::ReferenceKind kind,
                                               absl::string_view id, Millis at) {
  std::vector<rows_v1::VersionRow> versions = LoadVersions(rows, kind, id);
  const size_t index =
      IndexInForce(versions, at, [](const rows_v1::VersionRow& row) -> Millis { return row.active_from(); });
  if (index == kNone) return std::nullopt;
  return std::move(versions[index]);
}

void SaveVersion(store::View* rows, register_v1::ReferenceKind kind, absl::string_view id,
                 const rows_v1::VersionRow& row) {
  kVersions.Put(*rows, kShard, VersionRest({kind, std::string(id), row.version()}), row);
}

void ScanVersions(
    const store::Rows& rows, const VersionName& from,
    absl::FunctionRef<bool(const VersionName& name, absl::FunctionRef<rows_v1::VersionRow()> row)> visit) {
  const std::string begin = kVersions.KeyIn(kShard).Raw(VersionRest(from)).Take();
  const std::string end = store::After(kVersions.KeyIn(kShard).bytes());
  rows.Scan(begin, end, [&](absl::string_view key, absl::string_view value) {
    store::KeyReader reader(key.substr(3));
    VersionName name;
    name.kind = static_cast<register_v1::ReferenceKind>(reader.U8());
    name.id = reader.Str();
    name.version = reader.I64();
    return visit(name, [&] {
      rows_v1::VersionRow row;
      row.ParseFromArray(value.data(), static_cast<int>(value.size()));
      return row;
    });
  });
}

std::vector<std::string> ListIds(const store::Rows& rows, register_v1::ReferenceKind kind) {
  std::vector<std::string> ids;
  ScanVersions(rows, {kind, "", 0}, [&](const VersionName& name, absl::FunctionRef<rows_v1::VersionRow()>) {
    if (name.kind != kind) return false;
    if (ids.empty() || ids.back() != name.id) ids.push_back(name.id);
    return true;
  });
  return ids;
}

register_v1::Territory LoadTerritory(const store::Rows& rows, int64_t version) {
  register_v1::Territory territory;
  kParts.Scan(rows, kShard, Rest(store::Key(0, 0).I64(version)),
              [&](absl::string_view, const register_v1::Territory& part) {
                Join(part, &territory);
                return true;
              });
  return territory;
}

void SaveTerritoryPart(store::View* rows, int64_t version, int32_t part, const register_v1::Territory& nodes) {
  kParts.Put(*rows, kShard, PartRest(version, part), nodes);
}

std::optional<rows_v1::DraftRow> FindDraft(const store::Rows& rows, absl::string_view upload) {
  return kDrafts.Get(rows, kShard, upload);
}

void SaveDraft(store::View* rows, absl::string_view upload, const rows_v1::DraftRow& row) {
  kDrafts.Put(*rows, kShard, upload, row);
}

void DeleteDraft(store::View* rows, absl::string_view upload) { kDrafts.Delete(*rows, kShard, upload); }

}  // namespace redress::reference

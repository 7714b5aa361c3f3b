// The register's rows, written by ApplyRegisterEvent (register_fold.h) and read by the view, the decider and the API.
// Grammar at the top of the .cc. The register has one shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "libs/clock/clock.h"
#include "libs/reference/history.h"
#include "libs/store/store.h"
#include "redress/register/rows/v1/rows.pb.h"
#include "redress/register/v1/reference.pb.h"
#include "redress/register/v1/territory.pb.h"

namespace redress::reference {

namespace register_v1 = ::redress::register_::v1;
namespace rows_v1 = ::redress::register_::rows::v1;

// A change of any row's shape means a rebuild.
inline constexpr int kRegisterProjectionVersion = 1;

// What is known of the register as a whole: counters, the starter set, tzdata. Empty before the first event.
rows_v1::StateRow LoadState(const store::Rows& rows);
void SaveState(store::View* rows, const rows_v1::StateRow& state);

// In order of version.
std::vector<rows_v1::VersionRow> LoadVersions(const store::Rows& rows, register_v1::ReferenceKind kind,
                                              absl::string_view id);
std::optional<rows_v1::VersionRow> FindVersion(const store::Rows& rows, register_v1::ReferenceKind kind,
                                               absl::string_view id, int64_t version);
// The version in force at an instant.
std::optional<rows_v1::VersionRow> FindInForce(const store::Rows& rows, register_v1::ReferenceKind kind,
                                               absl::string_view id, Millis at);
void SaveVersion(store::View* rows, register_v1::ReferenceKind kind, absl::string_view id,
                 const rows_v1::VersionRow& row);

// A version's name: what the key of its row says.
struct VersionName {
  register_v1::ReferenceKind kind = register_v1::REFERENCE_KIND_UNSPECIFIED;
  std::string id;
  int64_t version = 0;
  auto operator<=>(const VersionName&) const = default;
};
// Visits versions in order of kind, id, version, from the first name not before `from`, until `visit` returns false.
// `row` parses the row: names alone cost nothing.
void ScanVersions(const store::Rows& rows, const VersionName& from,
                  absl::FunctionRef<bool(const VersionName& name, absl::FunctionRef<rows_v1::VersionRow()> row)> visit);
// The ids of a kind that have a version, in order.
std::vector<std::string> ListIds(const store::Rows& rows, register_v1::ReferenceKind kind);

// The parts of a territory's version, joined.
register_v1::Territory LoadTerritory(const store::Rows& rows, int64_t version);
void SaveTerritoryPart(store::View* rows, int64_t version, int32_t part, const register_v1::Territory& nodes);

// How far an upload has come, while it is under way.
std::optional<rows_v1::DraftRow> FindDraft(const store::Rows& rows, absl::string_view upload);
void SaveDraft(store::View* rows, absl::string_view upload, const rows_v1::DraftRow& row);
void DeleteDraft(store::View* rows, absl::string_view upload);

}  // namespace redress::reference

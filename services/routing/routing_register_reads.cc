// RegisterService: handlers that change nothing.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/reference/register_rows.h"
#include "libs/reference/territory_check.h"
#include "libs/reference/territory_index.h"
#include "libs/runtime/rows.h"
#include "libs/service/positions.h"
#include "libs/status/errors.h"
#include "services/routing/converters.h"
#include "services/routing/limits.h"
#include "services/routing/register.h"
#include "services/routing/routing_errors.h"
#include "services/routing/routing_register_service.h"

namespace redress::routing {
namespace {

using reference::VersionName;
using service::PositionOf;
using service::QuestionOf;
using service::Violations;

// The instant asked about; now when none is.
template <typename Request>
Millis ReadAsOf(const Request& request, Millis now, Violations* violations) {
  const Millis at = service::ReadTime("as_of_time", request.has_as_of_time(), request.as_of_time(), violations);
  return request.has_as_of_time() ? at : now;
}

// "6/3/agency": kind, version, id.
std::string FormatName(const VersionName& name) {
  return absl::StrCat(static_cast<int>(name.kind), "/", name.version, "/", name.id);
}
VersionName ParseName(const std::string& text) {
  VersionName name;
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('/', 2));
  int kind = 0;
  if (parts.size() == 3 && absl::SimpleAtoi(parts[0], &kind) && absl::SimpleAtoi(parts[1], &name.version)) {
    name.kind = static_cast<register_v1::ReferenceKind>(kind);
    name.id = parts[2];
  }
  return name;
}

// The versions a list is about, in order; with `as_of`, of each kind and id the one in force.
std::vector<register_v1::VersionInfo> Select(const store::Rows& rows, const register_v1::ListVersionsRequest& request,
                                             std::optional<Millis> as_of) {
  std::map<std::pair<int, std::string>, std::vector<register_rows_v1::VersionRow>> histories;
  reference::ScanVersions(rows, {request.kind(), request.id(), 0},
                          [&](const VersionName& name, absl::FunctionRef<register_rows_v1::VersionRow()> row) {
                            if (request.kind() != 0 && name.kind != request.kind()) return false;
                            if (!request.id().empty() && name.id != request.id()) return false;
                            histories[{name.kind, name.id}].push_back(row());
                            return true;
                          });
  std::vector<register_v1::VersionInfo> selected;
  for (const auto& [name, versions] : histories) {
    const auto active_from = [](const register_rows_v1::VersionRow& row) -> Millis { return row.active_from(); };
    const size_t in_force = as_of.has_value() ? reference::IndexInForce(versions, *as_of, active_from) : 0;
    for (size_t i = 0; i < versions.size(); ++i) {
      if (as_of.has_value() && i != in_force) continue;
      selected.push_back(ToApi(static_cast<register_v1::ReferenceKind>(name.first), name.second, versions[i]));
    }
  }
  return selected;
}

VersionName NameOf(const register_v1::VersionInfo& info) { return {info.kind(), info.id(), info.version()}; }

// Residences of a territory that the caller sees, by code, with what hangs on them.
std::vector<register_v1::PlaceInfo> PlacesOf(const register_v1::Territory& territory, const std::string& agency,
                                             const Caller& caller) {
  const reference::TerritoryIndex index(territory);
  std::map<std::string, register_v1::PlaceInfo> places;
  for (const register_v1::Residence& residence : territory.residences()) {
    const auto place = index.FindPlace(residence.code());
    if (!place.has_value() || (!agency.empty() && place->agency != agency) || !caller.Sees(place->agency)) continue;
    register_v1::PlaceInfo& info = places[residence.code()];
    *info.mutable_residence() = residence;
    info.set_agency(place->agency);
  }
  for (const register_v1::Unit& unit : territory.units()) {
    const auto at = places.find(unit.residence());
    if (at == places.end()) continue;
    at->second.set_units(at->second.units() + 1);
    if (unit.kind() == register_v1::Unit::KIND_DWELLING) at->second.set_dwellings(at->second.dwellings() + 1);
  }
  std::vector<register_v1::PlaceInfo> sorted;
  for (auto& [code, info] : places) sorted.push_back(std::move(info));
  return sorted;
}

// Takes out of a territory what a caller is not shown: nodes of agencies it does not see, or, if `agency` is given, of
// any other. Whether there was something of the kind.
bool LimitTo(const std::string& agency, const Caller& caller, register_v1::Territory* territory) {
  const reference::TerritoryIndex index(*territory);
  const auto shows = [&](const std::string& of) { return (agency.empty() || of == agency) && caller.Sees(of); };
  const auto shows_place = [&](const std::string& residence) {
    const auto place = index.FindPlace(residence);
    return place.has_value() && shows(place->agency);
  };
  bool partial = false;
  // What stays keeps its order, and is moved within the list.
  const auto keep = [&](auto* nodes, const auto& kept) {
    const auto end = std::remove_if(nodes->begin(), nodes->end(), [&](const auto& node) { return !kept(node); });
    partial |= end != nodes->end();
    nodes->erase(end, nodes->end());
  };
  keep(territory->mutable_agencies(), [&](const auto& one) { return shows(one.code()); });
  keep(territory->mutable_offices(), [&](const auto& office) { return shows(index.AgencyOf(office.code())); });
  keep(territory->mutable_residences(), [&](const auto& residence) { return shows_place(residence.code()); });
  keep(territory->mutable_units(), [&](const auto& unit) { return shows_place(unit.residence()); });
  return partial;
}

}  // namespace

void RegisterService::GetVersion(const CallContext& call, const register_v1::GetVersionRequest& request,
                                 Done<register_v1::GetVersionResponse> done) {
  if (const auto status = call.caller->Require(Permission::kReadRegister); !status.ok()) return done(status);
  Violations violations;
  const Millis at = ReadAsOf(request, Now(), &violations);
  if (request.kind() == register_v1::REFERENCE_KIND_UNSPECIFIED ||
      !register_v1::ReferenceKind_IsValid(request.kind())) {
    violations.Add("kind", "is missing");
  }
  if (request.version() < 0) violations.Add("version", "is negative");
  if (!violations.empty()) return done(violations.ToStatus());
  deps_.runtime->Read(PositionOf(request), [this, request, at, done = std::move(done)](auto rows) {
    if (!rows.ok()) return done(rows.status());
    const auto row = request.version() != 0
                         ? reference::FindVersion(**rows, request.kind(), request.id(), request.version())
                         : reference::FindInForce(**rows, request.kind(), request.id(), at);
    if (!row.has_value()) return done(VersionNotFound());
    register_v1::GetVersionResponse response = ToResponse(request.kind(), request.id(), *row);
    response.set_etag(service::FormatEtag(runtime::VersionOf(**rows, 0, AggregateOf(request.kind(), request.id()))));
    *response.mutable_position() = service::PositionIn(*deps_.runtime, **rows, 0);
    done(std::move(response));
  });
}

void RegisterService::ListVersions(const CallContext& call, const register_v1::ListVersionsRequest& request,
                                   Done<register_v1::ListVersionsResponse> done) {
  if (const auto status = call.caller->Require(Permission::kReadRegister); !status.ok()) return done(status);
  Violations violations;
  const Millis at = ReadAsOf(request, 0, &violations);
  if (!register_v1::ReferenceKind_IsValid(request.kind())) violations.Add("kind", "is none of the enum");
  if (!request.id().empty() && request.kind() == 0) violations.Add("kind", "is missing for an id");
  if (!violations.empty()) return done(violations.ToStatus());
  const service::PageQuestion question =
      QuestionOf(request, "versions", deps_.runtime->info().log_id, reference::kRegisterProjectionVersion);
  const auto page = service::ReadPage(request.page_size(), request.page_token(), question);
  if (!page.ok()) return done(page.status());
  deps_.runtime->Read(
      PositionOf(request), [this, request, at, question, page = *page, done = std::move(done)](auto rows) {
        if (!rows.ok()) return done(rows.status());
        const VersionName after = ParseName(page.last_key);
        register_v1::ListVersionsResponse response;
        *response.mutable_position() = service::PositionIn(*deps_.runtime, **rows, 0);
        for (register_v1::VersionInfo& info :
             Select(**rows, request, request.has_as_of_time() ? std::optional<Millis>(at) : std::nullopt)) {
          if (!page.last_key.empty() && NameOf(info) <= after) continue;
          if (response.versions_size() == page.size) {
            response.set_next_page_token(
                service::WritePageToken(question, FormatName(NameOf(response.versions(page.size - 1)))));
            break;
          }
          *response.add_versions() = std::move(info);
        }
        done(std::move(response));
      });
}

void RegisterService::ListPlaces(const CallContext& call, const register_v1::ListPlacesRequest& request,
                                 Done<register_v1::ListPlacesResponse> done) {
  if (const auto status = call.caller->Require(Permission::kReadRegister); !status.ok()) return done(status);
  Violations violations;
  const Millis asked_at = ReadAsOf(request, Now(), &violations);
  if (!violations.empty()) return done(violations.ToStatus());
  const service::PageQuestion question =
      QuestionOf(request, "places", deps_.runtime->info().log_id, reference::kRegisterProjectionVersion);
  const auto page = service::ReadPage(request.page_size(), request.page_token(), question);
  if (!page.ok()) return done(page.status());
  // All pages are of one instant.
  const Millis at = page->as_of != 0 ? page->as_of : asked_at;
  deps_.runtime->Read(PositionOf(request), [this, request, at, question, page = *page, caller = call.caller,
                                            done = std::move(done)](auto rows) {
    if (!rows.ok()) return done(rows.status());
    register_v1::ListPlacesResponse response;
    *response.mutable_position() = service::PositionIn(*deps_.runtime, **rows, 0);
    const auto row = reference::FindInForce(**rows, register_v1::REFERENCE_KIND_TERRITORY, "", at);
    if (!row.has_value()) return done(std::move(response));
    for (register_v1::PlaceInfo& place :
         PlacesOf(reference::LoadTerritory(**rows, row->version()), request.agency(), *caller)) {
      if (place.residence().code() <= page.last_key) continue;
      if (response.places_size() == page.size) {
        response.set_next_page_token(
            service::WritePageToken(question, response.places(page.size - 1).residence().code(), at));
        break;
      }
      *response.add_places() = std::move(place);
    }
    done(std::move(response));
  });
}

void RegisterService::DownloadTerritory(const CallContext& call, const register_v1::DownloadTerritoryRequest& request,
                                        Done<std::vector<register_v1::DownloadTerritoryResponse>> done) {
  if (const auto status = call.caller->Require(Permission::kReadRegister); !status.ok()) return done(status);
  Violations violations;
  const Millis at = ReadAsOf(request, Now(), &violations);
  if (request.version() < 0) violations.Add("version", "is negative");
  if (!violations.empty()) return done(violations.ToStatus());
  deps_.runtime->Read(
      PositionOf(request), [this, request, at, caller = call.caller, done = std::move(done)](auto rows) {
        if (!rows.ok()) return done(rows.status());
        constexpr auto kKind = register_v1::REFERENCE_KIND_TERRITORY;
        const auto row = request.version() != 0 ? reference::FindVersion(**rows, kKind, "", request.version())
                                                : reference::FindInForce(**rows, kKind, "", at);
        if (!row.has_value()) return done(VersionNotFound());
        register_v1::Territory shown = reference::LoadTerritory(**rows, row->version());
        const bool partial = LimitTo(request.agency(), *caller, &shown);
        std::vector<register_v1::DownloadTerritoryResponse> messages;
        for (register_v1::Territory& page : reference::Split(shown, kTerritoryPageBytes)) {
          *messages.emplace_back().mutable_territory() = std::move(page);
        }
        if (messages.empty()) messages.emplace_back();
        register_v1::DownloadTerritoryResponse& first = messages.front();
        *first.mutable_version() = ToApi(kKind, "", *row);
        first.set_partial(partial);
        *first.mutable_position() = service::PositionIn(*deps_.runtime, **rows, 0);
        messages.back().set_complete(true);
        done(std::move(messages));
      });
}

}  // namespace redress::routing

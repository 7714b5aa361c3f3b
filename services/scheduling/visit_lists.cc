#include "services/scheduling/visit_lists.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "services/scheduling/scheduling_rows.h"

namespace redress::scheduling {
namespace {

constexpr size_t kIdSymbols = 26;

// Part of a table: rests of keys in [from, to); an empty `to` is the table's end.
struct Stretch {
  uint8_t table = 0;
  std::string from;
  std::string to;
};

// Appends to `out` what `stretch` has after the page's last key, until one more than the page holds.
template <typename Accept>
void Collect(const store::Rows& rows, uint16_t shard, const Stretch& stretch, const service::Page& page,
             const Accept& accept, std::vector<Listed>* out) {
  const std::string table = store::Key(shard, stretch.table).Take();
  const std::string after = page.last_key.empty() ? stretch.from : std::max(stretch.from, page.last_key + '\0');
  const std::string end = stretch.to.empty() ? store::After(table) : table + stretch.to;
  const size_t most = out->size() + static_cast<size_t>(page.size) + 1;
  rows.Scan(table + after, end, [&](absl::string_view key, absl::string_view value) {
    const absl::string_view rest = key.substr(table.size());
    auto id = accept(rest, value);
    if (id.has_value()) out->push_back({std::string(rest), shard, *std::move(id)});
    return out->size() < most;
  });
}

Listing Merge(std::vector<Listed> entries, int size) {
  std::sort(entries.begin(), entries.end(), [](const Listed& a, const Listed& b) { return a.key < b.key; });
  Listing listing;
  listing.more = entries.size() > static_cast<size_t>(size);
  if (listing.more) entries.resize(size);
  listing.entries = std::move(entries);
  return listing;
}

Stretch StretchOf(const VisitQuestion& question) {
  const auto prefixed = [](uint8_t table, std::string prefix) {
    std::string end = store::After(prefix);
    return Stretch{table, std::move(prefix), std::move(end)};
  };
  if (!question.complaint.empty()) return prefixed(kByComplaint.id(), TextKey(question.complaint));
  if (!question.technician.empty()) {
    return {kAgenda.id(), WindowKey(question.technician, question.from, ""),
            WindowKey(question.technician, question.to, "")};
  }
  if (question.has_range) {
    return {kByWindow.id(), WindowKey(question.agency, question.from, ""), WindowKey(question.agency, question.to, "")};
  }
  if (question.state == rows::v1::VISIT_STATE_REQUESTED) return {kQueue.id(), "", ""};
  return {kVisits.id(), "", ""};
}

}  // namespace

Listing ListVisits(const store::Rows& rows, uint32_t shard_count, const service::Page& page,
                   const VisitQuestion& question, const Caller& caller) {
  const Stretch stretch = StretchOf(question);
  std::vector<Listed> entries;
  for (uint32_t number = 0; number < shard_count; ++number) {
    if (!question.agency.empty() && ShardOf(PlacementOf(question.agency), shard_count) != number) continue;
    const auto shard = static_cast<uint16_t>(number);
    const auto accept = [&](absl::string_view rest, absl::string_view) -> std::optional<std::string> {
      if (rest.size() < kIdSymbols) return std::nullopt;
      std::string id(rest.substr(rest.size() - kIdSymbols));
      const auto row = kVisits.Get(rows, shard, id);
      if (!row.has_value() || !caller.Sees(row->agency())) return std::nullopt;
      if (!question.agency.empty() && row->agency() != question.agency) return std::nullopt;
      const bool any = question.state == rows::v1::VISIT_STATE_UNSPECIFIED;
      return any || row->state() == question.state ? std::optional(std::move(id)) : std::nullopt;
    };
    Collect(rows, shard, stretch, page, accept, &entries);
  }
  return Merge(std::move(entries), page.size);
}

Listing ListTechnicianIds(const store::Rows& rows, uint32_t shard_count, const service::Page& page,
                          absl::FunctionRef<bool(const rows::v1::TechnicianRow&)> accept) {
  std::vector<Listed> entries;
  for (uint32_t shard = 0; shard < shard_count; ++shard) {
    const auto one = [&](absl::string_view rest, absl::string_view value) -> std::optional<std::string> {
      rows::v1::TechnicianRow row;
      row.ParseFromArray(value.data(), static_cast<int>(value.size()));
      return accept(row) ? std::optional(std::string(rest)) : std::nullopt;
    };
    Collect(rows, static_cast<uint16_t>(shard), {kTechnicianRows.id(), "", ""}, page, one, &entries);
  }
  return Merge(std::move(entries), page.size);
}

}  // namespace redress::scheduling

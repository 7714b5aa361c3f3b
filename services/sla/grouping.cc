#include "services/sla/grouping.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "libs/calendar/zone.h"

namespace redress::sla {
namespace {

template <typename Set, typename Value>
bool Allows(const Set& set, const Value& value) {
  return set.empty() || set.contains(value);
}

// An enum value's name without its prefix, in lower case.
std::string Plain(absl::string_view name, absl::string_view prefix) {
  absl::ConsumePrefix(&name, prefix);
  return name == "UNSPECIFIED" ? "" : absl::AsciiStrToLower(name);
}

}  // namespace

bool CaseFilter::Passes(const CaseDimensions& of) const {
  return Allows(agencies, of.agency) && Allows(offices, of.office) && Allows(teams, of.team) &&
         Allows(categories, of.category) && Allows(channels, static_cast<int>(of.channel)) &&
         Allows(urgencies, static_cast<int>(of.urgency)) && Allows(kinds, static_cast<int>(of.kind)) &&
         (all_agencies || scope.contains(of.agency));
}

size_t Grouper::GroupOf(const CaseView& view) {
  key_.clear();
  const CaseDimensions& of = view.dimensions;
  const auto add = [this](absl::string_view value) {
    key_.append(value.data(), value.size());
    key_.push_back('\0');
  };
  for (const GroupBy by : by_) {
    switch (by) {
      case GroupBy::kAgency: add(of.agency); break;
      case GroupBy::kOffice: add(of.office); break;
      case GroupBy::kTeam: add(of.team); break;
      case GroupBy::kCategory: add(of.category); break;
      case GroupBy::kChannel: add(NameOf(of.channel)); break;
      case GroupBy::kUrgency: add(NameOf(of.urgency)); break;
      case GroupBy::kKind: add(NameOf(of.kind)); break;
      case GroupBy::kMonth: add(PeriodOf(view.received(), view.start->zone(), false)); break;
      case GroupBy::kQuarter: add(PeriodOf(view.received(), view.start->zone(), true)); break;
    }
  }
  const auto [it, is_new] = numbers_.try_emplace(key_, groups_.size());
  if (is_new) {
    std::vector<std::string>& values = groups_.emplace_back();
    size_t from = 0;
    for (size_t i = 0; i < by_.size(); ++i) {
      const size_t end = key_.find('\0', from);
      values.push_back(key_.substr(from, end - from));
      from = end + 1;
    }
  }
  return it->second;
}

std::vector<size_t> Grouper::Sorted() const {
  std::vector<size_t> order(groups_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [this](size_t a, size_t b) { return groups_[a] < groups_[b]; });
  return order;
}

std::string Grouper::PeriodOf(Millis received, absl::string_view zone, bool quarter) {
  if (zone != zone_name_) {
    zone_name_ = std::string(zone);
    zone_ = calendar::ZoneFor(zone_name_).value_or(absl::UTCTimeZone());
  }
  const absl::CivilDay day = calendar::LocalDay(received, zone_);
  return quarter ? absl::StrFormat("%04d-Q%d", day.year(), (day.month() + 2) / 3)
                 : absl::StrFormat("%04d-%02d", day.year(), day.month());
}

std::string NameOf(types::v1::Channel channel) { return Plain(types::v1::Channel_Name(channel), "CHANNEL_"); }
std::string NameOf(types::v1::Urgency urgency) { return Plain(types::v1::Urgency_Name(urgency), "URGENCY_"); }
std::string NameOf(types::v1::ComplaintKind kind) {
  return Plain(types::v1::ComplaintKind_Name(kind), "COMPLAINT_KIND_");
}

}  // namespace redress::sla

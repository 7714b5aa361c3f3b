#include "services/redressctl/simulate/slot_offer.h"

#include <algorithm>

#include "libs/service/requests.h"
#include "services/redressctl/simulate/setup_file.h"

namespace redress::simulate {

void Diary::Book(const std::string& technician, Millis start, const std::string& residence) {
  days_[DayOf(technician, start)][start] = residence;
}

void Diary::Cancel(const std::string& technician, Millis start) {
  const auto day = days_.find(DayOf(technician, start));
  if (day == days_.end()) return;
  day->second.erase(start);
  if (day->second.empty()) days_.erase(day);
}

double Diary::Detour(const std::string& agency, const std::string& technician, Millis start,
                     const std::string& residence) const {
  std::string before = agency;
  std::string after = agency;
  if (const auto day = days_.find(DayOf(technician, start)); day != days_.end()) {
    const auto next = day->second.lower_bound(start);
    if (next != day->second.end()) after = next->second;
    if (next != day->second.begin()) before = std::prev(next)->second;
  }
  return road_->Way(before, residence) + road_->Way(residence, after) - road_->Way(before, after);
}

std::vector<scheduling::v1::Slot> NearestFirst(std::vector<scheduling::v1::Slot> slots, double within_hours,
                                               const Diary& diary, const std::string& agency,
                                               const std::string& residence) {
  if (slots.empty()) return slots;
  const auto start_of = [](const scheduling::v1::Slot& slot) { return service::MillisOf(slot.start_time()); };
  const Millis limit = start_of(slots.front()) + static_cast<Millis>(within_hours * kHour);
  const auto end = std::partition_point(slots.begin(), slots.end(),
                                        [&](const scheduling::v1::Slot& slot) { return start_of(slot) <= limit; });
  std::vector<std::pair<double, scheduling::v1::Slot>> near;
  for (auto slot = slots.begin(); slot != end; ++slot) {
    near.emplace_back(diary.Detour(agency, slot->technician(), start_of(*slot), residence), *slot);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::transform(near.begin(), near.end(), slots.begin(), [](auto& one) { return std::move(one.second); });
  return slots;
}

bool IsHeldBack(const v1::SlotPolicy& policy, types::v1::Urgency urgency) {
  const auto& served = policy.reserve_for();
  return policy.reserve_hours() > 0 && std::find(served.begin(), served.end(), urgency) == served.end();
}

}  // namespace redress::simulate

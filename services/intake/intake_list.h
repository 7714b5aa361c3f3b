// Complaints by receipt, a page at a time, over all shards: the smallest index that fits the filters, merged by id.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "libs/clock/millis.h"
#include "libs/store/store.h"
#include "redress/intake/rows/v1/rows.pb.h"

namespace redress::intake {

struct ListQuestion {
  // Empty filters hold always.
  std::vector<rows::v1::State> states;
  std::string residence;
  std::string agency;
  std::string category;
  std::string reference_system;
  std::string reference;
  // [from, to); 0: no bound.
  Millis received_from = 0;
  Millis received_to = 0;
  bool newest_first = false;
  // What the caller sees.
  bool all_agencies = true;
  std::vector<std::string> agencies;

  size_t page_size = 50;
  // Goes on behind this one.
  std::string last_id;
};

struct ListPage {
  std::vector<std::pair<std::string, rows::v1::Complaint>> complaints;  // by id
  // The last one looked at, when there may be more; else empty.
  std::string next_id;
};

// Looks at no more than about page_size + kMaxLookedAt rows: a page may be short, and yet have a next one.
inline constexpr size_t kMaxLookedAt = 2000;
ListPage List(const store::Rows& rows, uint32_t shard_count, const ListQuestion& question);

}  // namespace redress::intake

// Which commands met which states, over all runs of a part.
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "libs/runtime/logic.h"
#include "libs/store/store.h"

namespace redress::sim {

// "intake", "RESOLVED", "contest_complaint".
using StateAndCommand = std::tuple<std::string, std::string, std::string>;

// What `order` meets in `rows`; nothing of an order that is about no complaint, visit or clock.
std::set<StateAndCommand> Meeting(const store::Rows& rows, const runtime::v1::Order& order);

// Every pair that there is, those included that only a bug could bring about.
std::vector<StateAndCommand> AllMeetings();

}  // namespace redress::sim

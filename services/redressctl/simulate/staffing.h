// Who comes to mend things, by agency and trade, and when they work: a set-up's staffing made of people.
//
// Pure: the same input gives the same people. Whoever is in two set-ups of a seed has the same trades and the same
// leave in both.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "libs/clock/millis.h"
#include "redress/scheduling/v1/intervention.pb.h"
#include "redress/simulate/v1/setup.pb.h"

namespace redress::simulate {

struct Technician {
  std::string id;
  std::string agency;
  // As categories ask for them; the first is the trade.
  std::vector<std::string> skills;
  // Local, in order, disjoint.
  std::vector<scheduling::v1::WeeklySpan> hours;
  struct Leave {
    Millis from = 0;
    Millis to = 0;
  };
  std::vector<Leave> leaves;
};

// Every trade there is.
absl::Span<const char* const> Trades();

struct StaffOptions {
  std::vector<std::string> agencies;
  int homes = 0;  // of all of them
  Millis begins = 0;
  int days = 0;
  uint64_t seed = 0;
};

// By agency; ids are "tech-<agency>-<number>", with a "c" before the number for those of `crews`, an "a" for
// additions. A removal takes as many as there are.
std::vector<Technician> DrawStaff(const v1::Staffing& staffing, const StaffOptions& options);

}  // namespace redress::simulate

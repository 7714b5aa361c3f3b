// What a load found, as one JSON object a line: what `run` reads.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace redress::bench {

// Of calls, tickets, rows or events, as the load says. `errors` counts by code and reason: a load with any is no
// measurement, which is the reader's to judge.
struct Report {
  int64_t count = 0;
  double seconds = 0;
  std::map<std::string, int64_t> errors;
  // One a call, in nanoseconds; empty for streams.
  std::vector<int64_t> took;

  // Adds count, seconds, rate, errors, and of `took` p50_us, p99_us, max_us.
  nlohmann::json ToJson();
};

}  // namespace redress::bench

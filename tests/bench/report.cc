#include "tests/bench/report.h"

#include <algorithm>

namespace redress::bench {

nlohmann::json Report::ToJson() {
  nlohmann::json json;
  json["count"] = count;
  json["seconds"] = seconds;
  json["rate"] = seconds > 0 ? static_cast<double>(count) / seconds : 0;
  json["errors"] = errors;
  if (!took.empty()) {
    std::sort(took.begin(), took.end());
    const auto micros = [&](size_t at) { return static_cast<double>(took[at]) / 1e3; };
    json["p50_us"] = micros(took.size() / 2);
    json["p99_us"] = micros(took.size() * 99 / 100);
    json["max_us"] = micros(took.size() - 1);
  }
  return json;
}

}  // namespace redress::bench

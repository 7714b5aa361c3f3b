#include "services/redressctl/time_bar.h"

#include <algorithm>

namespace redress::ctl {

std::string DrawBar(const std::vector<BarPart>& parts, size_t width) {
  Millis total = 0;
  for (const BarPart& part : parts) total += part.length;
  if (total <= 0) return "";
  // Ends are rounded, so that what is drawn adds up.
  std::vector<size_t> widths;
  double end = 0;
  size_t drawn = 0;
  for (const BarPart& part : parts) {
    end += static_cast<double>(part.length) / static_cast<double>(total);
    const size_t until = std::min(width, static_cast<size_t>(end * static_cast<double>(width) + 0.5));
    widths.push_back(until - drawn);
    drawn = until;
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].length == 0 || widths[i] > 0) continue;
    const auto longest = std::max_element(widths.begin(), widths.end());
    if (*longest <= 1) break;
    --*longest;
    ++widths[i];
  }
  std::string bar;
  for (size_t i = 0; i < parts.size(); ++i) bar.append(widths[i], parts[i].letter);
  return bar;
}

}  // namespace redress::ctl

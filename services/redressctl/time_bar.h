// A stretch of time drawn as one line of letters, each part as wide as its share.
#pragma once

#include <string>
#include <vector>

#include "libs/clock/millis.h"

namespace redress::ctl {

struct BarPart {
  char letter = ' ';
  Millis length = 0;
};

// Exactly `width` letters if anything has a length. A part with a length gets a letter at least, as long as there are
// enough of them (the longest ones give); one without gets none.
std::string DrawBar(const std::vector<BarPart>& parts, size_t width);

}  // namespace redress::ctl

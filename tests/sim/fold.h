// What the checks of checker.h share: the log's records folded by a second reading of the acceptance rule.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "redress/log/v1/record.pb.h"
#include "tests/sim/checker.h"

namespace redress::sim {

// One accepted decision.
struct Decision {
  std::string stream;
  uint32_t shard = 0;
  int64_t offset = 0;
  log::v1::Body body;
};

// A run under judgement.
struct Case {
  const Evidence& evidence;
  Findings findings;
  // In log order within each shard.
  std::vector<Decision> decisions;

  template <typename... Parts>
  void Violation(const Parts&... parts) {
    // The first ones tell; a broken run has thousands.
    if (findings.violations.size() < 40) findings.violations.push_back(absl::StrCat(parts...));
  }
};

// Fills `decisions`; checks chain, time and source.
void Fold(Case* run);

void CheckReactions(Case* run);
void CheckSlots(Case* run);

}  // namespace redress::sim

// Whether two servers hold the same rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "redress/admin/v1/admin_service.pb.h"

namespace redress::ctl {

struct DigestComparison {
  enum class Verdict {
    kEqual,
    kDifferent,
    kOtherPosition,  // says nothing: one of them has read further
    kOtherLog,
    kMissing,  // one of them does not have the shard
  };
  struct Row {
    std::string stream;
    uint32_t shard = 0;
    // Next offsets; -1: missing.
    int64_t here = -1;
    int64_t there = -1;
    Verdict verdict = Verdict::kMissing;
  };
  // By stream, then shard.
  std::vector<Row> rows;
  int equal = 0;
  int different = 0;
  int incomparable = 0;
};

// Digests of a domain alone may be compared over logs and positions: a copy of the log has both of its own.
DigestComparison Compare(const admin::v1::ListDigestsResponse& here, const admin::v1::ListDigestsResponse& there,
                         bool domain_only);

// As it is printed.
absl::string_view NameOf(DigestComparison::Verdict verdict);

}  // namespace redress::ctl

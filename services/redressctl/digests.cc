#include "services/redressctl/digests.h"

#include <map>
#include <utility>

namespace redress::ctl {
namespace {

using Verdict = DigestComparison::Verdict;
using Pair = std::pair<const admin::v1::ShardDigest*, const admin::v1::ShardDigest*>;

Verdict Judge(const Pair& pair, bool domain_only) {
  const auto& [here, there] = pair;
  if (here == nullptr || there == nullptr) return Verdict::kMissing;
  if (!domain_only) {
    if (here->position().log_id() != there->position().log_id()) return Verdict::kOtherLog;
    if (here->position().next() != there->position().next()) return Verdict::kOtherPosition;
  }
  return here->digest() == there->digest() ? Verdict::kEqual : Verdict::kDifferent;
}

}  // namespace

DigestComparison Compare(const admin::v1::ListDigestsResponse& here, const admin::v1::ListDigestsResponse& there,
                         bool domain_only) {
  std::map<std::pair<std::string, uint32_t>, Pair> shards;
  for (const auto& digest : here.digests()) {
    shards[{digest.position().stream(), digest.position().shard()}].first = &digest;
  }
  for (const auto& digest : there.digests()) {
    shards[{digest.position().stream(), digest.position().shard()}].second = &digest;
  }
  DigestComparison comparison;
  for (const auto& [key, pair] : shards) {
    DigestComparison::Row row{key.first, key.second};
    if (pair.first != nullptr) row.here = pair.first->position().next();
    if (pair.second != nullptr) row.there = pair.second->position().next();
    row.verdict = Judge(pair, domain_only);
    comparison.equal += row.verdict == Verdict::kEqual;
    comparison.different += row.verdict == Verdict::kDifferent;
    comparison.rows.push_back(std::move(row));
  }
  comparison.incomparable = static_cast<int>(comparison.rows.size()) - comparison.equal - comparison.different;
  return comparison;
}

absl::string_view NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kEqual: return "equal";
    case Verdict::kDifferent: return "DIFFERENT";
    case Verdict::kOtherPosition: return "at another position";
    case Verdict::kOtherLog: return "of another log";
    case Verdict::kMissing: return "missing";
  }
  return "";
}

}  // namespace redress::ctl

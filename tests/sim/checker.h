// Judges a run from the log's bytes and the history of calls alone. Shares nothing with the runtime but the record
// format: it folds the acceptance rule with code of its own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace redress::sim {

// What a client was told.
struct CallOutcome {
  std::string caller;
  std::string request_id;
  bool acknowledged = false;  // OK, and something was recorded or found recorded
  std::string stream;         // of the answer's position
  uint32_t shard = 0;
  int64_t next = 0;
};

// One entry of one shard, as it lies in the log.
struct LoggedEntry {
  int64_t offset = 0;
  std::string bytes;
};

// What some instance said of its rows.
struct DigestSeen {
  std::string stream;
  uint32_t shard = 0;
  int64_t next = 0;
  std::string digest;
  std::string by;  // which instance, live or rebuilt
};

struct Evidence {
  std::map<std::pair<std::string, uint32_t>, std::vector<LoggedEntry>> shards;
  std::vector<CallOutcome> calls;
  std::vector<DigestSeen> digests;
  // The run has come to rest: every reaction must have happened.
  bool at_rest = false;
};

struct Findings {
  std::vector<std::string> violations;
  int64_t records = 0;
  int64_t accepted = 0;
  int64_t voids = 0;
  int64_t claims = 0;
  int64_t acknowledged = 0;
  int64_t reactions = 0;
  int64_t visits_booked = 0;
};

// Names of the checks, as they begin each violation:
//   chain, time, versions (a decision on stale state), once (an acknowledged command missing or twice), reaction
//   (missing or twice), source (an input read back or skipped), slot (sold twice), digest (replicas differ)
Findings Check(const Evidence& evidence);

}  // namespace redress::sim

// Judges a run from the log's bytes and the history of calls alone. Shares nothing with the runtime but the record
// format and the stored events: it folds the acceptance rule with code of its own (fold.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace redress::sim {

// How a call ended for whoever made it.
struct CallOutcome {
  std::string caller;
  std::string request_id;
  bool acknowledged = false;  // OK, with the position of what was recorded or found recorded
  // Every attempt was answered, and with a refusal that says it was not done: nothing of it may be in the log.
  bool refused = false;
  // What the call asks for may have been so already: a success that records nothing.
  bool perhaps_nothing = false;
  std::string stream;  // of the answer's position; of the service where it was refused
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

// How far an instance had read at the end, and why no further (empty: nothing keeps it).
struct ReplicaSeen {
  std::string stream;
  uint32_t shard = 0;
  int64_t next = 0;
  std::string stopped;
  std::string by;
};

struct Evidence {
  std::map<std::pair<std::string, uint32_t>, std::vector<LoggedEntry>> shards;
  std::vector<CallOutcome> calls;
  std::vector<DigestSeen> digests;
  std::vector<ReplicaSeen> replicas;
  // The run has come to rest: every reaction must have happened, every timer fired, every replica caught up.
  bool at_rest = false;
  // When the run ended; windows and holds that ended well before must have been dealt with.
  int64_t ended_at = 0;
};

struct Findings {
  std::vector<std::string> violations;
  int64_t records = 0;
  int64_t accepted = 0;
  int64_t voids = 0;
  int64_t claims = 0;
  int64_t acknowledged = 0;
  int64_t refused = 0;
  int64_t reactions = 0;
  int64_t sources = 0;
  int64_t visits_booked = 0;
  int64_t digests_compared = 0;
  // "intake.complaint_received" → how many.
  std::map<std::string, int64_t> kinds;
};

// Names of the checks, as they begin each violation:
//   chain     a shard's records do not follow one another
//   time      recorded_at or the register version runs back
//   source    an input read back, or saved as a state that its shard never had
//   versions  a decision on stale state
//   once      an acknowledged command missing or twice, or a refused one there
//   reaction  missing, twice or out of nothing; at rest also what has ended and is not over: holds, visits, windows
//   parked    an input was given up
//   slot      sold twice
//   replica   an instance that stopped, or did not catch up
//   digest    replicas differ, or one was compared with nothing
Findings Check(const Evidence& evidence);

}  // namespace redress::sim

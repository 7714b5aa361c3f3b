#include "tests/sim/checker.h"

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "tests/sim/fold.h"

namespace redress::sim {
namespace {

// A decision made on a stale state gives an aggregate a version that it has already, or leaves one out.
void CheckVersions(Case* run) {
  std::map<std::tuple<std::string, uint32_t, std::string>, int64_t> versions;
  for (const Decision& decision : run->decisions) {
    for (const auto& event : decision.body.events()) {
      int64_t& version = versions[{decision.stream, decision.shard, event.aggregate()}];
      if (event.version() != version + 1) {
        run->Violation("versions: ", decision.stream, "/", decision.shard, " offset ", decision.offset, ": ",
                       event.aggregate(), " goes from version ", version, " to ", event.version());
      }
      version = event.version();
    }
  }
}

void CheckCalls(Case* run) {
  using Key = std::tuple<std::string, std::string, std::string>;  // stream, caller, request
  std::map<Key, const Decision*> where;
  for (const Decision& decision : run->decisions) {
    if (decision.body.request_id().empty()) continue;
    const Key key{decision.stream, decision.body.caller_scope(), decision.body.request_id()};
    if (!where.emplace(key, &decision).second) {
      run->Violation("once: ", decision.stream, " request ", decision.body.request_id(), " is recorded again at ",
                     decision.shard, ":", decision.offset);
    }
  }
  for (const CallOutcome& call : run->evidence.calls) {
    const auto found = where.find({call.stream, call.caller, call.request_id});
    if (call.refused) {
      ++run->findings.refused;
      if (found != where.end()) {
        run->Violation("once: ", call.stream, " request ", call.request_id, " was refused and is recorded at ",
                       found->second->shard, ":", found->second->offset);
      }
    }
    if (!call.acknowledged) continue;
    ++run->findings.acknowledged;
    if (found == where.end()) {
      if (call.perhaps_nothing) continue;
      run->Violation("once: ", call.stream, " request ", call.request_id, " was acknowledged and is not recorded");
    } else if (found->second->shard != call.shard || found->second->offset + 1 != call.next) {
      run->Violation("once: ", call.stream, " request ", call.request_id, " was acknowledged at ", call.shard, ":",
                     call.next, " and lies at ", found->second->shard, ":", found->second->offset + 1);
    }
  }
}

void CheckReplicas(Case* run) {
  for (const ReplicaSeen& seen : run->evidence.replicas) {
    if (!seen.stopped.empty()) {
      run->Violation("replica: ", seen.by, " stopped ", seen.stream, "/", seen.shard, " at ", seen.next, ": ",
                     seen.stopped);
    }
    const auto entries = run->evidence.shards.find({seen.stream, seen.shard});
    if (entries == run->evidence.shards.end() || entries->second.empty()) continue;
    if (seen.next <= entries->second.back().offset) {
      run->Violation("replica: ", seen.by, " has read ", seen.stream, "/", seen.shard, " up to ", seen.next,
                     ", its last record lies at ", entries->second.back().offset);
    }
  }
}

void CheckDigests(Case* run) {
  struct Group {
    const DigestSeen* first;
    int count = 0;
  };
  std::map<std::tuple<std::string, uint32_t, int64_t>, Group> groups;
  for (const DigestSeen& seen : run->evidence.digests) {
    Group& group = groups.try_emplace({seen.stream, seen.shard, seen.next}, Group{&seen}).first->second;
    if (group.count++ > 0) ++run->findings.digests_compared;
    if (group.first->digest != seen.digest) {
      run->Violation("digest: ", seen.stream, "/", seen.shard, " at ", seen.next, ": ", seen.by, " differs from ",
                     group.first->by);
    }
  }
  if (!run->evidence.at_rest) return;
  for (const auto& [at, group] : groups) {
    if (group.count > 1) continue;
    run->Violation("digest: ", group.first->stream, "/", group.first->shard, " at ", group.first->next, ": that of ",
                   group.first->by, " was compared with nothing");
  }
}

}  // namespace

Findings Check(const Evidence& evidence) {
  Case run{evidence, {}, {}};
  Fold(&run);
  CheckVersions(&run);
  CheckCalls(&run);
  CheckReactions(&run);
  CheckSlots(&run);
  CheckReplicas(&run);
  CheckDigests(&run);
  return std::move(run.findings);
}

}  // namespace redress::sim

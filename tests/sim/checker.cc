#include "tests/sim/checker.h"

#include <sodium.h>

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/log/v1/record.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"

namespace redress::sim {
namespace {

struct Decision {
  std::string stream;
  uint32_t shard = 0;
  int64_t offset = 0;
  log::v1::Record record;
  log::v1::Body body;
};

std::string HashOf(const std::string& previous, const std::string& body) {
  const std::string joined = previous + body;
  std::string out(16, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), 16,
                     reinterpret_cast<const unsigned char*>(joined.data()), joined.size(), nullptr, 0);
  return out;
}

class Checker {
 public:
  explicit Checker(const Evidence& evidence) : evidence_(evidence) {}

  Findings Run() {
    for (const auto& [shard, entries] : evidence_.shards) FoldShard(shard.first, shard.second, entries);
    CheckVersions();
    CheckCalls();
    CheckReactions();
    CheckSlots();
    CheckDigests();
    return std::move(findings_);
  }

 private:
  template <typename... Parts>
  void Violation(const Parts&... parts) {
    if (findings_.violations.size() < 20) findings_.violations.push_back(absl::StrCat(parts...));
  }

  // The acceptance rule, written once more.
  void FoldShard(const std::string& stream, uint32_t shard, const std::vector<LoggedEntry>& entries) {
    int64_t fence = -1;
    int64_t seq = 0;
    int64_t last_time = 0;
    int64_t last_register = 0;
    std::string chain;
    std::map<std::string, int64_t> sources;
    const std::string place = absl::StrCat(stream, "/", shard);
    for (const LoggedEntry& entry : entries) {
      ++findings_.records;
      Decision decision{stream, shard, entry.offset, {}, {}};
      if (!decision.record.ParseFromString(entry.bytes)) {
        Violation("chain: ", place, " offset ", entry.offset, " is unreadable");
        return;
      }
      const log::v1::Record& record = decision.record;
      if (entry.offset == 0) {
        if (record.kind() != log::v1::KIND_GENESIS) Violation("chain: ", place, " has no GENESIS");
        chain = HashOf("", record.body());
        fence = 0;
        continue;
      }
      if (record.kind() == log::v1::KIND_CLAIM) {
        ++findings_.claims;
        fence = entry.offset;
        seq = 0;
        continue;
      }
      if (fence == 0 || record.fence() != fence || record.seq() != seq + 1) {
        ++findings_.voids;
        continue;
      }
      if (HashOf(chain, record.body()) != record.chain()) {
        Violation("chain: ", place, " offset ", entry.offset, " does not follow what precedes it");
        return;
      }
      ++findings_.accepted;
      seq = record.seq();
      chain = record.chain();
      std::vector<log::v1::Source> moved;
      int64_t at = 0;
      if (record.kind() == log::v1::KIND_POSITION) {
        log::v1::Progress progress;
        progress.ParseFromString(record.body());
        at = progress.recorded_at();
        moved.assign(progress.sources().begin(), progress.sources().end());
      } else {
        decision.body.ParseFromString(record.body());
        at = decision.body.recorded_at();
        if (decision.body.register_version() < last_register) {
          Violation("time: ", place, " offset ", entry.offset, ": the register version runs back");
        }
        last_register = decision.body.register_version();
        if (record.has_source()) moved.push_back(record.source());
      }
      if (at < last_time) Violation("time: ", place, " offset ", entry.offset, ": recorded_at runs back");
      last_time = at;
      for (const log::v1::Source& source : moved) {
        int64_t& known = sources[absl::StrCat(source.stream(), "/", source.shard())];
        if (source.state().next_offset() < known) {
          Violation("source: ", place, " offset ", entry.offset, " reads ", source.stream(), "/", source.shard(),
                    " back from ", known, " to ", source.state().next_offset());
        }
        known = source.state().next_offset();
      }
      if (record.kind() == log::v1::KIND_DECISION) decisions_.push_back(std::move(decision));
    }
  }

  // A decision made on a stale state gives an aggregate a version that it has already, or leaves one out.
  void CheckVersions() {
    std::map<std::tuple<std::string, uint32_t, std::string>, int64_t> versions;
    for (const Decision& decision : decisions_) {
      for (const auto& event : decision.body.events()) {
        int64_t& version = versions[{decision.stream, decision.shard, event.aggregate()}];
        if (event.version() != version + 1) {
          Violation("versions: ", decision.stream, "/", decision.shard, " offset ", decision.offset, ": ",
                    event.aggregate(), " goes from version ", version, " to ", event.version());
        }
        version = event.version();
      }
    }
  }

  void CheckCalls() {
    std::map<std::tuple<std::string, std::string, std::string>, int> recorded;
    std::map<std::tuple<std::string, std::string, std::string>, const Decision*> where;
    for (const Decision& decision : decisions_) {
      if (decision.body.request_id().empty()) continue;
      const auto key = std::make_tuple(decision.stream, decision.body.caller_scope(), decision.body.request_id());
      ++recorded[key];
      where[key] = &decision;
    }
    for (const auto& [key, times] : recorded) {
      if (times > 1)
        Violation("once: ", std::get<0>(key), " request ", std::get<2>(key), " is recorded ", times, " times");
    }
    for (const CallOutcome& call : evidence_.calls) {
      if (!call.acknowledged) continue;
      ++findings_.acknowledged;
      const auto key = std::make_tuple(call.stream, call.caller, call.request_id);
      const auto found = where.find(key);
      if (found == where.end()) {
        Violation("once: ", call.stream, " request ", call.request_id, " was acknowledged and is not recorded");
      } else if (found->second->shard != call.shard || found->second->offset + 1 != call.next) {
        Violation("once: ", call.stream, " request ", call.request_id, " was acknowledged at ", call.shard, ":",
                  call.next, " and lies at ", found->second->shard, ":", found->second->offset + 1);
      }
    }
  }

  // The same cause never gives the same shard the same event twice; and at rest, what must follow has followed.
  void CheckReactions() {
    std::set<std::tuple<std::string, uint32_t, std::string, std::string>> seen;
    std::set<std::pair<std::string, std::string>> caused;  // (stream, cause)
    for (const Decision& decision : decisions_) {
      if (!decision.body.has_cause()) continue;
      ++findings_.reactions;
      const auto& cause = decision.body.cause();
      const std::string name = absl::StrCat(cause.stream(), "/", cause.aggregate(), "/", cause.version());
      caused.insert({decision.stream, name});
      std::string effect;
      for (const auto& event : decision.body.events())
        absl::StrAppend(&effect, event.aggregate(), "=", event.payload(), ";");
      if (!seen.insert({decision.stream, decision.shard, name, effect}).second) {
        Violation("reaction: ", decision.stream, "/", decision.shard, " offset ", decision.offset, " reacts to ", name,
                  " a second time");
      }
    }
    if (!evidence_.at_rest) return;
    for (const Decision& decision : decisions_) {
      if (decision.stream != "intake" || decision.body.events().empty()) continue;
      intake::events::v1::Event event;
      event.ParseFromString(decision.body.events(0).payload());
      if (!event.has_complaint_received()) continue;
      const std::string name =
          absl::StrCat("intake/", decision.body.events(0).aggregate(), "/", decision.body.events(0).version());
      for (const char* stream : {"routing", "sla"}) {
        if (!caused.contains({stream, name})) Violation("reaction: ", stream, " never reacted to ", name);
      }
    }
  }

  struct Window {
    int64_t start;
    int64_t end;
    std::string visit;
  };

  void Take(std::vector<Window>* windows, const Window& window, const std::string& technician, int64_t offset) {
    for (const Window& other : *windows) {
      if (other.visit != window.visit && other.start < window.end && window.start < other.end) {
        Violation("slot: ", technician, " offset ", offset, ": ", window.visit, " overlaps ", other.visit);
      }
    }
    Drop(windows, window.visit);
    windows->push_back(window);
  }

  static void Drop(std::vector<Window>* windows, const std::string& visit) {
    std::erase_if(*windows, [&](const Window& window) { return window.visit == visit; });
  }

  void CheckSlots() {
    using scheduling::events::v1::Event;
    std::map<std::string, std::vector<Window>> taken;
    for (const Decision& decision : decisions_) {
      if (decision.stream != "scheduling") continue;
      for (const auto& stored : decision.body.events()) {
        Event event;
        event.ParseFromString(stored.payload());
        const std::string& visit = stored.aggregate();
        const auto drop_everywhere = [&] {
          for (auto& [technician, windows] : taken) Drop(&windows, visit);
        };
        switch (event.kind_case()) {
          case Event::kSlotHeld: {
            // A hold ends by time, whether or not its release was recorded yet.
            const auto& held = event.slot_held();
            drop_everywhere();
            auto& windows = taken[held.technician()];
            std::erase_if(windows, [&](const Window& w) {
              return holds_.contains(w.visit) && holds_[w.visit] <= decision.body.recorded_at();
            });
            Take(&windows, {held.window_start(), held.window_end(), visit}, held.technician(), decision.offset);
            holds_[visit] = held.expires_at();
            break;
          }
          case Event::kVisitBooked: {
            const auto& booked = event.visit_booked();
            ++findings_.visits_booked;
            drop_everywhere();
            holds_.erase(visit);
            auto& windows = taken[booked.technician()];
            std::erase_if(windows, [&](const Window& w) {
              return holds_.contains(w.visit) && holds_[w.visit] <= decision.body.recorded_at();
            });
            Take(&windows, {booked.window_start(), booked.window_end(), visit}, booked.technician(), decision.offset);
            break;
          }
          case Event::kVisitMoved: {
            const auto& moved = event.visit_moved();
            drop_everywhere();
            auto& windows = taken[moved.technician()];
            std::erase_if(windows, [&](const Window& w) {
              return holds_.contains(w.visit) && holds_[w.visit] <= decision.body.recorded_at();
            });
            Take(&windows, {moved.window_start(), moved.window_end(), visit}, moved.technician(), decision.offset);
            break;
          }
          case Event::kHoldReleased:
          case Event::kVisitCancelled:
          case Event::kVisitDone:
          case Event::kVisitNoAccess:
            drop_everywhere();
            holds_.erase(visit);
            break;
          default: break;
        }
      }
    }
  }

  void CheckDigests() {
    std::map<std::tuple<std::string, uint32_t, int64_t>, const DigestSeen*> first;
    for (const DigestSeen& seen : evidence_.digests) {
      const auto [at, inserted] = first.try_emplace({seen.stream, seen.shard, seen.next}, &seen);
      if (!inserted && at->second->digest != seen.digest) {
        Violation("digest: ", seen.stream, "/", seen.shard, " at ", seen.next, ": ", seen.by, " differs from ",
                  at->second->by);
      }
    }
  }

  const Evidence& evidence_;
  Findings findings_;
  std::vector<Decision> decisions_;
  std::map<std::string, int64_t> holds_;  // visit → when its hold ends
};

}  // namespace

Findings Check(const Evidence& evidence) { return Checker(evidence).Run(); }

}  // namespace redress::sim

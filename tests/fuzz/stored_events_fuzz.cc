// Stored events, folded: a fold never fails, gives the same rows however the log is cut into batches, and what follows
// from an event (public events, reactions, their decisions) is written as it can be read.
//
//   line    = stream " " aggregate " " version " " recorded_at " " event        intake complaints/… 1 1790000000000 {…}
//
// Each line is a decision of one event of shard 0. Events that this build does not know stop a shard before they are
// folded, and so do they here.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/privacy/in_memory_key_store.h"
#include "libs/reference/register_view.h"
#include "libs/reference/snapshot_builder.h"
#include "libs/reference/starter_set.h"
#include "libs/runtime/fold.h"
#include "libs/runtime/rows.h"
#include "libs/store/memory/memory_database.h"
#include "libs/subscribe/public_events.h"
#include "services/intake/intake_logic.h"
#include "services/intake/intake_lookups.h"
#include "services/routing/routing_logic.h"
#include "services/routing/routing_register_logic.h"
#include "services/scheduling/scheduling_logic.h"
#include "services/sla/sla_logic.h"
#include "tests/fuzz/target.h"
#include "tests/golden/boxes.h"

namespace redress::fuzz {
namespace {

using log::Stream;

constexpr size_t kMostLines = 24;
constexpr uint32_t kShards = 2;

// What all runs share: it is not changed by any.
struct World {
  World() : keys(&ids, &clock, 4), lookups("fuzz", "33", &keys), intake(&lookups, &keys, nullptr) {
    const auto dir = reference::FindConfigDir("");
    Check(dir.ok(), "the starter set is there");
    auto set = reference::LoadStarterSet(*dir);
    Check(set.ok(), "and can be read");
    snapshot = reference::SnapshotBuilder().Add(*set).Build();
  }
  runtime::Logic& LogicOf(Stream stream) {
    switch (stream) {
      case Stream::kRegister: return register_logic;
      case Stream::kIntake: return intake;
      case Stream::kRouting: return routing;
      case Stream::kScheduling: return scheduling;
      case Stream::kSla: return sla;
    }
    return register_logic;
  }

  FakeClock clock{1'790'000'000'000};
  SeededIdSource ids{1};
  InMemoryKeyStore keys;
  intake::Lookups lookups;
  intake::IntakeLogic intake;
  routing::RegisterLogic register_logic;
  routing::RoutingLogic routing;
  scheduling::SchedulingLogic scheduling;
  sla::SlaLogic sla;
  std::shared_ptr<const reference::Snapshot> snapshot;
};

World& TheWorld() {
  static auto* const world = new World();
  return *world;
}

struct Decision {
  Stream stream;
  log::v1::Body body;
};

const google::protobuf::Message* Prototype(const std::vector<std::string>& words) {
  const auto stream = log::ParseStream(words[0]);
  if (!stream.ok()) return nullptr;
  if (words.size() > 1 && words[1].rfind("inputs/", 0) == 0) return &log::v1::RuntimeEvent::default_instance();
  return &golden::EventOf(*stream);
}

std::vector<Decision> ReadDecisions(absl::string_view bytes) {
  std::vector<Decision> decisions;
  for (const Line& line : ReadLines(bytes, Prototype, kMostLines)) {
    const auto stream = log::ParseStream(line.words[0]);
    int64_t version = 0;
    int64_t recorded_at = 0;
    if (!stream.ok() || line.message == nullptr || line.words.size() < 4) continue;
    if (!absl::SimpleAtoi(line.words[2], &version) || !absl::SimpleAtoi(line.words[3], &recorded_at)) continue;
    Decision decision{*stream, {}};
    decision.body.set_recorded_at(recorded_at);
    decision.body.set_register_version(1);
    decision.body.set_caller_scope("ana");
    decision.body.set_request_id(absl::StrCat("r", decisions.size() % 3));
    auto* event = decision.body.add_events();
    event->set_aggregate(line.words[1]);
    event->set_version(version);
    event->set_payload(line.message->SerializeAsString());
    // What no record can hold nobody reads.
    log::v1::Body read;
    if (!read.ParseFromString(decision.body.SerializeAsString())) continue;
    if (runtime::Knows(TheWorld().LogicOf(*stream), *stream, *event)) decisions.push_back(std::move(decision));
  }
  return decisions;
}

using Databases = std::map<Stream, store::MemoryDatabase>;

void Fold(const Decision& decision, int64_t next, store::View* rows) {
  const runtime::ApplyContext context{0, kShards, &decision.body};
  runtime::FoldDecision(TheWorld().LogicOf(decision.stream), context, nullptr, next, rows);
}

// A view of a batch, or one for each decision; what is written first in trial, as an owner does, is part of what is
// written for good.
void FoldAll(const std::vector<Decision>& decisions, bool one_batch, Databases* databases) {
  std::map<Stream, store::View> views;
  for (const Stream stream : log::kAllStreams) views.emplace(stream, &(*databases)[stream]);
  int64_t next = 1;
  for (const Decision& decision : decisions) {
    store::View& view = views.at(decision.stream);
    if (!one_batch) {
      store::View trial(&view, /*speculative=*/true);
      Fold(decision, ++next, &trial);
      Fold(decision, next, &view);
      for (const auto& [key, value] : trial.writes()) {
        const auto written = view.writes().find(key);
        Check(written != view.writes().end() && written->second == value, "a trial writes what is written for good");
      }
      Check((*databases)[decision.stream].Commit(view.writes()).ok(), "memory is patient");
      view.Clear();
    } else {
      Fold(decision, ++next, &view);
    }
  }
  for (auto& [stream, view] : views) Check((*databases)[stream].Commit(view.writes()).ok(), "memory is patient");
}

void CheckPublic(const Decision& decision) {
  for (const auto& event : subscribe::PublicEventsOf(decision.stream, decision.body)) {
    subscribe::public_v1::PublicEvent read;
    Check(read.ParseFromString(event.SerializeAsString()), "what leaves the house can be read");
    const auto types = subscribe::PublicTypes();
    Check(std::find(types.begin(), types.end(), event.type()) != types.end(), "and is of a type that there is");
  }
}

// What the services make of an event, as orders, and of those, as events.
void CheckReactions(const Decision& decision, Databases* databases) {
  World& world = TheWorld();
  const runtime::Input input{{decision.stream, 0}, &decision.body};
  for (const Stream stream : log::kAllStreams) {
    runtime::Logic& logic = world.LogicOf(stream);
    const auto follows = logic.Follows(0, kShards);
    if (std::find(follows.begin(), follows.end(), log::ShardId{decision.stream, 0}) == follows.end()) continue;
    if (!logic.Knows(decision.stream, decision.body.events(0))) continue;
    const auto orders = logic.React(input, {0, kShards, world.snapshot.get()});
    if (!orders.ok()) continue;
    for (const runtime::v1::Order& order : *orders) {
      runtime::v1::Order sent;
      Check(sent.ParseFromString(order.SerializeAsString()), "an order can be sent");
      store::View trial(&(*databases)[stream], /*speculative=*/true);
      const Millis now = decision.body.recorded_at();
      const auto events = logic.Decide(trial, sent, {0, kShards, now, world.snapshot.get()});
      if (!events.ok()) {
        Check(!absl::IsInternal(events.status()) && !absl::IsUnknown(events.status()), "a refusal says why");
        continue;
      }
      Decision caused{stream, {}};
      caused.body.set_recorded_at(now);
      for (const runtime::NewEvent& made : *events) {
        auto* event = caused.body.add_events();
        event->set_aggregate(made.aggregate);
        event->set_version(runtime::VersionOf(trial, 0, made.aggregate) + 1);
        event->set_payload(made.payload);
        Check(runtime::Knows(logic, stream, *event), "what is decided is known");
      }
      Fold(caused, 2, &trial);
    }
  }
}

void CheckRegister(Databases* databases) {
  auto rows = std::make_shared<store::MemoryDatabase>();
  Check(rows->Commit([&] {
              store::Writes all;
              (*databases)[Stream::kRegister].Scan("", "", [&](absl::string_view key, absl::string_view value) {
                all[std::string(key)] = std::string(value);
                return true;
              });
              return all;
            }())
            .ok(),
        "memory is patient");
  reference::RegisterView view;
  view.Watch(rows);
  const auto snapshot = view.Current();
  Check(snapshot != nullptr, "there is a register, whatever it holds");
  snapshot->FindPlace("RES-1", 1'790'000'000'000);
  snapshot->FindOrganisation(0);
}

void Run(absl::string_view bytes) {
  const std::vector<Decision> decisions = ReadDecisions(bytes);
  Databases one, many;
  FoldAll(decisions, /*one_batch=*/true, &one);
  FoldAll(decisions, /*one_batch=*/false, &many);
  for (const Stream stream : log::kAllStreams) {
    Check(store::DigestOf(one[stream], 0, store::DigestScope::kAll) ==
              store::DigestOf(many[stream], 0, store::DigestScope::kAll),
          "batches change nothing");
  }
  for (const Decision& decision : decisions) {
    CheckPublic(decision);
    CheckReactions(decision, &many);
  }
  CheckRegister(&many);
}

std::vector<std::string> Beginnings() {
  std::vector<std::string> beginnings;
  for (const Stream stream : log::kAllStreams) {
    for (const char* aggregate : {"complaints/1", "people/1", "interventions/1", "technicians/1", "inputs/intake/x"}) {
      beginnings.push_back(absl::StrCat(log::StreamName(stream), " ", aggregate, " 1 1790000000000"));
    }
  }
  return beginnings;
}

std::vector<std::string> Vocabulary() {
  return {"complaints/1",
          "people/1",
          "interventions/1",
          "technicians/1",
          "heating",
          "front-desk",
          "RES-1",
          "own-promises",
          "remedy",
          "no_access",
          "Europe/Paris",
          "agency",
          "FR",
          "2026-12-24",
          "intake",
          "north",
          "ana",
          "cancelled",
          "resident_consented"};
}

const Target kTarget("stored_events", Run, {Prototype, Beginnings, Vocabulary});

}  // namespace
}  // namespace redress::fuzz

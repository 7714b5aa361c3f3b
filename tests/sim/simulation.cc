#include "tests/sim/simulation.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/auth/authenticator.h"
#include "libs/log/acceptance.h"
#include "libs/reference/starter_set.h"
#include "libs/runtime/rows.h"
#include "services/redressctl/simulate/landlord_run.h"
#include "services/redressctl/simulate/landlord_setup.h"
#include "tests/sim/cluster.h"
#include "tests/sim/commotion.h"
#include "tests/sim/network.h"
#include "tests/sim/process.h"
#include "tests/sim/replay.h"
#include "tests/sim/trouble.h"

namespace redress::sim {
namespace {

using simulate::Dice;

// A Monday.
constexpr Millis kEpoch = 1770595200000;
// One in so many runs has rows in RocksDB: they take as long as ten others.
constexpr uint64_t kSeedsForRocks = 50;
// Not the first of a round number of seeds, which runs several times over.
constexpr uint64_t kRocksSeed = 7;
constexpr size_t kCheckpoints = 4;
// A run has some dozens.
constexpr int64_t kMaxRetries = 5000;

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options)
      : options_(options),
        dice_(options.seed),
        clock_(kEpoch),
        executor_(&clock_),
        ids_(options.seed * 77 + 1),
        log_({.installation = "sim", .shard_count = dice_.Chance(0.5) ? 2u : 4u}, &clock_, &executor_, &ids_),
        network_(&executor_, &dice_),
        client_(
            &executor_, &dice_, [this](const std::string& service) { return cluster_->Pick(service); },
            &evidence_.calls) {}

  SimulationResult Run() {
    world_ = {&clock_,         &executor_,  &ids_,
              &log_,           &key_rows_,  &audit_,
              &authenticator_, &network_,   &result_.fault_points_hit,
              &result_.met,    DrawLimits()};
    network_.set_find([this](const std::string& address) { return cluster_->FindByName(address); });
    cluster_ = std::make_unique<Cluster>(world_, &dice_, &result_);
    trouble_ = std::make_unique<Trouble>(world_, cluster_.get(), &dice_, &client_, &network_, &result_,
                                         [this] { SampleDigests(); });
    cluster_->BootAll(/*rocks=*/options_.seed % kSeedsForRocks == kRocksSeed);
    SetUp();
    if (!result_.unexpected.empty()) return std::move(result_);
    const Millis until = clock_.Now() + options_.days * kDay;
    model_ = std::make_unique<simulate::LandlordModel>(LandlordUntil(until));
    Live();
    ComeToRest();
    Gather();
    result_.findings = Check(evidence_);
    return std::move(result_);
  }

 private:
  // Ten residences of two agencies: some in every shard.
  simulate::LandlordOptions LandlordUntil(Millis until) const {
    return {.homes = options_.homes,
            .days = options_.days,
            .seed = options_.seed,
            .until = until,
            .homes_per_agency = options_.homes / 2,
            .homes_per_residence = options_.homes / 10};
  }

  // In half of the runs some people fill a queue, and the reactions of an hour do.
  runtime::QueueLimits DrawLimits() {
    if (dice_.Chance(0.5)) return {};
    return {.callers = 10, .bulk = 2, .machine = 1 + static_cast<size_t>(dice_.Below(16))};
  }

  void SetUp() {
    executor_.RunFor(5 * kSecond);
    const simulate::LandlordModel territory(LandlordUntil(kEpoch));
    const auto done = std::make_shared<bool>(false);
    const auto config = reference::FindConfigDir();
    if (!config.ok()) return Fail("no starter set");
    const auto set = reference::LoadStarterSet(*config);
    if (!set.ok()) return Fail(set.status().ToString());
    // Texts of every second category go a day after the end, or when it can be contested no more.
    reference::StarterSet starter = *set;
    for (int i = 1; i < starter.organisation.categories_size(); i += 2) {
      starter.organisation.mutable_categories(i)->set_retention_days(1);
    }
    Node& node = cluster_->Of(log::Stream::kRouting)[0]->process->node();
    simulate::SetUpLandlord(&node, territory, starter, "2026a", [this, done](absl::Status status) {
      *done = true;
      if (!status.ok()) Fail(status.ToString());
    });
    for (int i = 0; i < 600 && !*done; ++i) executor_.RunFor(100);
    if (!*done) Fail("the register was not set up");
    executor_.RunFor(5 * kSecond);
  }

  void Trace() {
    std::cerr << "t=" << (clock_.Now() - kEpoch) / kHour << "h calls=" << client_.counts().calls
              << " retries=" << client_.counts().retries << " crashes=" << result_.crashes
              << " appends=" << log_.counters().appends << "\n";
    executor_.PostAfter(kHour, [this] { Trace(); });
  }

  void Fail(const std::string& what) { result_.unexpected.push_back(what); }

  void Live() {
    if (options_.trace) Trace();
    const auto calendar = simulate::DeskCalendar();
    desk_ = std::make_unique<calendar::WorkingCalendar>(calendar);
    run_ = std::make_unique<simulate::LandlordRun>(model_.get(), &client_, &clock_, &executor_, desk_.get(),
                                                   options_.seed);
    // It may be answered after we have given up.
    const auto registered = std::make_shared<bool>(false);
    run_->RegisterTechnicians([this, registered](absl::Status status) {
      *registered = true;
      if (!status.ok()) Fail(status.ToString());
    });
    for (int i = 0; i < 600 && !*registered; ++i) executor_.RunFor(100);
    if (!*registered) Fail("technicians were not registered");
    commotion_ = std::make_unique<Commotion>(model_.get(), &client_, &clock_, &executor_, options_.seed);
    trouble_->DrawTravel();
    run_->Begin();
    commotion_->Begin();
    trouble_->Strike();
    if (options_.seed % kSeedsForProvoked == kProvokedSeed) trouble_->Provoke();
    RunFor(model_->ends() - clock_.Now());
  }

  // Unless nobody is answered any more, or some shard goes no further: such a run has failed, and would take its
  // retries to the end of time.
  void RunFor(Millis duration) {
    for (Millis left = duration; left > 0 && !stuck_; left -= kHour) {
      executor_.RunFor(std::min(left, kHour));
      stuck_ = client_.counts().retries > kMaxRetries;
      if (stuck_) return Fail("nobody is answered any more");
      for (const auto& slot : cluster_->slots()) stuck_ = stuck_ || cluster_->HasStopped(*slot);
    }
  }

  void ComeToRest() {
    trouble_->End();
    executor_.RunFor(2 * kMinute);
    cluster_->AssignEach();
    RunFor(options_.quiet_days * kDay);
    result_.unanswered = client_.counts().open;
    // At rest everything is answered at the first try.
    client_.set_patient(false);
    commotion_->ReadAll([this](const std::string& what) { Fail(absl::StrCat("at rest: ", what)); });
    executor_.RunFor(kMinute);
    commotion_->AskOfWhatIsOver();
    executor_.RunFor(10 * kMinute);
    result_.unanswered += client_.counts().open;
  }

  void DigestsOf(Process* process, const std::string& by) {
    for (const log::Stream stream : log::kAllStreams) {
      runtime::ServiceRuntime* runtime = process->node().runtime(stream);
      if (runtime == nullptr) continue;
      for (uint32_t shard = 0; shard < runtime->shard_count(); ++shard) {
        const auto database = runtime->database();
        const auto number = static_cast<uint16_t>(shard);
        DigestSeen seen{std::string(log::StreamName(stream)), shard,
                        runtime::LoadRuleState(*database, number).next_offset,
                        store::DigestOf(*database, number, store::DigestScope::kAll), by};
        // Of damaged rows nothing is said.
        if (!absl::IsDataLoss(database->Health())) evidence_.digests.push_back(std::move(seen));
      }
    }
  }

  void SampleDigests() {
    const auto& slots = cluster_->slots();
    Slot* slot = slots[dice_.Below(static_cast<int>(slots.size()))].get();
    if (slot->process == nullptr || slot->process->dead()) return;
    DigestsOf(slot->process.get(), absl::StrCat(slot->name, " life ", slot->lives));
    TakeCheckpoint(*slot);
  }

  // A checkpoint is a copy of the rows: a process that begins there must become what the others are. Each one of the
  // run is kept with the same chance.
  void TakeCheckpoint(const Slot& slot) {
    const int taken = ++checkpoints_taken_;
    const size_t place =
        checkpoints_.size() < kCheckpoints ? checkpoints_.size() : static_cast<size_t>(dice_.Below(taken));
    if (place >= kCheckpoints) return;
    Disks copy;
    for (const auto& [stream, rows] : slot.disks.rows) copy.rows[stream] = rows->Copy();
    checkpoints_.resize(std::max(checkpoints_.size(), place + 1));
    checkpoints_[place] = {slot.stream, std::move(copy)};
  }

  void StandingOf(Process* process, const std::string& by) {
    for (const log::Stream stream : log::kAllStreams) {
      runtime::ServiceRuntime* runtime = process->node().runtime(stream);
      if (runtime == nullptr) continue;
      for (const runtime::ShardStatus& status : runtime->Status()) {
        evidence_.replicas.push_back({std::string(log::StreamName(stream)), status.id.shard, status.state.next_offset,
                                      status.stopped.ok() ? "" : status.stopped.ToString(), by});
      }
    }
  }

  void Gather() {
    for (const auto& slot : cluster_->slots()) {
      DigestsOf(slot->process.get(), absl::StrCat(slot->name, " at rest"));
      StandingOf(slot->process.get(), slot->name);
    }
    for (const char* service : kServices) checkpoints_.push_back({*log::ParseStream(service), Disks()});
    for (size_t i = 0; i < checkpoints_.size(); ++i) {
      auto& [stream, disks] = checkpoints_[i];
      const std::string by = disks.rows.empty() ? "rebuild from 0" : "restart from a checkpoint";
      Process fresh(world_, absl::StrCat("fresh-", i), {stream}, &disks, 0, 0, [] {});
      executor_.RunFor(kMinute);
      DigestsOf(&fresh, by);
      StandingOf(&fresh, by);
      fresh.Kill();
      executor_.RunFor(kSecond);
    }
    std::string all;
    for (const log::Stream stream : log::kAllStreams) {
      for (uint32_t shard = 0; shard < cluster_->ShardCount(stream); ++shard) {
        auto& entries = evidence_.shards[{std::string(log::StreamName(stream)), shard}];
        for (const log::Entry& entry : log_.Entries({stream, shard})) {
          entries.push_back({entry.offset, entry.bytes});
          all = log::NextChain(all, entry.bytes);
        }
      }
    }
    const auto folded = ReplayDigests(evidence_, cluster_->slots()[0]->process->connection().info(), &key_rows_);
    evidence_.digests.insert(evidence_.digests.end(), folded.begin(), folded.end());
    evidence_.ended_at = clock_.Now();
    result_.fingerprint = log::Hex(all);
    evidence_.at_rest = true;
    result_.submitted = run_->counts().submitted;
    result_.visits_done = run_->counts().visits_done;
    for (const auto& [what, times] : run_->counts().unexpected) Fail(absl::StrCat(what, " × ", times));
    for (const auto& [what, times] : commotion_->unexpected()) Fail(absl::StrCat(what, " × ", times));
    result_.reasons = commotion_->reasons();
    result_.calls = client_.counts().calls;
    result_.retries = client_.counts().retries;
    CountFaults();
  }

  void CountFaults() {
    auto& faults = result_.faults;
    const auto& log = log_.counters();
    faults["append lost"] = log.lost;
    faults["append unknown"] = log.unknown;
    faults["append late"] = log.late;
    faults["append in part"] = log.partial;
    faults["append twice"] = log.twice;
    faults["append refused"] = log.refused;
    faults["records forgotten"] = log.forgotten;
    faults["retry elsewhere"] = client_.counts().elsewhere;
    for (const auto& [reason, times] : client_.counts().put_off) faults[absl::StrCat("answered ", reason)] = times;
  }

  const SimulationOptions options_;
  Dice dice_;
  FakeClock clock_;
  FakeExecutor executor_;
  SeededIdSource ids_;
  log::SimulatedLog log_;
  InMemoryKeyRows key_rows_;
  InMemoryReadAudit audit_;
  NoAuth authenticator_;
  SimulationResult result_;
  Evidence evidence_;
  SimulatedNetwork network_;
  RetryingClient client_;
  World world_;
  bool stuck_ = false;
  std::unique_ptr<simulate::LandlordModel> model_;
  std::unique_ptr<calendar::WorkingCalendar> desk_;
  std::unique_ptr<simulate::LandlordRun> run_;
  std::unique_ptr<Commotion> commotion_;
  std::vector<std::pair<log::Stream, Disks>> checkpoints_;
  int checkpoints_taken_ = 0;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<Trouble> trouble_;
};

}  // namespace

SimulationResult Simulate(const SimulationOptions& options) { return Simulation(options).Run(); }

}  // namespace redress::sim

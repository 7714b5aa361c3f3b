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
#include "tests/sim/commotion.h"
#include "tests/sim/network.h"
#include "tests/sim/process.h"
#include "tests/sim/replay.h"

namespace redress::sim {
namespace {

using simulate::Dice;

// A Monday.
constexpr Millis kEpoch = 1770595200000;
// Clocks of machines that are kept right differ by less than this; an owner refuses a claim that was appended 2 s from
// where its own clock says.
constexpr int kClockOff = 1500;
constexpr size_t kCheckpoints = 4;
// A run has some dozens.
constexpr int64_t kMaxRetries = 20000;
constexpr const char* kServices[] = {"intake", "routing", "scheduling", "sla"};

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
            &executor_, &dice_, [this](const std::string& service) { return Pick(service); }, &evidence_.calls) {}

  SimulationResult Run() {
    world_ = {
        &clock_, &executor_, &ids_, &log_, &key_rows_, &audit_, &authenticator_, &network_, &result_.fault_points_hit};
    network_.set_find([this](const std::string& address) { return FindByName(address); });
    BootAll();
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
  struct Slot {
    std::string name;
    log::Stream stream;
    Disks disks;
    std::unique_ptr<Process> process;
    int lives = 0;
  };

  // Ten residences of two agencies: some in every shard.
  simulate::LandlordOptions LandlordUntil(Millis until) const {
    return {.homes = options_.homes,
            .days = options_.days,
            .seed = options_.seed,
            .until = until,
            .homes_per_agency = options_.homes / 2,
            .homes_per_residence = options_.homes / 10};
  }

  Millis DrawClockOff() { return dice_.Below(2 * kClockOff + 1) - kClockOff; }

  void BootAll() {
    for (const char* service : kServices) {
      const int instances = 1 + dice_.Below(3);
      for (int i = 0; i < instances; ++i) {
        auto slot = std::make_unique<Slot>();
        slot->name = absl::StrCat(service, "-", i);
        slot->stream = *log::ParseStream(service);
        slots_.push_back(std::move(slot));
      }
    }
    for (auto& slot : slots_) Boot(slot.get());
    AssignEach();
  }

  void Boot(Slot* slot) {
    ++slot->lives;
    slot->process = std::make_unique<Process>(world_, slot->name, std::vector<log::Stream>{slot->stream}, &slot->disks,
                                              DrawClockOff(), [this, slot] { Died(slot); });
  }

  // In the middle of the process's own work: bury it later.
  void Died(Slot* slot) {
    ++result_.crashes;
    const int life = slot->lives;
    executor_.PostAfter(kSecond + dice_.Below(30000), [this, slot, life] {
      if (slot->lives == life) Restart(slot);
    });
  }

  void Restart(Slot* slot) {
    slot->process = nullptr;
    ++result_.restarts;
    for (auto& [stream, rows] : slot->disks.rows) {
      if (dice_.Chance(0.1)) {
        rows = nullptr;  // the disk is lost: a rebuild
      } else {
        rows->Lose(static_cast<size_t>(dice_.Below(12)));
      }
    }
    Boot(slot);
    AssignAtRandom();
  }

  std::vector<Slot*> Of(log::Stream stream) {
    std::vector<Slot*> slots;
    for (auto& slot : slots_) {
      if (slot->stream == stream) slots.push_back(slot.get());
    }
    return slots;
  }

  Process* Pick(const std::string& service) {
    const auto stream = log::ParseStream(service);
    // The register's API is served where routing runs.
    const auto slots = Of(stream.ok() && *stream != log::Stream::kRegister ? *stream : log::Stream::kRouting);
    Process* process = slots[dice_.Below(static_cast<int>(slots.size()))]->process.get();
    return process == nullptr || process->dead() ? nullptr : process;
  }

  Process* FindByName(const std::string& name) {
    for (auto& slot : slots_) {
      if (slot->name == name && slot->process != nullptr && !slot->process->dead()) return slot->process.get();
    }
    return nullptr;
  }

  uint32_t ShardCount(log::Stream stream) const { return stream == log::Stream::kRegister ? 1 : shard_count_; }

  // Each shard to one process.
  void AssignEach() {
    if (shard_count_ == 0) shard_count_ = slots_[0]->process->node().runtime(slots_[0]->stream)->shard_count();
    for (const log::Stream stream : log::kAllStreams) {
      const auto slots = Of(stream == log::Stream::kRegister ? log::Stream::kRouting : stream);
      std::vector<std::vector<bool>> wanted(slots.size(), std::vector<bool>(ShardCount(stream), false));
      const auto first = static_cast<size_t>(dice_.Below(static_cast<int>(slots.size())));
      for (uint32_t shard = 0; shard < ShardCount(stream); ++shard)
        wanted[(first + shard) % slots.size()][shard] = true;
      for (size_t i = 0; i < slots.size(); ++i) {
        if (slots[i]->process != nullptr) slots[i]->process->node().Assign(stream, wanted[i]);
      }
    }
  }

  // A hint is only a hint: for some seconds two may think they own a shard, or nobody; then it is dealt out anew.
  void AssignAtRandom() {
    for (const log::Stream stream : log::kAllStreams) {
      for (Slot* slot : Of(stream == log::Stream::kRegister ? log::Stream::kRouting : stream)) {
        std::vector<bool> wanted(ShardCount(stream));
        for (size_t shard = 0; shard < wanted.size(); ++shard) wanted[shard] = dice_.Chance(0.6);
        if (slot->process != nullptr) slot->process->node().Assign(stream, wanted);
      }
    }
    executor_.PostAfter(kSecond + dice_.Below(5000), [this] { AssignEach(); });
  }

  void SetUp() {
    executor_.RunFor(5 * kSecond);
    const simulate::LandlordModel territory(LandlordUntil(kEpoch));
    const auto done = std::make_shared<bool>(false);
    const auto config = reference::FindConfigDir();
    if (!config.ok()) return Fail("no starter set");
    const auto set = reference::LoadStarterSet(*config);
    if (!set.ok()) return Fail(set.status().ToString());
    Node& node = Of(log::Stream::kRouting)[0]->process->node();
    simulate::SetUpLandlord(&node, territory, *set, "2026a", [this, done](absl::Status status) {
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

  log::Faults DrawFaults() {
    log::Faults faults;
    faults.append = {0, dice_.Below(30)};
    faults.between = {0, dice_.Below(5)};
    faults.report = {0, dice_.Below(30)};
    faults.arrival = {0, dice_.Below(50)};
    faults.end_of = {0, dice_.Below(20)};
    faults.timeout = {5, 3000};
    faults.late = {5, 20000};
    faults.clock_skew = dice_.Below(401) - 200;
    const auto rare = [&] { return dice_.Chance(0.6) ? 0.03 * dice_.Unit() : 0.0; };
    faults.refused = rare() / 3;
    faults.lost = rare();
    faults.landed_unknown = rare();
    faults.landed_late = rare();
    faults.partial = rare();
    faults.twice = rare();
    faults.sparse = rare();
    faults.stale_end = rare();
    faults.unavailable = rare();
    return faults;
  }

  Losses DrawLosses() {
    const auto rare = [&] { return dice_.Chance(0.6) ? 0.03 * dice_.Unit() : 0.0; };
    return {rare(), rare(), rare()};
  }

  void DrawTravel() {
    log_.set_faults(DrawFaults());
    client_.set_losses(DrawLosses());
    network_.set_losses(DrawLosses());
  }

  // One thing goes wrong, and the next is planned.
  void Trouble() {
    if (quiet_) return;
    Slot* slot = slots_[dice_.Below(static_cast<int>(slots_.size()))].get();
    Process* process = slot->process.get();
    const double what = dice_.Unit();
    if (process != nullptr && !process->dead()) {
      if (what < 0.45) {
        // At the n-th passing from now of a fault point: that is in the middle of work.
        const auto point = runtime::kFaultPoints[dice_.Below(static_cast<int>(std::size(runtime::kFaultPoints)))];
        process->faults().Arm(std::string(point), 1 + dice_.Below(6));
      } else if (what < 0.55) {
        process->Kill();
        Died(slot);
      } else if (what < 0.65) {
        process->executor().Freeze();
        const int life = slot->lives;
        executor_.PostAfter(kSecond + dice_.Below(40000), [slot, life] {
          if (slot->lives == life) slot->process->executor().Thaw();
        });
      } else if (what < 0.75) {
        process->connection().Cut();
        const int life = slot->lives;
        executor_.PostAfter(kSecond + dice_.Below(40000), [slot, life] {
          if (slot->lives == life) slot->process->connection().Mend();
        });
      } else if (what < 0.84) {
        AssignAtRandom();
      } else if (what < 0.87) {
        process->clock().SetOff(DrawClockOff());
      } else if (what < 0.89) {
        // Somebody sets the clock: what this process decides meanwhile is wrong, whether it may own is the log's word.
        process->clock().SetOff(dice_.Chance(0.5) ? kMinute : -kMinute);
        const int life = slot->lives;
        executor_.PostAfter(kSecond + dice_.Below(60000), [this, slot, life] {
          if (slot->lives == life) slot->process->clock().SetOff(DrawClockOff());
        });
      } else if (what < 0.92) {
        key_rows_.FailNextPut(dice_.Chance(0.5) ? InMemoryKeyRows::Fault::kLost : InMemoryKeyRows::Fault::kKept);
      } else if (what < 0.96) {
        DrawTravel();
      } else if (log_.running()) {
        log_.Crash(dice_.Chance(0.5) ? log::SimulatedLog::Unsynced::kForgotten : log::SimulatedLog::Unsynced::kKept);
        executor_.PostAfter(kSecond + dice_.Below(10000), [this] {
          if (!log_.running()) log_.Restart();
        });
      }
    }
    if (dice_.Chance(0.3)) SampleDigests();
    executor_.PostAfter(static_cast<Millis>(dice_.Exponential(static_cast<double>(10 * kMinute))),
                        [this] { Trouble(); });
  }

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
    DrawTravel();
    run_->Begin();
    commotion_->Begin();
    Trouble();
    RunFor(model_->ends() - clock_.Now());
  }

  // Unless nobody is answered any more: such a run has failed, and would take its retries to the end of time.
  void RunFor(Millis duration) {
    for (Millis left = duration; left > 0 && !stuck_; left -= kHour) {
      executor_.RunFor(std::min(left, kHour));
      stuck_ = client_.counts().retries > kMaxRetries;
      if (stuck_) Fail("nobody is answered any more");
    }
  }

  void ComeToRest() {
    quiet_ = true;
    log_.set_faults({});
    client_.set_losses({});
    network_.set_losses({});
    key_rows_.FailNextPut(InMemoryKeyRows::Fault::kNone);
    if (!log_.running()) log_.Restart();
    for (auto& slot : slots_) {
      if (slot->process != nullptr && !slot->process->dead()) {
        slot->process->executor().Thaw();
        slot->process->connection().Mend();
        slot->process->faults().Arm("", 0);
        slot->process->clock().SetOff(DrawClockOff());
      } else {
        slot->process = nullptr;
        Boot(slot.get());
        ++slot->lives;
      }
    }
    executor_.RunFor(2 * kMinute);
    AssignEach();
    RunFor(options_.quiet_days * kDay);
    result_.unanswered = client_.counts().open;
    // At rest everything is answered at the first try.
    client_.set_patient(false);
    commotion_->ReadAll([this](const std::string& what) { Fail(absl::StrCat("at rest: ", what)); });
    executor_.RunFor(kMinute);
    result_.unanswered += client_.counts().open;
  }

  void DigestsOf(Process* process, const std::string& by) {
    for (const log::Stream stream : log::kAllStreams) {
      runtime::ServiceRuntime* runtime = process->node().runtime(stream);
      if (runtime == nullptr) continue;
      for (uint32_t shard = 0; shard < runtime->shard_count(); ++shard) {
        const auto database = runtime->database();
        const auto number = static_cast<uint16_t>(shard);
        evidence_.digests.push_back({std::string(log::StreamName(stream)), shard,
                                     runtime::LoadRuleState(*database, number).next_offset,
                                     store::DigestOf(*database, number, store::DigestScope::kAll), by});
      }
    }
  }

  void SampleDigests() {
    Slot* slot = slots_[dice_.Below(static_cast<int>(slots_.size()))].get();
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
    for (auto& slot : slots_) {
      DigestsOf(slot->process.get(), absl::StrCat(slot->name, " at rest"));
      StandingOf(slot->process.get(), slot->name);
    }
    for (const char* service : kServices) checkpoints_.push_back({*log::ParseStream(service), Disks()});
    for (size_t i = 0; i < checkpoints_.size(); ++i) {
      auto& [stream, disks] = checkpoints_[i];
      const std::string by = disks.rows.empty() ? "rebuild from 0" : "restart from a checkpoint";
      Process fresh(world_, absl::StrCat("fresh-", i), {stream}, &disks, 0, [] {});
      executor_.RunFor(kMinute);
      DigestsOf(&fresh, by);
      StandingOf(&fresh, by);
      fresh.Kill();
      executor_.RunFor(kSecond);
    }
    std::string all;
    for (const log::Stream stream : log::kAllStreams) {
      for (uint32_t shard = 0; shard < ShardCount(stream); ++shard) {
        auto& entries = evidence_.shards[{std::string(log::StreamName(stream)), shard}];
        for (const log::Entry& entry : log_.Entries({stream, shard})) {
          entries.push_back({entry.offset, entry.bytes});
          all = log::NextChain(all, entry.bytes);
        }
      }
    }
    const auto folded = ReplayDigests(evidence_, slots_[0]->process->connection().info(), &key_rows_);
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
  uint32_t shard_count_ = 0;
  bool quiet_ = false;
  bool stuck_ = false;
  std::unique_ptr<simulate::LandlordModel> model_;
  std::unique_ptr<calendar::WorkingCalendar> desk_;
  std::unique_ptr<simulate::LandlordRun> run_;
  std::unique_ptr<Commotion> commotion_;
  std::vector<std::pair<log::Stream, Disks>> checkpoints_;
  int checkpoints_taken_ = 0;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace

SimulationResult Simulate(const SimulationOptions& options) { return Simulation(options).Run(); }

}  // namespace redress::sim

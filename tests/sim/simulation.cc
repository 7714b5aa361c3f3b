#include "tests/sim/simulation.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/auth/authenticator.h"
#include "libs/log/acceptance.h"
#include "libs/reference/starter_set.h"
#include "libs/runtime/rows.h"
#include "redress/types/v1/position.pb.h"
#include "services/redressctl/simulate/landlord_run.h"
#include "services/redressctl/simulate/landlord_setup.h"
#include "tests/sim/process.h"

namespace redress::sim {
namespace {

using simulate::Dice;

// A Monday.
constexpr Millis kEpoch = 1770595200000;
constexpr Millis kCallTimeout = 8 * kSecond;
constexpr const char* kServices[] = {"intake", "routing", "scheduling", "sla"};

// Calls a random process of the service a method belongs to, again and again with the same request, until the answer is
// final.
class RetryingClient : public rpc::Client {
 public:
  struct Pending {
    std::string method;
    std::unique_ptr<google::protobuf::Message> request;
    google::protobuf::Message* response;
    std::function<void(absl::Status)> done;
    bool settled = false;
  };
  using PickProcess = std::function<Process*(const std::string& service)>;

  RetryingClient(FakeExecutor* executor, Dice* dice, PickProcess pick, SimulationResult* result,
                 std::vector<CallOutcome>* outcomes)
      : executor_(executor), dice_(dice), pick_(std::move(pick)), result_(result), outcomes_(outcomes) {}

  void RawCall(absl::string_view method, const google::protobuf::Message& request, google::protobuf::Message* response,
               const rpc::CallOptions&, std::function<void(absl::Status)> done) override {
    auto pending = std::make_shared<Pending>();
    pending->method = std::string(method);
    pending->request.reset(request.New());
    pending->request->CopyFrom(request);
    pending->response = response;
    pending->done = std::move(done);
    ++result_->calls;
    ++open_;
    Try(pending);
  }

  int64_t open() const { return open_; }

 private:
  void Try(const std::shared_ptr<Pending>& pending) {
    const std::vector<std::string> parts = absl::StrSplit(pending->method, '.');
    Process* process = pick_(parts[1]);
    if (process == nullptr) return Again(pending);
    // One attempt: whatever comes first of an answer, the process's death and the time-out.
    struct Attempt {
      bool over = false;
      std::unique_ptr<google::protobuf::Message> response;
    };
    auto attempt = std::make_shared<Attempt>();
    attempt->response.reset(pending->response->New());
    executor_->PostAfter(kCallTimeout, [this, pending, attempt] {
      if (std::exchange(attempt->over, true)) return;
      Again(pending);
    });
    const ProcessExecutor* life = &process->executor();
    process->client().RawCall(
        pending->method, *pending->request, attempt->response.get(), {},
        [this, pending, attempt, life](absl::Status status) {
          // An answer of a dead process never arrives; the attempt then times out.
          if (attempt->over || life->dead()) return;
          attempt->over = true;
          // Not inside the process's own work.
          executor_->Post([this, pending, attempt, status] { Settle(pending, *attempt->response, status); });
        });
  }

  void Again(const std::shared_ptr<Pending>& pending) {
    ++result_->retries;
    executor_->PostAfter(50 + dice_->Below(2000), [this, pending] { Try(pending); });
  }

  void Settle(const std::shared_ptr<Pending>& pending, const google::protobuf::Message& response,
              const absl::Status& status) {
    if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status) || absl::IsDeadlineExceeded(status)) {
      return Again(pending);
    }
    --open_;
    if (status.ok()) {
      pending->response->CopyFrom(response);
      NoteOutcome(*pending, response);
    }
    pending->done(status);
  }

  void NoteOutcome(const Pending& pending, const google::protobuf::Message& response) {
    const auto* request_id = pending.request->GetDescriptor()->FindFieldByName("request_id");
    const auto* position = response.GetDescriptor()->FindFieldByName("position");
    if (request_id == nullptr || position == nullptr || !response.GetReflection()->HasField(response, position)) return;
    types::v1::Position where;
    where.CopyFrom(response.GetReflection()->GetMessage(response, position));
    CallOutcome outcome;
    outcome.caller = "local";
    outcome.request_id = pending.request->GetReflection()->GetString(*pending.request, request_id);
    outcome.stream = where.stream();
    outcome.shard = where.shard();
    outcome.next = where.next();
    outcome.acknowledged = true;
    outcomes_->push_back(std::move(outcome));
  }

  FakeExecutor* executor_;
  Dice* dice_;
  PickProcess pick_;
  SimulationResult* result_;
  std::vector<CallOutcome>* outcomes_;
  int64_t open_ = 0;
};

// Orders on their way between processes.
class SimulatedNetwork : public runtime::Forwarder {
 public:
  using FindProcess = std::function<Process*(const std::string& address)>;
  SimulatedNetwork(FakeExecutor* executor, Dice* dice) : executor_(executor), dice_(dice) {}
  void set_find(FindProcess find) { find_ = std::move(find); }

  void Execute(const std::string& address, const runtime::v1::Order& order,
               std::function<void(absl::StatusOr<runtime::v1::Receipt>)> done) override {
    executor_->PostAfter(1 + dice_->Below(20), [this, address, order, done = std::move(done)] {
      Process* process = find_(address);
      const auto stream = log::ParseStream(order.stream());
      if (process == nullptr || dice_->Chance(0.02) || process->node().runtime(*stream) == nullptr) {
        return done(absl::UnavailableError("no such process"));
      }
      // What a dead process would have answered is lost: its executor runs nothing any more.
      process->node().runtime(*stream)->ExecuteForwarded(
          order, [this, post = process->executor().Poster(), done](absl::StatusOr<runtime::v1::Receipt> receipt) {
            post([this, done, receipt = std::move(receipt)] {
              executor_->PostAfter(1 + dice_->Below(20), [done, receipt] { done(receipt); });
            });
          });
    });
  }

 private:
  FakeExecutor* executor_;
  Dice* dice_;
  FindProcess find_;
};

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
            &executor_, &dice_, [this](const std::string& service) { return Pick(service); }, &result_,
            &evidence_.calls) {}

  SimulationResult Run() {
    world_ = {
        &clock_, &executor_, &ids_, &log_, &key_rows_, &audit_, &authenticator_, &network_, &result_.fault_points_hit};
    network_.set_find([this](const std::string& address) { return FindByName(address); });
    BootAll();
    SetUp();
    const Millis until = clock_.Now() + options_.days * kDay;
    model_ = std::make_unique<simulate::LandlordModel>(simulate::LandlordOptions{
        .homes = options_.homes, .days = options_.days, .seed = options_.seed, .until = until});
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
                                              [this, slot] { Died(slot); });
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
    executor_.PostAfter(kSecond + dice_.Below(15000), [this] { AssignEach(); });
  }

  void SetUp() {
    executor_.RunFor(5 * kSecond);
    simulate::LandlordModel territory(
        {.homes = options_.homes, .days = options_.days, .seed = options_.seed, .until = kEpoch});
    bool done = false;
    const auto config = reference::FindConfigDir();
    if (!config.ok()) return Fail("no starter set");
    const auto set = reference::LoadStarterSet(*config);
    if (!set.ok()) return Fail(set.status().ToString());
    Node& node = Of(log::Stream::kRouting)[0]->process->node();
    simulate::SetUpLandlord(&node, territory, *set, "2026a", [&](absl::Status status) {
      done = true;
      if (!status.ok()) Fail(status.ToString());
    });
    for (int i = 0; i < 600 && !done; ++i) executor_.RunFor(100);
    if (!done) Fail("the register was not set up");
    executor_.RunFor(5 * kSecond);
  }

  void Trace() {
    std::cerr << "t=" << (clock_.Now() - kEpoch) / kHour << "h calls=" << result_.calls
              << " retries=" << result_.retries << " crashes=" << result_.crashes
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
      } else if (what < 0.90) {
        AssignAtRandom();
      } else if (what < 0.95) {
        log_.set_faults(DrawFaults());
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
    bool registered = false;
    run_->RegisterTechnicians([&](absl::Status status) {
      registered = true;
      if (!status.ok()) Fail(status.ToString());
    });
    for (int i = 0; i < 600 && !registered; ++i) executor_.RunFor(100);
    if (!registered) Fail("technicians were not registered");
    log_.set_faults(DrawFaults());
    run_->Begin();
    Trouble();
    executor_.RunFor(model_->ends() - clock_.Now());
  }

  void ComeToRest() {
    quiet_ = true;
    log_.set_faults({});
    if (!log_.running()) log_.Restart();
    for (auto& slot : slots_) {
      if (slot->process != nullptr && !slot->process->dead()) {
        slot->process->executor().Thaw();
        slot->process->connection().Mend();
        slot->process->faults().Arm("", 0);
      } else {
        slot->process = nullptr;
        Boot(slot.get());
        ++slot->lives;
      }
    }
    executor_.RunFor(2 * kMinute);
    AssignEach();
    executor_.RunFor(options_.quiet_days * kDay);
    result_.unanswered = client_.open();
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
    // A checkpoint is a copy of the rows: a process that begins there must become what the others are.
    if (checkpoints_.size() < 4) {
      Disks copy;
      for (auto& [stream, rows] : slot->disks.rows) copy.rows[stream] = rows->Copy();
      checkpoints_.push_back({slot->stream, std::move(copy)});
    }
  }

  void Gather() {
    for (auto& slot : slots_) DigestsOf(slot->process.get(), absl::StrCat(slot->name, " at rest"));
    for (const char* service : kServices) checkpoints_.push_back({*log::ParseStream(service), Disks()});
    for (size_t i = 0; i < checkpoints_.size(); ++i) {
      auto& [stream, disks] = checkpoints_[i];
      const bool rebuild = disks.rows.empty();
      Process fresh(world_, absl::StrCat("fresh-", i), {stream}, &disks, [] {});
      executor_.RunFor(kMinute);
      DigestsOf(&fresh, rebuild ? "rebuild from 0" : "restart from a checkpoint");
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
    result_.fingerprint = log::Hex(all);
    evidence_.at_rest = true;
    result_.submitted = run_->counts().submitted;
    result_.visits_done = run_->counts().visits_done;
    for (const auto& [what, times] : run_->counts().unexpected) Fail(absl::StrCat(what, " × ", times));
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
  std::unique_ptr<simulate::LandlordModel> model_;
  std::unique_ptr<calendar::WorkingCalendar> desk_;
  std::unique_ptr<simulate::LandlordRun> run_;
  std::vector<std::pair<log::Stream, Disks>> checkpoints_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace

SimulationResult Simulate(const SimulationOptions& options) { return Simulation(options).Run(); }

}  // namespace redress::sim

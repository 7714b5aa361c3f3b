#include "tests/sim/process.h"

#include "libs/auth/authenticator.h"
#include "libs/status/errors.h"

namespace redress::sim {

namespace {

// One key in four, the same on every machine.
bool InDamagedBlock(absl::string_view key) {
  uint32_t hash = 2166136261;
  for (const char c : key) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
  return (hash >> 16) % 4 == 0;
}

}  // namespace

bool MortalDatabase::Fails(absl::string_view key) const {
  if (absl::IsDataLoss(health_)) return InDamagedBlock(key);
  if (reads_left_ == 0 || --reads_left_ > 0) return false;
  health_ = MakeError(absl::StatusCode::kDataLoss, kDamaged, "a block that cannot be read");
  return true;
}

absl::Status MortalDatabase::Commit(const store::Writes& writes) {
  if (life_->dead()) return absl::UnavailableError("the process is dead");
  if (!health_.ok()) return health_;
  if (full_) return health_ = RetryLater(absl::StatusCode::kResourceExhausted, "DISK_FULL", "no space", 10'000);
  // Not every one of them has to wait for the disk.
  if (slow_ > 0 && ++commits_ % 3 == 0) life_->Stall(1 + (commits_ * 7919) % slow_);
  return disk_->Commit(writes);
}

absl::Status MortalDatabase::Resume() {
  if (!full_ && absl::IsResourceExhausted(health_)) health_ = absl::OkStatus();
  return health_;
}

Process::Process(const World& world, std::string name, std::vector<log::Stream> services, Disks* disks,
                 Millis clock_off, Millis clock_drift, std::function<void()> on_death)
    : name_(std::move(name)),
      clock_(world.clock, clock_off, clock_drift),
      executor_(world.executor),
      faults_(
          [this, on_death = std::move(on_death)] {
            Kill();
            on_death();
          },
          [this](const std::string& stream) {
            return !absl::IsDataLoss(databases_.at(*log::ParseStream(stream))->Health());
          },
          world.fault_points_hit, world.met),
      forwarder_(world.forwarder, &executor_),
      connection_(world.log->Connect(&executor_)),
      keys_(std::make_unique<MadeAheadKeyStore>(world.key_rows, world.ids, &clock_, 16)) {
  NodeOptions options;
  options.instance = name_;
  options.tzdata_version = "2026a";
  options.address = name_;
  options.services = services;
  options.log = connection_.get();
  options.clock = &clock_;
  options.ids = world.ids;
  options.executors = {&executor_};
  options.aside = &executor_;
  options.keys = keys_.get();
  options.audit = world.audit;
  options.forwarder = &forwarder_;
  options.faults = &faults_;
  options.limits = world.limits;
  services.push_back(log::Stream::kRegister);
  for (const log::Stream stream : services) {
    auto& disk = disks->rows[stream];
    if (disks->damaged.erase(stream) > 0) disk = nullptr;
    std::shared_ptr<store::Database> rows = disk == nullptr ? nullptr : disk->Open();
    if (rows == nullptr) {
      disk = disks->rocks ? MakeRocksDisk() : std::make_shared<MemoryDisk>();
      rows = disk->Open();
    }
    options.databases[stream] = databases_[stream] = std::make_shared<MortalDatabase>(rows, &executor_);
  }
  node_ = std::make_unique<Node>(std::move(options));
  node_->Start(/*own_all=*/false);
  client_ = std::make_unique<rpc::LocalClient>(node_->services(), world.authenticator, &clock_);
}

Process::~Process() {
  Kill();
  executor_.Drop();
}

void Process::Kill() {
  executor_.Kill();
  connection_->Close();
}

}  // namespace redress::sim

#include "tests/sim/process.h"

#include "libs/auth/authenticator.h"

namespace redress::sim {

Process::Process(const World& world, std::string name, std::vector<log::Stream> services, Disks* disks,
                 Millis clock_off, std::function<void()> on_death)
    : name_(std::move(name)),
      clock_(world.clock, clock_off),
      executor_(world.executor),
      faults_(
          [this, on_death = std::move(on_death)] {
            Kill();
            on_death();
          },
          world.fault_points_hit),
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
  services.push_back(log::Stream::kRegister);
  for (const log::Stream stream : services) {
    auto& disk = disks->rows[stream];
    if (disk == nullptr) disk = std::make_shared<store::MemoryDatabase>(32);
    options.databases[stream] = std::make_shared<MortalDatabase>(disk, &executor_);
  }
  node_ = std::make_unique<Node>(std::move(options));
  node_->Start(/*own_all=*/false);
  client_ = std::make_unique<rpc::LocalClient>(node_->services(), world.authenticator, &clock_);
}

Process::~Process() { Kill(); }

void Process::Kill() {
  executor_.Kill();
  connection_->Close();
}

}  // namespace redress::sim

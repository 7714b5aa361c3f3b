// The processes of a simulated system: who runs, who is dead, who is told to own what.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/redressctl/simulate/landlord_model.h"
#include "tests/sim/process.h"
#include "tests/sim/simulation.h"

namespace redress::sim {

inline constexpr const char* kServices[] = {"intake", "routing", "scheduling", "sla"};

// Where a process runs, again and again: its name and disks stay.
struct Slot {
  std::string name;
  log::Stream stream;
  Disks disks;
  std::unique_ptr<Process> process;  // null between two lives
  int lives = 0;
};

class Cluster {
 public:
  // All outlive it.
  Cluster(const World& world, simulate::Dice* dice, SimulationResult* result)
      : world_(world), dice_(dice), result_(result) {}

  // One to three processes of each service, and each shard to one of them. `rocks`: those of intake keep their rows in
  // RocksDB.
  void BootAll(bool rocks);
  // A process has died, perhaps in the middle of its own work: it is buried, and another begins on its disks, later.
  void Died(Slot* slot);
  // Nothing is wrong any more with anybody; who is dead or damaged begins anew.
  void MendAll();

  // Each shard to one process.
  void AssignEach();
  // A hint is only a hint: for some seconds two may think they own a shard, or nobody; then it is dealt out anew.
  void AssignAtRandom();
  // Somebody does not answer: the others of its service are given what it had, and it does not hear of it.
  void AssignWithout(const Slot* silent);

  const std::vector<std::unique_ptr<Slot>>& slots() const { return slots_; }
  // Those that run a service.
  std::vector<Slot*> Of(log::Stream stream);
  // A random process of a service; null while that is dead.
  Process* Pick(const std::string& service);
  Process* FindByName(const std::string& name);
  uint32_t ShardCount(log::Stream stream) const { return stream == log::Stream::kRegister ? 1 : shard_count_; }
  // Whether somebody else owns a shard that this process believes to own.
  bool IsOvertaken(const Slot& slot);
  // Whether it goes no further, for good, and not by what was done to its rows. The checker says so, of the process as
  // it stands at the end.
  bool HasStopped(const Slot& slot) const;
  Millis DrawClockOff();

 private:
  void Boot(Slot* slot);
  void Restart(Slot* slot);
  Millis DrawClockDrift();

  const World& world_;
  simulate::Dice* dice_;
  SimulationResult* result_;
  uint32_t shard_count_ = 0;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace redress::sim

// What goes wrong in a simulated system, every few minutes until it is to come to rest.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "tests/sim/cluster.h"
#include "tests/sim/network.h"

namespace redress::sim {

class Trouble {
 public:
  // All outlive it. `look` is called now and then, between two troubles.
  Trouble(const World& world, Cluster* cluster, simulate::Dice* dice, RetryingClient* client, SimulatedNetwork* network,
          SimulationResult* result, std::function<void()> look)
      : world_(world),
        cluster_(cluster),
        dice_(dice),
        client_(client),
        network_(network),
        result_(result),
        look_(std::move(look)) {}

  // How badly records, calls and orders travel from now on.
  void DrawTravel();
  // One thing goes wrong, and the next is planned.
  void Strike();
  // Beside that, what only seldom comes about by itself is brought about, every few minutes until it has been met: for
  // seeds of their own, so that no day's run depends on luck.
  void Provoke();
  // Nothing goes wrong any more, and what is wrong is mended.
  void End();

 private:
  void Pause(Slot* slot);
  void SetClock(Slot* slot);
  void TroubleDisk(Slot* slot);
  // In the middle of a caller's write, soon.
  void FillDiskWhileDeciding(Slot* slot);
  bool MetWhatIsSeldom() const;
  void LookForDamage(Slot* slot, log::Stream stream, const std::weak_ptr<MortalDatabase>& held, int looks);
  void FillLog();
  int64_t Records() const;
  void CrashLog(int64_t records, int looks);
  log::Faults DrawFaults();
  Losses DrawLosses();

  const World& world_;
  Cluster* cluster_;
  simulate::Dice* dice_;
  RetryingClient* client_;
  SimulatedNetwork* network_;
  SimulationResult* result_;
  std::function<void()> look_;
  bool quiet_ = false;
};

}  // namespace redress::sim

#include "tests/sim/trouble.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace redress::sim {
namespace {

// Answers that one seed in ten or fewer meets by itself, and a fault point.
constexpr const char* kSeldomAnswered[] = {"DISK_FULL", "OUTCOME_UNKNOWN"};
constexpr const char* kSeldomHit = "writer.before_known_reply";

}  // namespace

void Trouble::Pause(Slot* slot) {
  slot->process->executor().Freeze();
  if (dice_->Chance(0.5)) cluster_->AssignWithout(slot);
  const int life = slot->lives;
  world_.executor->PostAfter(kSecond + dice_->Below(40000), [this, slot, life] {
    if (slot->lives != life || quiet_) return;
    result_->faults["paused past take-over"] += cluster_->IsOvertaken(*slot);
    slot->process->executor().Thaw();
    world_.executor->PostAfter(dice_->Below(10000), [this] { cluster_->AssignEach(); });
  });
}

// Somebody sets the clock: what this process decides meanwhile is wrong, whether it may own is the log's word.
void Trouble::SetClock(Slot* slot) {
  const Millis by = dice_->Chance(0.5) ? kHour : kMinute;
  result_->faults["clock set by an hour"] += by == kHour;
  slot->process->clock().SetOff(dice_->Chance(0.5) ? by : -by);
  const int life = slot->lives;
  // Until somebody sees it.
  world_.executor->PostAfter(kSecond + dice_->Below(5 * kMinute), [this, slot, life] {
    if (slot->lives == life) slot->process->clock().SetOff(cluster_->DrawClockOff());
  });
}

// One of its projections has trouble with its disk.
void Trouble::TroubleDisk(Slot* slot) {
  const auto& databases = slot->process->databases();
  auto at = databases.begin();
  std::advance(at, dice_->Below(static_cast<int>(databases.size())));
  const int life = slot->lives;
  const auto later = [this, slot, life](Millis delay, std::function<void()> work) {
    world_.executor->PostAfter(delay, [this, slot, life, work = std::move(work)] {
      if (slot->lives == life && !slot->process->dead() && !quiet_) work();
    });
  };
  const std::shared_ptr<MortalDatabase> database = at->second;
  // The dead let go of their rows.
  const std::weak_ptr<MortalDatabase> held = database;
  const double what = dice_->Unit();
  if (what < 0.3) {
    ++result_->faults["disk slow"];
    database->SetSlow(1 + dice_->Below(2000));
    later(kSecond + dice_->Below(60000), [held] { held.lock()->SetSlow(0); });
  } else if (what < 0.65) {
    ++result_->faults["disk full"];
    database->SetFull(true);
    later(kSecond + dice_->Below(5 * kMinute), [held] { held.lock()->SetFull(false); });
  } else {
    // Met by whoever reads next, or in the middle of a decision.
    const std::shared_ptr<MortalDatabase> own = databases.at(slot->stream);
    if (dice_->Chance(0.5)) {
      slot->process->faults().ArmDecision(1 + dice_->Below(5), [own = own.get()] { own->Damage(1); });
      LookForDamage(slot, slot->stream, own, 60);
    } else {
      database->Damage(1 + dice_->Below(60));
      LookForDamage(slot, at->first, held, 60);
    }
  }
}

bool Trouble::MetWhatIsSeldom() const {
  const auto& answered = client_->counts().put_off;
  return result_->fault_points_hit.contains(kSeldomHit) &&
         std::all_of(std::begin(kSeldomAnswered), std::end(kSeldomAnswered),
                     [&](const char* reason) { return answered.contains(reason); });
}

// Its record is in the log by then and cannot be folded: nobody can say what became of it (OUTCOME_UNKNOWN), and who asks
// again meets the full disk. Once that is over the same request is known, and its process dies when it is about to say
// so.
void Trouble::FillDiskWhileDeciding(Slot* slot) {
  const auto own = slot->process->databases().at(slot->stream);
  const std::weak_ptr<MortalDatabase> held = own;
  slot->process->faults().ArmDecision(1, [this, slot, held, life = slot->lives] {
    if (quiet_) return;
    ++result_->faults["disk full"];
    held.lock()->SetFull(true);
    world_.executor->PostAfter(5 * kSecond + dice_->Below(kMinute), [this, slot, held, life] {
      if (slot->lives != life || slot->process->dead() || quiet_) return;
      held.lock()->SetFull(false);
      slot->process->faults().Arm(kSeldomHit, 1);
    });
  });
}

void Trouble::Provoke() {
  if (quiet_ || MetWhatIsSeldom()) return;
  const auto& services = kServices;
  const auto stream = log::ParseStream(services[dice_->Below(static_cast<int>(std::size(services)))]);
  for (Slot* slot : cluster_->Of(*stream)) {
    if (slot->process != nullptr && !slot->process->dead()) FillDiskWhileDeciding(slot);
  }
  world_.executor->PostAfter(static_cast<Millis>(dice_->Exponential(static_cast<double>(5 * kMinute))),
                             [this] { Provoke(); });
}

// Whoever watches the process sees the damage within a while, marks the rows and starts it again.
void Trouble::LookForDamage(Slot* slot, log::Stream stream, const std::weak_ptr<MortalDatabase>& held, int looks) {
  const int life = slot->lives;
  world_.executor->PostAfter(10 * kSecond + dice_->Below(30000), [this, slot, stream, held, looks, life] {
    if (slot->lives != life || slot->process->dead() || quiet_) return;
    const std::shared_ptr<MortalDatabase> database = held.lock();
    if (absl::IsDataLoss(database->Health())) {
      ++result_->faults["rows damaged"];
      slot->disks.damaged.insert(stream);
      slot->process->Kill();
      cluster_->Died(slot);
    } else if (looks > 0) {
      LookForDamage(slot, stream, held, looks - 1);
    } else {
      database->Damage(0);
      slot->process->faults().ArmDecision(0, nullptr);
    }
  });
}

// No append is taken for a while; the last ones before may be in doubt.
void Trouble::FillLog() {
  ++result_->faults["log full"];
  log::Faults faults = world_.log->faults();
  faults.lost = faults.landed_unknown = 0.3;
  world_.log->set_faults(faults);
  world_.executor->PostAfter(dice_->Below(30000), [this] {
    if (quiet_) return;
    log::Faults full = world_.log->faults();
    full.refused = 1;
    world_.log->set_faults(full);
    world_.executor->PostAfter(kSecond + dice_->Below(60000), [this] {
      if (!quiet_) DrawTravel();
    });
  });
}

int64_t Trouble::Records() const {
  int64_t records = 0;
  for (const log::Stream stream : log::kAllStreams) {
    for (uint32_t shard = 0; shard < cluster_->ShardCount(stream); ++shard) {
      records += static_cast<int64_t>(world_.log->Entries({stream, shard}).size());
    }
  }
  return records;
}

// The brokers stop in the moment when something was appended, if anything is within `looks` milliseconds: perhaps nobody
// has seen it yet.
void Trouble::CrashLog(int64_t records, int looks) {
  if (quiet_ || !world_.log->running()) return;
  if (Records() == records && looks > 0) {
    return world_.executor->PostAfter(1, [this, records, looks] { CrashLog(records, looks - 1); });
  }
  ++result_->faults["brokers down"];
  world_.log->Crash(dice_->Chance(0.5) ? log::SimulatedLog::Unsynced::kForgotten : log::SimulatedLog::Unsynced::kKept);
  world_.executor->PostAfter(kSecond + dice_->Below(10000), [this] {
    if (!world_.log->running()) world_.log->Restart();
  });
}

log::Faults Trouble::DrawFaults() {
  log::Faults faults;
  faults.append = {0, dice_->Below(30)};
  faults.between = {0, dice_->Below(5)};
  faults.report = {0, dice_->Below(30)};
  faults.arrival = {0, dice_->Below(50)};
  faults.end_of = {0, dice_->Below(20)};
  faults.timeout = {5, 3000};
  faults.late = {5, 20000};
  faults.clock_skew = dice_->Below(401) - 200;
  const auto rare = [&] { return dice_->Chance(0.6) ? 0.03 * dice_->Unit() : 0.0; };
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

Losses Trouble::DrawLosses() {
  const auto rare = [&] { return dice_->Chance(0.6) ? 0.03 * dice_->Unit() : 0.0; };
  return {rare(), rare(), rare()};
}

void Trouble::DrawTravel() {
  world_.log->set_faults(DrawFaults());
  client_->set_losses(DrawLosses());
  network_->set_losses(DrawLosses());
}

// One thing goes wrong, and the next is planned.
void Trouble::Strike() {
  if (quiet_) return;
  Slot* slot = cluster_->slots()[dice_->Below(static_cast<int>(cluster_->slots().size()))].get();
  Process* process = slot->process.get();
  const double what = dice_->Unit();
  if (process != nullptr && !process->dead()) {
    if (what < 0.45) {
      // At the n-th passing from now of a fault point: that is in the middle of work.
      const auto point = runtime::kFaultPoints[dice_->Below(static_cast<int>(std::size(runtime::kFaultPoints)))];
      process->faults().Arm(std::string(point), 1 + dice_->Below(6));
    } else if (what < 0.55) {
      process->Kill();
      cluster_->Died(slot);
    } else if (what < 0.65) {
      Pause(slot);
    } else if (what < 0.72) {
      ++result_->faults["connection cut"];
      process->connection().Cut();
      const int life = slot->lives;
      world_.executor->PostAfter(kSecond + dice_->Below(40000), [slot, life] {
        if (slot->lives == life) slot->process->connection().Mend();
      });
    } else if (what < 0.78) {
      cluster_->AssignAtRandom();
    } else if (what < 0.785) {
      process->clock().SetOff(cluster_->DrawClockOff());
    } else if (what < 0.81) {
      SetClock(slot);
    } else if (what < 0.90) {
      TroubleDisk(slot);
    } else if (what < 0.91) {
      FillLog();
    } else if (what < 0.93) {
      ++result_->faults["key put fails"];
      world_.key_rows->FailNextPut(dice_->Chance(0.5) ? InMemoryKeyRows::Fault::kLost : InMemoryKeyRows::Fault::kKept);
    } else if (what < 0.96) {
      DrawTravel();
    } else {
      process->faults().ArmDecision(1 + dice_->Below(3), [this] { CrashLog(Records(), 200); });
    }
  }
  if (dice_->Chance(0.3)) look_();
  world_.executor->PostAfter(static_cast<Millis>(dice_->Exponential(static_cast<double>(10 * kMinute))),
                             [this] { Strike(); });
}

void Trouble::End() {
  quiet_ = true;
  world_.log->set_faults({});
  client_->set_losses({});
  network_->set_losses({});
  world_.key_rows->FailNextPut(InMemoryKeyRows::Fault::kNone);
  if (!world_.log->running()) world_.log->Restart();
  cluster_->MendAll();
}

}  // namespace redress::sim

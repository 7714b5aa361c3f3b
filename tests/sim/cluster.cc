#include "tests/sim/cluster.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress::sim {
namespace {

// Clocks of machines that are kept right differ by less than this; an owner refuses a claim that was appended 2 s from
// where its own clock says.
constexpr int kClockOff = 900;
// Until they are put right, once an hour.
constexpr int kClockDrift = 700;

}  // namespace

Millis Cluster::DrawClockOff() { return dice_->Below(2 * kClockOff + 1) - kClockOff; }
Millis Cluster::DrawClockDrift() { return dice_->Below(2 * kClockDrift + 1) - kClockDrift; }

void Cluster::BootAll(bool rocks) {
  for (const char* service : kServices) {
    const int instances = 1 + dice_->Below(3);
    for (int i = 0; i < instances; ++i) {
      auto slot = std::make_unique<Slot>();
      slot->name = absl::StrCat(service, "-", i);
      slot->stream = *log::ParseStream(service);
      slot->disks.rocks = rocks && slot->stream == log::Stream::kIntake;
      slots_.push_back(std::move(slot));
    }
  }
  for (auto& slot : slots_) Boot(slot.get());
  AssignEach();
}

void Cluster::Boot(Slot* slot) {
  ++slot->lives;
  slot->process = std::make_unique<Process>(world_, slot->name, std::vector<log::Stream>{slot->stream}, &slot->disks,
                                            DrawClockOff(), DrawClockDrift(), [this, slot] { Died(slot); });
}

// In the middle of the process's own work: bury it later.
void Cluster::Died(Slot* slot) {
  ++result_->crashes;
  const int life = slot->lives;
  world_.executor->PostAfter(kSecond + dice_->Below(30000), [this, slot, life] {
    if (slot->lives == life) Restart(slot);
  });
}

void Cluster::Restart(Slot* slot) {
  slot->process = nullptr;
  ++result_->restarts;
  result_->faults["rows rebuilt after damage"] += static_cast<int64_t>(slot->disks.damaged.size());
  for (auto& [stream, rows] : slot->disks.rows) {
    if (dice_->Chance(0.1)) {
      rows = nullptr;  // the disk is lost: a rebuild
      ++result_->faults["rows lost"];
    } else {
      const bool lost = rows->Lose(static_cast<size_t>(dice_->Below(12)));
      result_->faults[slot->disks.rocks ? "rows forgotten by RocksDB" : "rows forgotten"] += lost;
    }
  }
  Boot(slot);
  AssignAtRandom();
}

std::vector<Slot*> Cluster::Of(log::Stream stream) {
  std::vector<Slot*> slots;
  for (auto& slot : slots_) {
    if (slot->stream == stream) slots.push_back(slot.get());
  }
  return slots;
}

Process* Cluster::Pick(const std::string& service) {
  const auto stream = log::ParseStream(service);
  // The register's API is served where routing runs.
  const auto slots = Of(stream.ok() && *stream != log::Stream::kRegister ? *stream : log::Stream::kRouting);
  Process* process = slots[dice_->Below(static_cast<int>(slots.size()))]->process.get();
  return process == nullptr || process->dead() ? nullptr : process;
}

Process* Cluster::FindByName(const std::string& name) {
  for (auto& slot : slots_) {
    if (slot->name == name && slot->process != nullptr && !slot->process->dead()) return slot->process.get();
  }
  return nullptr;
}

// Each shard to one process.
void Cluster::AssignEach() {
  if (shard_count_ == 0) shard_count_ = slots_[0]->process->node().runtime(slots_[0]->stream)->shard_count();
  for (const log::Stream stream : log::kAllStreams) {
    const auto slots = Of(stream == log::Stream::kRegister ? log::Stream::kRouting : stream);
    std::vector<std::vector<bool>> wanted(slots.size(), std::vector<bool>(ShardCount(stream), false));
    const auto first = static_cast<size_t>(dice_->Below(static_cast<int>(slots.size())));
    for (uint32_t shard = 0; shard < ShardCount(stream); ++shard) wanted[(first + shard) % slots.size()][shard] = true;
    for (size_t i = 0; i < slots.size(); ++i) {
      if (slots[i]->process != nullptr) slots[i]->process->node().Assign(stream, wanted[i]);
    }
  }
}

// Somebody does not answer: the others of its service are given what it had, and it does not hear of it.
void Cluster::AssignWithout(const Slot* silent) {
  for (const log::Stream stream : log::kAllStreams) {
    std::vector<Slot*> slots = Of(stream == log::Stream::kRegister ? log::Stream::kRouting : stream);
    if (std::erase(slots, silent) == 0 || slots.empty()) continue;
    for (size_t i = 0; i < slots.size(); ++i) {
      std::vector<bool> wanted(ShardCount(stream));
      for (size_t shard = 0; shard < wanted.size(); ++shard) wanted[shard] = shard % slots.size() == i;
      if (slots[i]->process != nullptr) slots[i]->process->node().Assign(stream, wanted);
    }
  }
}

// Whether somebody else owns a shard that this process believes to own.
bool Cluster::IsOvertaken(const Slot& slot) {
  for (const log::Stream stream : log::kAllStreams) {
    const auto* runtime = slot.process->node().runtime(stream);
    if (runtime == nullptr) continue;
    for (const runtime::ShardStatus& own : runtime->Status()) {
      if (!own.owner) continue;
      for (const auto& other : slots_) {
        if (other.get() == &slot || other->process == nullptr || other->process->dead()) continue;
        const auto* theirs = other->process->node().runtime(stream);
        if (theirs != nullptr && theirs->Status()[own.id.shard].owner) return true;
      }
    }
  }
  return false;
}

// A hint is only a hint: for some seconds two may think they own a shard, or nobody; then it is dealt out anew.
void Cluster::AssignAtRandom() {
  for (const log::Stream stream : log::kAllStreams) {
    for (Slot* slot : Of(stream == log::Stream::kRegister ? log::Stream::kRouting : stream)) {
      std::vector<bool> wanted(ShardCount(stream));
      for (size_t shard = 0; shard < wanted.size(); ++shard) wanted[shard] = dice_->Chance(0.6);
      if (slot->process != nullptr) slot->process->node().Assign(stream, wanted);
    }
  }
  world_.executor->PostAfter(kSecond + dice_->Below(5000), [this] { AssignEach(); });
}

// For good, and not by what this test has done to its rows. The checker says so, of the process as it stands at the
// end.
bool Cluster::HasStopped(const Slot& slot) const {
  if (slot.process == nullptr || slot.process->dead()) return false;
  for (const log::Stream stream : log::kAllStreams) {
    const auto* runtime = slot.process->node().runtime(stream);
    if (runtime == nullptr) continue;
    for (const runtime::ShardStatus& status : runtime->Status()) {
      if (!status.stopped.ok() && !absl::IsResourceExhausted(status.stopped) && ReasonOf(status.stopped) != kDamaged) {
        return true;
      }
    }
  }
  return false;
}

void Cluster::MendAll() {
  for (auto& slot : slots_) {
    if (slot->process == nullptr || slot->process->dead()) continue;
    for (const auto& [stream, database] : slot->process->databases()) {
      database->SetFull(false);
      database->SetSlow(0);
      database->Damage(0);
      if (absl::IsDataLoss(database->Health())) slot->disks.damaged.insert(stream);
    }
    if (!slot->disks.damaged.empty()) slot->process->Kill();
  }
  for (auto& slot : slots_) {
    if (slot->process != nullptr && !slot->process->dead()) {
      while (slot->process->executor().frozen()) slot->process->executor().Thaw();
      slot->process->connection().Mend();
      slot->process->faults().Arm("", 0);
      slot->process->faults().ArmDecision(0, nullptr);
      slot->process->clock().SetOff(DrawClockOff());
    } else {
      slot->process = nullptr;
      Boot(slot.get());
      ++slot->lives;
    }
  }
}

}  // namespace redress::sim

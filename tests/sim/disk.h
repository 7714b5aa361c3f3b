// The rows of one projection on a disk: they outlive the process, less what a power cut takes.
#pragma once

#include <cstddef>
#include <memory>

#include "libs/store/memory/memory_database.h"

namespace redress::sim {

class Disk {
 public:
  virtual ~Disk() = default;
  // As a start finds them. Whoever had them open is dead.
  virtual std::shared_ptr<store::Database> Open() = 0;
  // A power cut while nobody has them open: the last commits are gone, about `commits` of them, none if 0. Returns
  // whether any is.
  virtual bool Lose(size_t commits) = 0;
  // A checkpoint, restored elsewhere.
  virtual std::shared_ptr<Disk> Copy() const = 0;
};

class MemoryDisk : public Disk {
 public:
  explicit MemoryDisk(std::shared_ptr<store::MemoryDatabase> rows = std::make_shared<store::MemoryDatabase>(32))
      : rows_(std::move(rows)) {}
  std::shared_ptr<store::Database> Open() override { return rows_; }
  bool Lose(size_t commits) override { return rows_->Lose(commits) > 0; }
  std::shared_ptr<Disk> Copy() const override { return std::make_shared<MemoryDisk>(rows_->Copy()); }

 private:
  const std::shared_ptr<store::MemoryDatabase> rows_;
};

// In RocksDB on files of their own, of which a power cut takes whatever was not synced: slower by far.
std::shared_ptr<Disk> MakeRocksDisk();

}  // namespace redress::sim

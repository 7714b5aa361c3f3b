#include <rocksdb/env.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "libs/store/rocksdb/rocksdb_database.h"
#include "tests/sim/disk.h"
#include "tests/testing/storage/fault_file_system.h"
#include "tests/testing/temp_dir.h"

namespace redress::sim {
namespace {

class RocksDisk : public Disk {
 public:
  std::shared_ptr<store::Database> Open() override {
    // Some late work of the dead still holds it: as a disk that was taken out.
    if (!open_.expired()) ++number_;
    auto database = store::OpenRocksDatabase({.dir = dir_ / absl::StrCat(number_),
                                              .env = env_.get(),
                                              .cache_bytes = 1 << 20,
                                              .write_buffer_bytes = 1 << 20});
    if (!database.ok()) return nullptr;
    std::shared_ptr<store::Database> opened = *std::move(database);
    open_ = opened;
    return opened;
  }
  bool Lose(size_t commits) override {
    if (commits == 0 || !open_.expired()) return false;
    files_->CutPower();
    files_->Restore();
    return true;
  }
  std::shared_ptr<Disk> Copy() const override {
    auto copy = std::make_shared<store::MemoryDatabase>(32);
    store::Writes all;
    if (const auto open = open_.lock()) {
      open->Scan("", "", [&](absl::string_view key, absl::string_view value) {
        all[std::string(key)] = std::string(value);
        return true;
      });
    }
    copy->Commit(all).IgnoreError();
    return std::make_shared<MemoryDisk>(std::move(copy));
  }

 private:
  const testing::TempDir dir_;
  const std::shared_ptr<testing::FaultFileSystem> files_ = std::make_shared<testing::FaultFileSystem>();
  const std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(files_);
  std::weak_ptr<store::Database> open_;
  int number_ = 0;
};

}  // namespace

std::shared_ptr<Disk> MakeRocksDisk() { return std::make_shared<RocksDisk>(); }

}  // namespace redress::sim

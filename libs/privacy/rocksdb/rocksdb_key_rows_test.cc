#include "libs/privacy/rocksdb/rocksdb_key_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "libs/privacy/key_store_conformance.h"
#include "libs/privacy/made_ahead_key_store.h"

namespace redress {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// What happens to the disk under the store.
struct Disk {
  std::atomic<bool> power_cut{false};
  std::atomic<int> log_syncs{0};
  std::atomic<int> failing_log_syncs{0};
  std::atomic<bool> full{false};
};

// Bytes reach the file when they are synced and not before; a power cut loses the rest.
class HonestFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  HonestFile(std::unique_ptr<rocksdb::FSWritableFile> file, bool is_log, Disk* disk)
      : FSWritableFileOwnerWrapper(std::move(file)), is_log_(is_log), disk_(disk) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions&, IODebugContext*) override {
    unsynced_.append(data.data(), data.size());
    return IOStatus::OK();
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    if (is_log_) {
      ++disk_->log_syncs;
      if (disk_->failing_log_syncs > 0) {
        --disk_->failing_log_syncs;
        unsynced_.clear();
        return IOStatus::IOError("injected: sync failed");
      }
    }
    return disk_->power_cut ? IOStatus::IOError("no power") : Write(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    if (!disk_->power_cut) Write(options, debug).PermitUncheckedError();
    return FSWritableFileOwnerWrapper::Close(options, debug);
  }
  uint64_t GetFileSize(const IOOptions& options, IODebugContext* debug) override {
    return FSWritableFileOwnerWrapper::GetFileSize(options, debug) + unsynced_.size();
  }

 private:
  IOStatus Write(const IOOptions& options, IODebugContext* debug) {
    const std::string bytes = std::exchange(unsynced_, "");
    IOStatus status = FSWritableFileOwnerWrapper::Append(bytes, options, debug);
    return status.ok() ? FSWritableFileOwnerWrapper::Sync(options, debug) : status;
  }

  const bool is_log_;
  Disk* const disk_;
  std::string unsynced_;
};

class HonestFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit HonestFileSystem(Disk* disk) : FileSystemWrapper(rocksdb::FileSystem::Default()), disk_(disk) {}
  const char* Name() const override { return "HonestFileSystem"; }
  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override {
    if (disk_->power_cut) return IOStatus::IOError("no power");
    std::unique_ptr<rocksdb::FSWritableFile> file;
    IOStatus status = FileSystemWrapper::NewWritableFile(name, options, &file, debug);
    if (status.ok()) *result = std::make_unique<HonestFile>(std::move(file), absl::EndsWith(name, ".log"), disk_);
    return status;
  }
  IOStatus GetFreeSpace(const std::string& path, const IOOptions& options, uint64_t* free,
                        IODebugContext* debug) override {
    if (!disk_->full) return FileSystemWrapper::GetFreeSpace(path, options, free, debug);
    *free = 1 << 20;
    return IOStatus::OK();
  }

 private:
  Disk* const disk_;
};

class RocksDbWorld : public KeyStoreWorld {
 public:
  RocksDbWorld() {
    static int next = 0;
    path_ = testing::TempDir() + "/key_store_" + std::to_string(getpid()) + "_" + std::to_string(next++);
    std::filesystem::remove_all(path_);
    Start();
  }
  ~RocksDbWorld() override {
    store_.reset();
    rows_.reset();
    std::filesystem::remove_all(path_);
  }
  KeyStore& store() override { return *store_; }
  RocksDbKeyRows& rows() { return *rows_; }
  const std::string& path() const { return path_; }
  void Restart() override {
    disk_.power_cut = true;
    Stop();
    disk_.power_cut = false;
    Start();
  }
  int writes() override { return disk_.log_syncs; }
  void FailNextWrite() override { disk_.failing_log_syncs = 1; }
  Disk& disk() { return disk_; }
  void Stop() {
    store_.reset();
    rows_.reset();
  }
  absl::Status Open(const std::string& installation = "oph") {
    auto rows = RocksDbKeyRows::Open({path_, installation, env_.get()});
    if (!rows.ok()) return rows.status();
    rows_ = *std::move(rows);
    store_.emplace(rows_.get(), &random_, &clock, kBatch);
    return absl::OkStatus();
  }

 private:
  void Start() {
    const absl::Status opened = Open();
    if (opened.ok()) return;
    ADD_FAILURE() << opened;
    std::abort();
  }

  SeededIdSource random_{7};
  Disk disk_;
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(std::make_shared<HonestFileSystem>(&disk_));
  std::string path_;
  std::unique_ptr<RocksDbKeyRows> rows_;
  std::optional<MadeAheadKeyStore> store_;
};

INSTANTIATE_TEST_SUITE_P(RocksDb, KeyStoreConformance, testing::Values([]() -> std::unique_ptr<KeyStoreWorld> {
                           return std::make_unique<RocksDbWorld>();
                         }));

TEST(RocksDbKeyRows, FullDiskRefusesWritesAloneAndIsForgottenOnceThereIsSpace) {
  RocksDbWorld world;
  const auto early = world.store().TakeKey(KeyKind::kText);
  ASSERT_TRUE(early.ok()) << early.status();
  world.disk().full = true;
  EXPECT_EQ(ReasonOf(world.store().TakeKey(KeyKind::kPerson).status()), "KEY_STORE_FULL");
  EXPECT_TRUE(world.store().Find(early->id).ok());
  world.disk().full = false;
  EXPECT_TRUE(world.store().TakeKey(KeyKind::kPerson).ok());
}

TEST(RocksDbKeyRows, SecondOpenerIsTurnedAway) {
  RocksDbWorld world;
  EXPECT_EQ(ReasonOf(RocksDbKeyRows::Open({world.path(), "oph", nullptr}).status()), "KEY_STORE_IN_USE");
}

TEST(RocksDbKeyRows, KeysOfAnotherLandlordAreRefused) {
  RocksDbWorld world;
  world.Stop();
  EXPECT_EQ(ReasonOf(world.Open("other")), "KEY_STORE_OF_ANOTHER_INSTALLATION");
  EXPECT_TRUE(world.Open().ok());
}

TEST(RocksDbKeyRows, FlippedByteIsDataLossAndNamesThePlace) {
  RocksDbWorld world;
  for (int i = 0; i < 4 * KeyStoreWorld::kBatch; ++i) ASSERT_TRUE(world.store().TakeKey(KeyKind::kText).ok());
  world.Stop();
  // In the middle: a torn tail is forgiven, this is not.
  for (const auto& entry : std::filesystem::directory_iterator(world.path())) {
    if (entry.path().extension() != ".log") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(200);
    file.put('\x5A');
  }
  const absl::Status status = world.Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(world.path()));
}

}  // namespace
}  // namespace redress

// A file system for RocksDB over the real one, which runs full, fails syncs, and forgets what was not synced.
//
//   auto files = std::make_shared<FaultFileSystem>();
//   const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(files);
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "libs/status/mutex.h"

namespace redress::testing {

// Thread-safe.
class FaultFileSystem : public rocksdb::FileSystemWrapper {
 public:
  FaultFileSystem();

  // That many more bytes fit; an append that does not fit is written as far as it does. Negative: no bound.
  void set_space(int64_t bytes);
  void set_syncs_fail(bool fail);

  // The power goes: every write fails from now on, until Restore().
  void CutPower();
  // The power is back: every file written here ends where it was last synced, and one is gone that was made after its
  // folder was last synced. Renames are kept whole, as journalling file systems keep them. Call it with the database
  // closed.
  void Restore();

  const char* Name() const override { return "FaultFileSystem"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;

 private:
  class File;
  class Directory;
  struct Extent {
    uint64_t written = 0;
    uint64_t synced = 0;
    bool entry_synced = false;
  };

  // `reopened`: it was there before.
  rocksdb::IOStatus Wrap(const std::string& name, bool reopened, rocksdb::IOStatus opened,
                         std::unique_ptr<rocksdb::FSWritableFile>* file);
  // How much of `bytes` may be written now.
  uint64_t Take(uint64_t bytes, rocksdb::IOStatus* status);

  Mutex mutex_;
  std::map<std::string, Extent> files_ ABSL_GUARDED_BY(mutex_);
  int64_t space_ ABSL_GUARDED_BY(mutex_) = -1;
  bool syncs_fail_ ABSL_GUARDED_BY(mutex_) = false;
  bool dark_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace redress::testing

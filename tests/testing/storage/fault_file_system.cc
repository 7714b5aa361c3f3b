#include "tests/testing/storage/fault_file_system.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace redress::testing {

using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class FaultFileSystem::File : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(FaultFileSystem* files, std::string name, std::unique_ptr<FSWritableFile> target)
      : rocksdb::FSWritableFileOwnerWrapper(std::move(target)), files_(files), name_(std::move(name)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* context) override {
    IOStatus status;
    const uint64_t fits = files_->Take(data.size(), &status);
    if (fits > 0) {
      IOStatus written = target()->Append(Slice(data.data(), fits), options, context);
      if (!written.ok()) return written;
      MutexLock lock(files_->mutex_);
      files_->files_[name_].written += fits;
    }
    return status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* context) override {
    return Append(data, options, context);
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    return Synced(target()->Sync(options, context));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return Synced(target()->Fsync(options, context));
  }

 private:
  IOStatus Synced(IOStatus status) {
    MutexLock lock(files_->mutex_);
    if (files_->syncs_fail_ || files_->dark_) return IOStatus::IOError("sync of " + name_ + " failed");
    Extent& extent = files_->files_[name_];
    if (status.ok()) extent.synced = extent.written;
    return status;
  }

  FaultFileSystem* const files_;
  const std::string name_;
};

class FaultFileSystem::Directory : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(FaultFileSystem* files, std::string name, std::unique_ptr<rocksdb::FSDirectory> target)
      : rocksdb::FSDirectoryWrapper(std::move(target)), files_(files), name_(std::move(name)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return Synced(rocksdb::FSDirectoryWrapper::Fsync(options, context));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* context,
                               const rocksdb::DirFsyncOptions& how) override {
    return Synced(rocksdb::FSDirectoryWrapper::FsyncWithDirOptions(options, context, how));
  }

 private:
  IOStatus Synced(IOStatus status) {
    MutexLock lock(files_->mutex_);
    if (files_->syncs_fail_ || files_->dark_) return IOStatus::IOError("sync of " + name_ + " failed");
    if (!status.ok()) return status;
    const std::filesystem::path folder = std::filesystem::path(name_ + "/").lexically_normal().parent_path();
    for (auto& [name, extent] : files_->files_) {
      if (std::filesystem::path(name).lexically_normal().parent_path() == folder) extent.entry_synced = true;
    }
    return status;
  }

  FaultFileSystem* const files_;
  const std::string name_;
};

FaultFileSystem::FaultFileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}

void FaultFileSystem::set_space(int64_t bytes) {
  MutexLock lock(mutex_);
  space_ = bytes;
}

void FaultFileSystem::set_syncs_fail(bool fail) {
  MutexLock lock(mutex_);
  syncs_fail_ = fail;
}

void FaultFileSystem::CutPower() {
  MutexLock lock(mutex_);
  dark_ = true;
}

void FaultFileSystem::Restore() {
  MutexLock lock(mutex_);
  dark_ = false;
  for (auto& [name, extent] : files_) {
    std::error_code ignored;
    if (!extent.entry_synced) {
      std::filesystem::remove(name, ignored);
    } else if (std::filesystem::exists(name, ignored)) {
      std::filesystem::resize_file(name, extent.synced, ignored);
    }
    extent.written = extent.synced;
  }
}

uint64_t FaultFileSystem::Take(uint64_t bytes, IOStatus* status) {
  MutexLock lock(mutex_);
  if (dark_) {
    *status = IOStatus::IOError("the power is off");
    return 0;
  }
  if (space_ < 0) return bytes;
  const uint64_t fits = std::min<uint64_t>(bytes, space_);
  space_ -= static_cast<int64_t>(fits);
  if (fits < bytes) *status = IOStatus::NoSpace("no space left");
  return fits;
}

IOStatus FaultFileSystem::Wrap(const std::string& name, bool reopened, IOStatus opened,
                               std::unique_ptr<FSWritableFile>* file) {
  if (!opened.ok()) return opened;
  std::error_code ignored;
  const uint64_t size = std::filesystem::file_size(name, ignored);
  MutexLock lock(mutex_);
  files_.try_emplace(name, Extent{size, size, reopened});
  *file = std::make_unique<File>(this, name, std::move(*file));
  return opened;
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                          std::unique_ptr<FSWritableFile>* file, IODebugContext* context) {
  {
    MutexLock lock(mutex_);
    if (dark_) return IOStatus::IOError("the power is off");
    files_.erase(name);
  }
  return Wrap(name, false, target()->NewWritableFile(name, options, file, context), file);
}

IOStatus FaultFileSystem::ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                             std::unique_ptr<FSWritableFile>* file, IODebugContext* context) {
  std::error_code ignored;
  const bool there = std::filesystem::exists(name, ignored);
  return Wrap(name, there, target()->ReopenWritableFile(name, options, file, context), file);
}

IOStatus FaultFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                       std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* context) {
  IOStatus status = target()->NewDirectory(name, options, directory, context);
  if (status.ok()) *directory = std::make_unique<Directory>(this, name, std::move(*directory));
  return status;
}

IOStatus FaultFileSystem::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* context) {
  MutexLock lock(mutex_);
  if (dark_) return IOStatus::IOError("the power is off");
  files_.erase(name);
  return target()->DeleteFile(name, options, context);
}

IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                     IODebugContext* context) {
  MutexLock lock(mutex_);
  if (dark_) return IOStatus::IOError("the power is off");
  IOStatus status = target()->RenameFile(from, to, options, context);
  if (!status.ok()) return status;
  const auto moved = files_.extract(from);
  files_.erase(to);
  // The journal has the new name, and all that it points at.
  if (!moved.empty()) {
    files_[to] = moved.mapped();
    files_[to].entry_synced = true;
  }
  return status;
}

}  // namespace redress::testing

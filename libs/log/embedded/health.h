// What the embedded log may still do: everything, nothing until space returns, or nothing ever again.
#pragma once

#include <rocksdb/listener.h>

#include <functional>

#include "absl/status/status.h"
#include "libs/status/mutex.h"

namespace redress::log {

// Thread-safe. RocksDB reports to it from its background threads, the committer from its strand.
class Health : public rocksdb::EventListener {
 public:
  explicit Health(std::function<void(const absl::Status&)> on_fatal);

  bool full() const;
  bool fatal() const;

  // A write or Resume() failed. Lack of space waits to be resumed; anything else is final and told to `on_fatal`.
  void Failed(const rocksdb::Status& status);
  // Resume() went well.
  void Resumed();

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  // RocksDB would start a thread that polls for space; the committer does that.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status error, bool* auto_recovery) override;

 private:
  const std::function<void(const absl::Status&)> on_fatal_;
  mutable Mutex mutex_;
  bool full_ ABSL_GUARDED_BY(mutex_) = false;
  bool fatal_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace redress::log

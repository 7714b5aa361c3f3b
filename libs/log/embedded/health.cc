#include "libs/log/embedded/health.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress::log {

Health::Health(std::function<void(const absl::Status&)> on_fatal) : on_fatal_(std::move(on_fatal)) {}

bool Health::full() const {
  MutexLock lock(mutex_);
  return full_;
}

bool Health::fatal() const {
  MutexLock lock(mutex_);
  return fatal_;
}

void Health::Failed(const rocksdb::Status& status) {
  {
    MutexLock lock(mutex_);
    if (fatal_) return;
    if (status.IsNoSpace()) {
      full_ = true;
      return;
    }
    fatal_ = true;
  }
  const absl::Status error = MakeError(absl::StatusCode::kInternal, "LOG_BROKEN",
                                       absl::StrCat("the event log cannot go on: ", status.ToString()));
  if (on_fatal_) return on_fatal_(error);
  std::fprintf(stderr, "%s\n", std::string(error.message()).c_str());
  std::abort();
}

void Health::Resumed() {
  MutexLock lock(mutex_);
  full_ = false;
}

void Health::OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) { Failed(*error); }

void Health::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) {
  *auto_recovery = false;
}

}  // namespace redress::log

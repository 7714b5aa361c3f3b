#include "tests/bench/settle.h"

#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/status/macros.h"
#include "libs/status/mutex.h"
#include "redress/admin/v1/admin_service.pb.h"
#include "tests/bench/stopwatch.h"

namespace redress::bench {
namespace {

constexpr int kLooks = 3;
constexpr std::chrono::milliseconds kBetween(20);

// Where all shards stand, or "" while any has something to do.
std::string Standing(const admin::v1::GetStatusResponse& status) {
  std::string standing;
  for (const auto& shard : status.shards()) {
    if (!shard.caught_up() || shard.queued() != 0 || shard.reactor_lag_ms() != 0 || shard.tail_lag_ms() != 0 ||
        shard.timers_due() != 0) {
      return "";
    }
    absl::StrAppend(&standing, shard.next_offset(), " ");
  }
  return standing;
}

}  // namespace

absl::StatusOr<int64_t> Settle(Connection* connection, double seconds) {
  const int64_t begun = NowNanos();
  std::string seen;
  int64_t seen_at = 0;
  int looks = 0;
  Mutex mutex;
  CondVar never;
  while (SecondsSince(begun) < seconds) {
    const int64_t at = NowNanos();
    admin::v1::GetStatusResponse status;
    RETURN_IF_ERROR(
        connection->Call("redress.admin.v1.AdminService/GetStatus", admin::v1::GetStatusRequest(), &status));
    const std::string standing = Standing(status);
    if (standing.empty() || standing != seen) {
      seen = standing;
      seen_at = at;
      looks = 0;
    }
    if (!standing.empty() && ++looks == kLooks) return NowNanos() - seen_at;
    MutexLock lock(mutex);
    never.WaitFor(mutex, kBetween);
  }
  return absl::DeadlineExceededError("it did not come to rest");
}

}  // namespace redress::bench

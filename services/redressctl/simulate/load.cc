#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/clock/system_clock.h"
#include "libs/rpc/grpc/grpc_client.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/mutex.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "services/redressctl/simulate/landlord_model.h"
#include "services/redressctl/simulate/simulate_command.h"

namespace redress::simulate {
namespace {

constexpr Millis kTickEvery = 100;
// Also of those that are due at once.
constexpr size_t kTickEach = 64;

// What the answers add up to. Thread-safe.
class Tally {
 public:
  void Sent() {
    MutexLock lock(mutex_);
    ++report_.sent;
  }
  void Answered(const absl::Status& status, Millis took) {
    MutexLock lock(mutex_);
    if (status.ok()) {
      ++report_.ok;
      took_.push_back(took);
    } else {
      ++report_.failed;
      ++report_.errors[absl::StrCat(absl::StatusCodeToString(status.code()), " ", ReasonOf(status))];
    }
    answered_.NotifyAll();
  }
  int64_t answered() {
    MutexLock lock(mutex_);
    return report_.ok + report_.failed;
  }
  // Waits a little if answers are missing; whether all are there.
  bool AllAnswered() {
    MutexLock lock(mutex_);
    if (report_.ok + report_.failed < report_.sent) answered_.WaitFor(mutex_, std::chrono::milliseconds(kTickEvery));
    return report_.ok + report_.failed == report_.sent;
  }
  LoadReport Report() {
    MutexLock lock(mutex_);
    std::sort(took_.begin(), took_.end());
    if (!took_.empty()) {
      report_.p50 = took_[took_.size() / 2];
      report_.p99 = took_[took_.size() * 99 / 100];
    }
    return report_;
  }

 private:
  Mutex mutex_;
  CondVar answered_;
  LoadReport report_ ABSL_GUARDED_BY(mutex_);
  std::vector<Millis> took_ ABSL_GUARDED_BY(mutex_);
};

intake::v1::SubmitComplaintRequest RequestOf(const Arrival& arrival, const std::string& request_id) {
  intake::v1::SubmitComplaintRequest request;
  request.set_request_id(request_id);
  request.set_kind(arrival.kind);
  request.set_category(arrival.category);
  request.set_channel(arrival.channel);
  request.set_residence(arrival.residence);
  request.set_language(arrival.language);
  request.set_care_level(static_cast<uint32_t>(arrival.care_level));
  request.set_description(arrival.text);
  request.set_dwelling(absl::StrCat("home ", arrival.home));
  return request;
}

}  // namespace

absl::StatusOr<LoadReport> SendLoad(const LoadOptions& options) {
  if (options.rate <= 0 || options.seconds <= 0) {
    return InvalidFields({{"rate", "and seconds must be positive"}});
  }
  SystemClock clock;
  SystemIdSource ids;
  const std::string run = absl::StrCat("load-", ids.Random64());
  // A year of a landlord large enough for this many complaints, whatever its dates.
  const auto wanted = static_cast<size_t>(std::ceil(options.rate * options.seconds));
  const LandlordModel model({.homes = std::max<int>(200, static_cast<int>(wanted) / 2),
                             .days = 365,
                             .seed = options.seed,
                             .until = clock.Now() / kDay * kDay});
  Tally tally;
  const auto client = rpc::GrpcClient::Connect(options.target);
  int64_t sent = 0;
  const auto tick = [&] {
    if (options.progress) options.progress(sent, tally.answered(), static_cast<int64_t>(wanted));
  };
  const Millis begun = clock.Monotonic();
  for (size_t i = 0; i < wanted; ++i) {
    const auto due = begun + static_cast<Millis>(1000.0 * static_cast<double>(i) / options.rate);
    for (Millis left; (left = due - clock.Monotonic()) > 0; tick()) SleepFor(std::min(left, kTickEvery));
    if (i % kTickEach == 0) tick();
    const Arrival& arrival = model.arrivals()[i % model.arrivals().size()];
    tally.Sent();
    ++sent;
    client->Call<intake::v1::SubmitComplaintResponse>(
        "redress.intake.v1.IntakeService/SubmitComplaint", RequestOf(arrival, absl::StrCat(run, "-", i)),
        {.timeout = 10 * kSecond, .token = options.token},
        [&tally, &clock, sent = clock.Monotonic()](absl::StatusOr<intake::v1::SubmitComplaintResponse> response) {
          tally.Answered(response.status(), clock.Monotonic() - sent);
        });
  }
  while (!tally.AllAnswered()) tick();
  LoadReport report = tally.Report();
  report.seconds = static_cast<double>(clock.Monotonic() - begun) / 1000;
  return report;
}

}  // namespace redress::simulate

// How calls and forwarded orders travel in the simulated system: late, lost, twice.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/clock/fake_clock.h"
#include "libs/rpc/client.h"
#include "services/redressctl/simulate/landlord_model.h"
#include "tests/sim/checker.h"
#include "tests/sim/process.h"

namespace redress::sim {

// How request ids begin of calls that may find done what they ask for.
inline constexpr absl::string_view kPerhapsNothing = "may-";

// What travels badly; all zero: everything arrives once.
struct Losses {
  double request_lost = 0;
  double answer_lost = 0;
  double twice = 0;
};

// Calls a random process of the service a method belongs to, again and again with the same request, until the answer is
// final. Streams are called with one message and take one answer.
class RetryingClient : public rpc::Client {
 public:
  // Null while the one picked is dead.
  using PickProcess = std::function<Process*(const std::string& service)>;
  struct Counts {
    int64_t calls = 0;
    int64_t retries = 0;
    int64_t open = 0;
    int64_t elsewhere = 0;                   // retries at another process than the last
    std::map<std::string, int64_t> put_off;  // answers that were tried again, by reason
  };

  RetryingClient(FakeExecutor* executor, simulate::Dice* dice, PickProcess pick, std::vector<CallOutcome>* outcomes)
      : executor_(executor), dice_(dice), pick_(std::move(pick)), outcomes_(outcomes) {}

  void set_losses(const Losses& losses) { losses_ = losses; }
  // Whether a call that is not answered, or cannot be now, is tried again; otherwise that is its answer.
  void set_patient(bool patient) { patient_ = patient; }
  void RawCall(absl::string_view method, const google::protobuf::Message& request, google::protobuf::Message* response,
               const rpc::CallOptions&, std::function<void(absl::Status)> done) override;
  const Counts& counts() const { return counts_; }

 private:
  struct Pending;
  struct Attempt;
  using PendingPtr = std::shared_ptr<Pending>;

  void Try(const PendingPtr& pending);
  void Deliver(Process* process, const PendingPtr& pending, const std::shared_ptr<Attempt>& attempt);
  void Again(const PendingPtr& pending, const absl::Status& why);
  void Settle(const PendingPtr& pending, const google::protobuf::Message& response, const absl::Status& status);
  void Note(const Pending& pending, const google::protobuf::Message& response, const absl::Status& status);

  FakeExecutor* executor_;
  simulate::Dice* dice_;
  PickProcess pick_;
  std::vector<CallOutcome>* outcomes_;
  Losses losses_;
  bool patient_ = true;
  Counts counts_;
};

// Orders on their way between processes.
class SimulatedNetwork : public runtime::Forwarder {
 public:
  using FindProcess = std::function<Process*(const std::string& address)>;
  SimulatedNetwork(FakeExecutor* executor, simulate::Dice* dice) : executor_(executor), dice_(dice) {}
  void set_find(FindProcess find) { find_ = std::move(find); }
  void set_losses(const Losses& losses) { losses_ = losses; }

  void Execute(const std::string& address, const runtime::v1::Order& order,
               std::function<void(absl::StatusOr<runtime::v1::Receipt>)> done) override;

 private:
  FakeExecutor* executor_;
  simulate::Dice* dice_;
  FindProcess find_;
  Losses losses_;
};

}  // namespace redress::sim

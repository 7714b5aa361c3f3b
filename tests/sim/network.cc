#include "tests/sim/network.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "libs/auth/authenticator.h"
#include "libs/status/errors.h"
#include "redress/types/v1/position.pb.h"

namespace redress::sim {
namespace {

namespace pb = ::google::protobuf;

constexpr Millis kCallTimeout = 8 * kSecond;

// A stream of one message; the last answer counts.
class OneMessage : public rpc::RawStream {
 public:
  OneMessage(const pb::Message& request, pb::Message* response, std::function<void(absl::Status)> done)
      : request_(request.SerializeAsString()), response_(response), done_(std::move(done)) {}
  void Read(pb::MessageLite* into, std::function<void(bool)> on_read) override {
    on_read(!std::exchange(read_, true) && into->ParseFromString(request_));
  }
  void Write(const pb::MessageLite& message, std::function<void(bool)> on_written) override {
    on_written(response_->ParseFromString(message.SerializeAsString()));
  }
  void Finish(absl::Status status) override { done_(std::move(status)); }
  void OnCancel(std::function<void()>) override {}

 private:
  const std::string request_;
  pb::Message* response_;
  std::function<void(absl::Status)> done_;
  bool read_ = false;
};

const rpc::Method* FindStream(const Node& node, const std::string& name) {
  for (const rpc::Service* service : node.services()) {
    for (const rpc::Method& method : service->methods()) {
      if (method.full_name == name && method.kind == rpc::Method::Kind::kBidi) return &method;
    }
  }
  return nullptr;
}

}  // namespace

struct RetryingClient::Pending {
  std::string method;
  std::unique_ptr<pb::Message> request;
  pb::Message* response;
  std::function<void(absl::Status)> done;
  std::string tried;  // the process asked last
  // Some attempt may have been executed without our knowing.
  bool doubtful = false;

  // "intake" of "redress.intake.v1.IntakeService/…".
  std::string service() const {
    const std::vector<std::string> parts = absl::StrSplit(method, '.');
    return parts[1];
  }
};

// Whatever comes first of an answer, the process's death and the time-out.
struct RetryingClient::Attempt {
  bool over = false;
  bool answer_lost = false;
  // One for each time the request arrives: the later may not write into what the first has answered.
  std::vector<std::unique_ptr<pb::Message>> responses;
};

void RetryingClient::RawCall(absl::string_view method, const pb::Message& request, pb::Message* response,
                             const rpc::CallOptions&, std::function<void(absl::Status)> done) {
  auto pending = std::make_shared<Pending>();
  pending->method = std::string(method);
  pending->request.reset(request.New());
  pending->request->CopyFrom(request);
  pending->response = response;
  pending->done = std::move(done);
  ++counts_.calls;
  ++counts_.open;
  Try(pending);
}

void RetryingClient::Try(const PendingPtr& pending) {
  Process* process = pick_(pending->service());
  if (process == nullptr) return Again(pending, absl::UnavailableError("nobody is there"));
  counts_.elsewhere += !pending->tried.empty() && pending->tried != process->name();
  pending->tried = process->name();
  auto attempt = std::make_shared<Attempt>();
  executor_->PostAfter(kCallTimeout, [this, pending, attempt] {
    if (std::exchange(attempt->over, true)) return;
    pending->doubtful = true;
    Again(pending, absl::DeadlineExceededError("no answer"));
  });
  if (dice_->Chance(losses_.request_lost)) return;
  attempt->answer_lost = dice_->Chance(losses_.answer_lost);
  const int times = dice_->Chance(losses_.twice) ? 2 : 1;
  // What the second of the two does may differ from what the first was answered.
  if (times > 1) pending->doubtful = true;
  for (int i = 0; i < times; ++i) {
    executor_->PostAfter(dice_->Below(10), [this, post = process->executor().Poster(), process, pending, attempt] {
      // Run by the process itself: not while it is frozen, and never by a dead one.
      post([this, process, pending, attempt] { Deliver(process, pending, attempt); });
    });
  }
}

void RetryingClient::Deliver(Process* process, const PendingPtr& pending, const std::shared_ptr<Attempt>& attempt) {
  attempt->responses.emplace_back(pending->response->New());
  pb::Message* response = attempt->responses.back().get();
  const ProcessExecutor* life = &process->executor();
  const auto done = [this, pending, attempt, life, response](absl::Status status) {
    if (life->dead() || attempt->over || attempt->answer_lost) return;
    attempt->over = true;
    // Not inside the process's own work.
    executor_->PostAfter(dice_->Below(10),
                         [this, pending, attempt, response, status] { Settle(pending, *response, status); });
  };
  const rpc::Method* stream = FindStream(process->node(), pending->method);
  if (stream == nullptr) return process->client().RawCall(pending->method, *pending->request, response, {}, done);
  CallContext context;
  context.caller = *NoAuth().Authenticate("");
  stream->stream(context, nullptr, std::make_shared<OneMessage>(*pending->request, response, done));
}

void RetryingClient::Again(const PendingPtr& pending, const absl::Status& why) {
  if (!patient_) {
    --counts_.open;
    return pending->done(why);
  }
  ++counts_.retries;
  executor_->PostAfter(50 + dice_->Below(2000), [this, pending] { Try(pending); });
}

void RetryingClient::Settle(const PendingPtr& pending, const pb::Message& response, const absl::Status& status) {
  // Of damaged rows others are asked, or the same process once they are made anew.
  if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status) || absl::IsDeadlineExceeded(status) ||
      absl::IsDataLoss(status)) {
    pending->doubtful = true;
    ++counts_.put_off[ReasonOf(status)];
    return Again(pending, status);
  }
  --counts_.open;
  if (status.ok()) pending->response->CopyFrom(response);
  Note(*pending, response, status);
  pending->done(status);
}

void RetryingClient::Note(const Pending& pending, const pb::Message& response, const absl::Status& status) {
  const auto* request_id = pending.request->GetDescriptor()->FindFieldByName("request_id");
  if (request_id == nullptr) return;
  CallOutcome outcome;
  outcome.caller = "local";
  outcome.request_id = pending.request->GetReflection()->GetString(*pending.request, request_id);
  outcome.perhaps_nothing = absl::StartsWith(outcome.request_id, kPerhapsNothing);
  if (!status.ok()) {
    outcome.refused = !pending.doubtful;
    outcome.stream = pending.service();
    return outcomes_->push_back(std::move(outcome));
  }
  const auto* position = response.GetDescriptor()->FindFieldByName("position");
  if (position == nullptr || !response.GetReflection()->HasField(response, position)) return;
  types::v1::Position where;
  where.CopyFrom(response.GetReflection()->GetMessage(response, position));
  outcome.stream = where.stream();
  outcome.shard = where.shard();
  outcome.next = where.next();
  outcome.acknowledged = true;
  outcomes_->push_back(std::move(outcome));
}

void SimulatedNetwork::Execute(const std::string& address, const runtime::v1::Order& order,
                               std::function<void(absl::StatusOr<runtime::v1::Receipt>)> done) {
  // Whoever calls hears once, be it that nobody answered.
  auto answered = std::make_shared<bool>(false);
  const auto answer = [answered, done = std::move(done)](absl::StatusOr<runtime::v1::Receipt> receipt) {
    if (!std::exchange(*answered, true)) done(std::move(receipt));
  };
  executor_->PostAfter(5 * kSecond, [answer] { answer(absl::UnavailableError("no answer")); });
  if (dice_->Chance(losses_.request_lost)) return;
  const bool answer_lost = dice_->Chance(losses_.answer_lost);
  const int times = dice_->Chance(losses_.twice) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    executor_->PostAfter(1 + dice_->Below(20), [this, address, order, answer, answer_lost] {
      Process* process = find_(address);
      const auto stream = log::ParseStream(order.stream());
      if (process == nullptr || process->node().runtime(*stream) == nullptr) {
        return answer(absl::UnavailableError("no such process"));
      }
      const auto post = process->executor().Poster();
      post([this, process, order, stream, post, answer, answer_lost] {
        process->node().runtime(*stream)->ExecuteForwarded(
            order, [this, post, answer, answer_lost](absl::StatusOr<runtime::v1::Receipt> receipt) {
              if (answer_lost) return;
              // What a dead process would have answered is lost: its executor runs nothing any more.
              post([this, answer, receipt = std::move(receipt)] {
                executor_->PostAfter(1 + dice_->Below(20), [answer, receipt] { answer(receipt); });
              });
            });
      });
    });
  }
}

}  // namespace redress::sim

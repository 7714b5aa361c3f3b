#include "services/redressctl/exchange.h"

#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/clock/system_clock.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/mutex.h"
#include "services/redressctl/exit_codes.h"

namespace redress::ctl {
namespace {

using google::protobuf::Message;

constexpr auto kTickEvery = std::chrono::milliseconds(100);

// Worth another attempt. A deadline that passed is the one that --timeout set.
bool MayComeBack(const absl::Status& ended) {
  return ExitCodeOf(ended) == kExitUnavailable && !absl::IsDeadlineExceeded(ended);
}

class Exchange {
 public:
  Exchange(Session* session, const ExchangeOptions& options) : session_(*session), options_(options) {}

  absl::Status Run() {
    Session::Retry retry(session_.environment().clock, options_.give_up_after);
    for (;;) {
      const absl::Status ended = Attempt();
      MutexLock lock(mutex_);
      if (!failed_.ok()) return failed_;
      if (ended.ok() && all_taken_ && open_.empty()) return absl::OkStatus();
      if (ended.ok()) {
        return MakeError(absl::StatusCode::kInternal, "NOT_ANSWERED",
                         absl::StrCat("the server ended the stream, and ", open_.size(), " messages have no answer",
                                      all_taken_ ? "" : "; there were more to come"));
      }
      // A server that was never there is not waited for.
      if (!MayComeBack(ended) || !ever_) return ended;
      if (std::exchange(progressed_, false)) retry.Recovered();
      if (!retry.broken()) {
        session_.Note(
            absl::StrCat("the stream broke, sending again what was not answered: ", Printable(ended.message())));
      }
      if (!retry.Again(ended)) return ended;
    }
  }

 private:
  absl::Status Attempt() {
    const auto stream = session_.client().Open(options_.method, session_.Options(0));
    std::vector<const Message*> again;
    {
      MutexLock lock(mutex_);
      reading_ = true;
      for (const auto& [id, request] : open_) again.push_back(request.get());
    }
    reader_.Post([this, &stream] { ReadAll(stream.get()); });
    // The reader may answer and free a request as soon as it is written, but not before: each is touched once.
    bool writing = true;
    for (size_t i = 0; writing && i < again.size(); ++i) writing = Write(stream.get(), *again[i]);
    while (writing) {
      const Message* request = Take();
      if (request == nullptr) break;
      writing = Write(stream.get(), *request);
    }
    if (writing) stream->WritesDone();
    WaitForReader();
    return stream->Finish();
  }

  bool Write(rpc::ClientStream* stream, const Message& request) {
    if (!stream->Write(request)) return false;
    MutexLock lock(mutex_);
    ever_ = true;
    return true;
  }

  // Null: nothing more, or the stream has ended.
  const Message* Take() {
    MutexLock lock(mutex_);
    while (reading_ && open_.size() >= options_.window) Wait();
    if (!reading_ || all_taken_) return nullptr;
    options_.tick();
    auto item = options_.next();
    if (!item.ok()) {
      failed_ = item.status();
      all_taken_ = true;
      return nullptr;
    }
    if (item->request == nullptr) {
      all_taken_ = true;
      return nullptr;
    }
    return open_.emplace(item->id, std::move(item->request)).first->second.get();
  }

  void ReadAll(rpc::ClientStream* stream) {
    const std::unique_ptr<Message> response(options_.response->New());
    while (stream->Read(response.get())) {
      MutexLock lock(mutex_);
      const auto id = options_.answered(*response);
      if (!id.ok()) {
        failed_ = id.status();
        stream->Cancel();
        break;
      }
      open_.erase(*id);
      progressed_ = true;
      changed_.NotifyAll();
    }
    MutexLock lock(mutex_);
    reading_ = false;
    changed_.NotifyAll();
  }

  void WaitForReader() {
    MutexLock lock(mutex_);
    while (reading_) Wait();
  }

  void Wait() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!changed_.WaitFor(mutex_, kTickEvery)) options_.tick();
  }

  Session& session_;
  const ExchangeOptions& options_;
  Mutex mutex_;
  CondVar changed_;
  // Taken and not answered; sent in this order.
  std::map<uint64_t, std::unique_ptr<const Message>> open_ ABSL_GUARDED_BY(mutex_);
  bool all_taken_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  // Whether anything ever went out, and anything was answered since the last break.
  bool ever_ ABSL_GUARDED_BY(mutex_) = false;
  bool progressed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failed_ ABSL_GUARDED_BY(mutex_);
  // The last member: its thread is gone before the others.
  ThreadExecutor reader_;
};

}  // namespace

absl::Status RunExchange(Session& session, const ExchangeOptions& options) { return Exchange(&session, options).Run(); }

}  // namespace redress::ctl

// Streams over gRPC reactors.
//
// S1 at most one write and one read are with gRPC, and each call into gRPC is made outside the lock.
// S2 Finish is called once, when no write is with gRPC and no call into gRPC is under way: after it, gRPC may free its
// stream. S3 after `closing_` nothing new is queued or read; after an abort what was queued is dropped.
#include <deque>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/rpc/grpc/calls.h"
#include "libs/rpc/grpc/convert.h"
#include "libs/status/errors.h"

namespace redress::rpc {
namespace {

using WriteReactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;
using BidiReactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

template <typename Reactor>
class StreamCall : public Reactor,
                   public OpenCall,
                   public RawStream,
                   public std::enable_shared_from_this<StreamCall<Reactor>> {
 public:
  StreamCall(CallHost* host, const Method* method) : host_(host), method_(method), begun_(host->clock->Monotonic()) {
    if (host_->observer != nullptr) host_->observer->Begun(method_->full_name);
  }

  // `request` is null for a bidirectional stream.
  void Run(const grpc::CallbackServerContext& context, const grpc::ByteBuffer* request) {
    self_ = this->shared_from_this();
    if (!host_->registry.Add(self_)) return Abort(DrainingError());
    const absl::StatusOr<CallContext> admitted = AdmitGrpc(*host_, *method_, context);
    if (!admitted.ok()) return Abort(admitted.status());
    std::unique_ptr<google::protobuf::Message> message;
    if (request != nullptr) {
      message.reset(method_->request_prototype->New());
      grpc::ByteBuffer bytes(*request);
      if (absl::Status parsed = Parse(&bytes, host_->max_message_bytes, message.get()); !parsed.ok()) {
        return Abort(parsed);
      }
    }
    method_->stream(*admitted, message.get(), self_);
  }

  void Read(google::protobuf::MessageLite* into, std::function<void(bool)> on_read) override {
    if constexpr (std::is_same_v<Reactor, BidiReactor>) {
      bool open;
      {
        MutexLock lock(mutex_);
        open = !closing_ && on_read_ == nullptr;
        if (open) {
          into_ = into;
          on_read_ = std::move(on_read);
          ++calls_under_way_;
        }
      }
      if (!open) return on_read(false);
      this->StartRead(&incoming_);
      CallReturned();
    } else {
      on_read(false);
    }
  }

  void Write(const google::protobuf::MessageLite& message, std::function<void(bool)> on_written) override {
    grpc::ByteBuffer bytes = Serialize(message);
    bool open;
    {
      MutexLock lock(mutex_);
      open = !closing_;
      if (open) {
        outgoing_.push_back({std::move(bytes), std::move(on_written)});
        if (writing_) return;
        writing_ = true;
      }
    }
    if (!open) return on_written(false);
    StartNextWrite();
  }

  void Finish(absl::Status status) override { Close(std::move(status), /*aborted=*/false); }
  void Abort(const absl::Status& status) override { Close(status, /*aborted=*/true); }

  void OnCancel(std::function<void()> callback) override {
    {
      MutexLock lock(mutex_);
      if (!aborted_) {
        // Without effect once the handler has finished.
        if (!closing_) on_cancel_ = std::move(callback);
        return;
      }
    }
    callback();
  }

  // What follows is called by gRPC.

  void OnCancel() override { Abort(absl::CancelledError("the caller gave up, or its deadline passed")); }

  void OnWriteDone(bool ok) override {
    std::function<void(bool)> on_written;
    bool more;
    {
      MutexLock lock(mutex_);
      on_written = std::move(outgoing_.front().on_written);
      outgoing_.pop_front();
      more = ok && !outgoing_.empty();
      writing_ = more;
    }
    if (more) StartNextWrite();
    if (!ok) Abort(absl::CancelledError("the connection broke"));
    FinishIfDone();
    on_written(ok);
  }

  // Bidirectional only.
  void ReadDone(bool ok) {
    google::protobuf::MessageLite* into;
    std::function<void(bool)> on_read;
    {
      MutexLock lock(mutex_);
      into = std::exchange(into_, nullptr);
      on_read = std::exchange(on_read_, nullptr);
      ok = ok && !closing_;
    }
    if (ok) {
      ++taken_;
      const absl::Status parsed = Parse(&incoming_, host_->max_message_bytes, into);
      incoming_.Clear();
      if (!parsed.ok()) {
        ok = false;
        // Which of many it was, the caller could not tell otherwise.
        Abort(Annotate(parsed, absl::StrCat("message ", taken_, " of the stream")));
      }
    }
    on_read(ok);
  }

  void OnDone() override {
    host_->registry.Remove(this);
    // Cleared outside the lock: what they hold may own the last reference to this stream but for `self_`.
    std::function<void()> on_cancel;
    {
      MutexLock lock(mutex_);
      on_cancel = std::exchange(on_cancel_, nullptr);
    }
    on_cancel = nullptr;
    self_.reset();
  }

 private:
  struct Outgoing {
    grpc::ByteBuffer bytes;
    std::function<void(bool)> on_written;
  };

  // With `writing_` set by whoever calls it.
  void StartNextWrite() {
    const grpc::ByteBuffer* bytes;
    grpc::WriteOptions options;
    {
      MutexLock lock(mutex_);
      bytes = &outgoing_.front().bytes;
      // More follows at once: gRPC may put several into one packet.
      if (outgoing_.size() > 1) options.set_buffer_hint();
    }
    this->StartWrite(bytes, options);
  }

  void Close(absl::Status status, bool aborted) {
    std::deque<Outgoing> dropped;
    std::function<void()> on_cancel;
    {
      MutexLock lock(mutex_);
      if (aborted_ || (closing_ && !aborted)) return;
      // A handler that has finished waits for a slow reader no longer than the call lives.
      if (aborted) {
        const size_t keep = writing_ ? 1 : 0;
        while (outgoing_.size() > keep) {
          dropped.push_front(std::move(outgoing_.back()));
          outgoing_.pop_back();
        }
        aborted_ = true;
        on_cancel = std::exchange(on_cancel_, nullptr);
      }
      if (!closing_) final_ = std::move(status);
      closing_ = true;
    }
    FinishIfDone();
    for (const Outgoing& write : dropped) write.on_written(false);
    if (on_cancel != nullptr) on_cancel();
  }

  void CallReturned() {
    {
      MutexLock lock(mutex_);
      --calls_under_way_;
    }
    FinishIfDone();
  }

  void FinishIfDone() {
    absl::Status status;
    {
      MutexLock lock(mutex_);
      if (!closing_ || writing_ || calls_under_way_ > 0 || finished_) return;
      finished_ = true;
      status = final_;
    }
    if (host_->observer != nullptr) {
      host_->observer->Ended(method_->full_name, status.code(), host_->clock->Monotonic() - begun_);
    }
    Reactor::Finish(ToGrpc(status));
  }

  CallHost* const host_;
  const Method* const method_;
  const Millis begun_;
  // Where gRPC puts what it reads; touched by it alone between StartRead and ReadDone.
  grpc::ByteBuffer incoming_;
  // Messages read so far, in turns as incoming_ is.
  int64_t taken_ = 0;

  Mutex mutex_;
  std::deque<Outgoing> outgoing_ ABSL_GUARDED_BY(mutex_);
  // The front of outgoing_ is with gRPC.
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  google::protobuf::MessageLite* into_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::function<void(bool)> on_read_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> on_cancel_ ABSL_GUARDED_BY(mutex_);
  // StartRead was entered and has not returned (S2).
  int calls_under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool aborted_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status final_ ABSL_GUARDED_BY(mutex_);
  // gRPC holds a plain pointer to this until OnDone.
  std::shared_ptr<StreamCall> self_;
};

class BidiCall final : public StreamCall<BidiReactor> {
 public:
  using StreamCall::StreamCall;
  void OnReadDone(bool ok) override { ReadDone(ok); }
};

}  // namespace

WriteReactor* StartServerStreaming(CallHost* host, const Method* method, grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request) {
  const auto call = std::make_shared<StreamCall<WriteReactor>>(host, method);
  call->Run(*context, request);
  // Alive: OnDone comes only after this has returned.
  return call.get();
}

BidiReactor* StartBidi(CallHost* host, const Method* method, grpc::CallbackServerContext* context) {
  const auto call = std::make_shared<BidiCall>(host, method);
  call->Run(*context, nullptr);
  return call.get();
}

}  // namespace redress::rpc

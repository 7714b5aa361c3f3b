#include "libs/rpc/grpc/grpc_client.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <limits>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "libs/rpc/grpc/convert.h"
#include "libs/rpc/grpc/deadlines.h"
#include "libs/status/mutex.h"

namespace redress::rpc {
namespace {

// Answers may be larger than requests: a page of a list, a batch of events.
constexpr int kMaxReceiveBytes = 64 << 20;
constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

void Prepare(const CallOptions& options, grpc::ClientContext* context) {
  if (options.timeout != 0) context->set_deadline(DeadlineIn(options.timeout));
  if (!options.token.empty()) context->AddMetadata("authorization", absl::StrCat("Bearer ", options.token));
  if (!options.traceparent.empty()) context->AddMetadata("traceparent", options.traceparent);
  if (!options.accept_language.empty()) context->AddMetadata("accept-language", options.accept_language);
}

class Stream final : public ClientStream {
 public:
  Stream(grpc::GenericStub* stub, const std::string& path, const CallOptions& options) : reactor_(this) {
    Prepare(options, &context_);
    stub->PrepareBidiStreamingCall(&context_, path, {}, &reactor_);
    // Until Finish: without it the call could be done while this side is about to read or write.
    reactor_.AddHold();
    reactor_.StartCall();
  }
  ~Stream() override {
    context_.TryCancel();
    Finish().IgnoreError();
  }

  bool Write(const google::protobuf::Message& message) override {
    outgoing_ = Serialize(message);
    {
      MutexLock lock(mutex_);
      write_ = kWaiting;
    }
    reactor_.StartWrite(&outgoing_);
    return Wait(&write_);
  }

  void WritesDone() override { reactor_.StartWritesDone(); }

  bool Read(google::protobuf::Message* message) override {
    if (!ReadBytes()) return false;
    const absl::Status parsed = Parse(&incoming_, kNoLimit, message);
    incoming_.Clear();
    if (parsed.ok()) return true;
    MutexLock lock(mutex_);
    if (unreadable_.ok()) unreadable_ = parsed;
    context_.TryCancel();
    return false;
  }

  absl::Status Finish() override {
    bool first;
    {
      MutexLock lock(mutex_);
      first = !std::exchange(finishing_, true);
    }
    if (first) {
      // gRPC tells how a stream ended only to who has read it to its end.
      while (ReadBytes()) {
      }
      reactor_.RemoveHold();
    }
    MutexLock lock(mutex_);
    while (!done_) changed_.Wait(mutex_);
    return unreadable_.ok() ? FromGrpc(status_) : unreadable_;
  }

  void Cancel() override { context_.TryCancel(); }

 private:
  enum Outcome { kWaiting, kOk, kEnded };

  class Reactor : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
   public:
    explicit Reactor(Stream* stream) : stream_(stream) {}
    void OnWriteDone(bool ok) override { stream_->Set(&stream_->write_, ok); }
    void OnReadDone(bool ok) override { stream_->Set(&stream_->read_, ok); }
    void OnDone(const grpc::Status& status) override {
      MutexLock lock(stream_->mutex_);
      stream_->status_ = status;
      stream_->done_ = true;
      stream_->changed_.NotifyAll();
    }

   private:
    Stream* const stream_;
  };

  bool ReadBytes() {
    {
      MutexLock lock(mutex_);
      if (read_ == kEnded) return false;
      read_ = kWaiting;
    }
    reactor_.StartRead(&incoming_);
    return Wait(&read_);
  }
  void Set(Outcome* outcome, bool ok) {
    MutexLock lock(mutex_);
    *outcome = ok ? kOk : kEnded;
    changed_.NotifyAll();
  }
  bool Wait(const Outcome* outcome) {
    MutexLock lock(mutex_);
    while (*outcome == kWaiting) changed_.Wait(mutex_);
    return *outcome == kOk;
  }

  grpc::ClientContext context_;
  Reactor reactor_;
  // With gRPC between the start and the end of a write or read.
  grpc::ByteBuffer outgoing_;
  grpc::ByteBuffer incoming_;

  Mutex mutex_;
  CondVar changed_;
  Outcome write_ ABSL_GUARDED_BY(mutex_) = kOk;
  Outcome read_ ABSL_GUARDED_BY(mutex_) = kOk;
  bool finishing_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
  absl::Status unreadable_ ABSL_GUARDED_BY(mutex_);
};

class ChannelClient final : public GrpcClient {
 public:
  explicit ChannelClient(std::shared_ptr<grpc::Channel> channel) : stub_(std::move(channel)) {}

  // The last reference to the last channel must not go on one of gRPC's callback threads: gRPC 1.51 would have that
  // thread join itself. So a call gives its reference up before it is answered, and this waits for all answers.
  ~ChannelClient() override {
    MutexLock lock(mutex_);
    for (Call* call : open_) call->context->TryCancel();
    while (!open_.empty() || answering_ > 0) changed_.Wait(mutex_);
  }

  void RawCall(absl::string_view method, const google::protobuf::Message& request, google::protobuf::Message* response,
               const CallOptions& options, std::function<void(absl::Status)> done) override {
    auto call = std::make_shared<Call>();
    Prepare(options, call->context.get());
    call->request = Serialize(request);
    {
      MutexLock lock(mutex_);
      open_.insert(call.get());
    }
    stub_.UnaryCall(call->context.get(), absl::StrCat("/", method), {}, &call->request, &call->response,
                    [this, call, response, done = std::move(done)](const grpc::Status& status) {
                      {
                        MutexLock lock(mutex_);
                        open_.erase(call.get());
                        ++answering_;
                      }
                      call->context.reset();
                      done(status.ok() ? Parse(&call->response, kNoLimit, response) : FromGrpc(status));
                      MutexLock lock(mutex_);
                      --answering_;
                      changed_.NotifyAll();
                    });
  }

  absl::Status CallAndWait(absl::string_view method, const google::protobuf::Message& request,
                           google::protobuf::Message* response, const CallOptions& options) override {
    Mutex mutex;
    CondVar answered;
    bool done = false;
    absl::Status outcome;
    RawCall(method, request, response, options, [&](absl::Status status) {
      MutexLock lock(mutex);
      outcome = std::move(status);
      done = true;
      answered.NotifyAll();
    });
    MutexLock lock(mutex);
    while (!done) answered.Wait(mutex);
    return outcome;
  }

  std::unique_ptr<ClientStream> Subscribe(absl::string_view method, const google::protobuf::Message& request,
                                          const CallOptions& options) override {
    // On the wire a server-streaming call is a bidirectional one with a single message from the client.
    std::unique_ptr<ClientStream> stream = Open(method, options);
    if (stream->Write(request)) stream->WritesDone();
    return stream;
  }

  std::unique_ptr<ClientStream> Open(absl::string_view method, const CallOptions& options) override {
    return std::make_unique<Stream>(&stub_, absl::StrCat("/", method), options);
  }

 private:
  struct Call {
    std::unique_ptr<grpc::ClientContext> context = std::make_unique<grpc::ClientContext>();
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
  };

  grpc::GenericStub stub_;
  Mutex mutex_;
  CondVar changed_;
  absl::flat_hash_set<Call*> open_ ABSL_GUARDED_BY(mutex_);
  // Callbacks that run now.
  int answering_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<GrpcClient> GrpcClient::Connect(const std::string& address, const Keepalive& keepalive) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(keepalive.time));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(keepalive.timeout));
  // Else it stops after two, and a subscriber has nothing else to send.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Each client has a connection of its own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return std::make_unique<ChannelClient>(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

}  // namespace redress::rpc

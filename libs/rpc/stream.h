// Streams as handlers see them: write with back-pressure, read one at a time, nothing of gRPC.
//
// A stream ends once: by the handler's Finish, or because the caller cancelled, its deadline passed, the connection
// broke or the server drains. In the latter cases OnCancel's callback runs, and what is done to the stream afterwards
// has no effect. Callbacks run on a thread of the transport, one at a time a kind, never inside the call that passes
// them except where said; they must not block. Callbacks and what they hold are released when the stream ends.
#pragma once

#include <google/protobuf/message_lite.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"

namespace redress::rpc {

// What a transport implements. Thread-safe.
class RawStream {
 public:
  virtual ~RawStream() = default;
  // Reads the next message into `into`, which outlives the callback: true, or false when the caller has sent its last
  // or the stream has ended (then perhaps inside this call). One read at a time. A message that cannot be parsed ends
  // the stream with INVALID_ARGUMENT. Nothing is taken from the caller beyond what was asked for and the transport's
  // window.
  virtual void Read(google::protobuf::MessageLite* into, std::function<void(bool)> on_read) = 0;
  // Queues a message, serialised inside the call. The callback tells when it was handed to the transport (true: time to
  // write the next; a slow reader delays it) or that the stream has ended (false, perhaps inside this call).
  virtual void Write(const google::protobuf::MessageLite& message, std::function<void(bool)> on_written) = 0;
  // Ends the stream after what is queued.
  virtual void Finish(absl::Status status) = 0;
  // Runs `callback` once if the stream ends other than by Finish; inside this call if it already has.
  virtual void OnCancel(std::function<void()> callback) = 0;
};

// Server to client. Copies share the stream.
template <typename Response>
class Writer {
 public:
  explicit Writer(std::shared_ptr<RawStream> stream) : stream_(std::move(stream)) {}
  // Memory stays bounded if at most a few messages are queued: write the next from `on_written`.
  void Write(const Response& message, std::function<void(bool ok)> on_written) const {
    stream_->Write(message, std::move(on_written));
  }
  void Finish(absl::Status status) const { stream_->Finish(std::move(status)); }
  void OnCancel(std::function<void()> callback) const { stream_->OnCancel(std::move(callback)); }

 private:
  std::shared_ptr<RawStream> stream_;
};

// Both ways. Copies share the stream.
template <typename Request, typename Response>
class BidiStream : public Writer<Response> {
 public:
  explicit BidiStream(std::shared_ptr<RawStream> stream) : Writer<Response>(stream), stream_(std::move(stream)) {}
  // The next message, or nothing when the caller has sent its last or the stream has ended. One read at a time; not
  // asking is what holds a fast sender.
  void Read(std::function<void(std::optional<Request>)> on_read) const {
    auto request = std::make_shared<Request>();
    stream_->Read(request.get(), [request, on_read = std::move(on_read)](bool ok) {
      on_read(ok ? std::optional<Request>(std::move(*request)) : std::nullopt);
    });
  }

 private:
  std::shared_ptr<RawStream> stream_;
};

}  // namespace redress::rpc

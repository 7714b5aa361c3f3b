// One connection to a server, driven by one thread: the client shares the machine with what it measures, so it has no
// threads of its own, parses nothing it need not, and is the same for Redress and for the echo beside it.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tests/bench/report.h"

namespace redress::bench {

struct LoopOptions {
  std::string method;  // "package.Service/Method"
  int in_flight = 64;
  // It ends with whichever is reached first; 0: no bound. What is in flight then is waited for, and counted.
  double seconds = 0;
  int64_t calls = 0;
  // The serialised request of call number n.
  std::function<std::string(int64_t n)> request;
  // Looks at the answer of each call, if given.
  std::function<void(const grpc::ByteBuffer& response)> answered;
};

struct StreamOptions {
  std::string method;
  // At most this many messages sent and not answered; an answer is one message.
  int window = 1;
  double seconds = 0;
  // The next serialised message; false when there is none.
  std::function<bool(std::string* message)> next;
  // What an answer counts for in Report::count; an error's name in `error` ends up in Report::errors.
  std::function<int64_t(const grpc::ByteBuffer& answer, std::string* error)> answered;
};

// Not thread-safe.
class Connection {
 public:
  // UNAVAILABLE when nobody answers there within ten seconds.
  static absl::Status Open(const std::string& target, std::unique_ptr<Connection>* connection);
  ~Connection();

  // A closed loop of unary calls.
  Report Loop(const LoopOptions& options);
  // A bidirectional stream, ended by this side after the last message.
  Report Exchange(const StreamOptions& options);
  // A server-streaming call, read to its end; counts as `answered` of StreamOptions.
  Report Follow(const std::string& method, const std::string& request,
                const std::function<int64_t(const grpc::ByteBuffer&)>& answered);
  // One unary call.
  absl::Status Call(const std::string& method, const google::protobuf::Message& request,
                    google::protobuf::Message* response);

 private:
  explicit Connection(std::shared_ptr<grpc::Channel> channel);

  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
};

grpc::ByteBuffer ToBuffer(const std::string& bytes);
std::string ToBytes(const grpc::ByteBuffer& buffer);
// The status's code and reason, for Report::errors.
std::string NameOf(const grpc::Status& status);

}  // namespace redress::bench

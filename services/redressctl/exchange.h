// Sends items over a bidirectional stream and takes their answers; after a broken line, what was not answered again.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/redressctl/session.h"

namespace redress::ctl {

struct ExchangeItem {
  // Ascending.
  uint64_t id = 0;
  std::unique_ptr<const google::protobuf::Message> request;
};

struct ExchangeOptions {
  std::string method;
  // Of the answers.
  const google::protobuf::Message* response = nullptr;
  // Items on their way at most.
  size_t window = 1;
  // How long a broken line is tried again.
  Millis give_up_after = kMinute;
  // What comes next; no request: nothing more.
  std::function<absl::StatusOr<ExchangeItem>()> next;
  // Takes an answer, and says whose it is.
  std::function<absl::StatusOr<uint64_t>(const google::protobuf::Message& response)> answered;
  // Called every now and then.
  std::function<void()> tick;
};

// Until everything has its answer. The functions are called one at a time, on two threads. UNAVAILABLE, or the overload
// it was put off for, as the last attempt ended; INTERNAL (NOT_ANSWERED) when the server ends the stream without having
// answered; errors of `next` and `answered` as they are; those of the server that another attempt would meet again.
absl::Status RunExchange(Session& session, const ExchangeOptions& options);

}  // namespace redress::ctl

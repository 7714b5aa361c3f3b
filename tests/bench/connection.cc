#include "tests/bench/connection.h"

#include <chrono>
#include <deque>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/rpc/grpc/deadlines.h"
#include "tests/bench/stopwatch.h"

namespace redress::bench {
namespace {

constexpr Millis kConnect = 10 * kSecond;

// One of the calls that a loop has in flight, used again for the next.
struct Slot {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer response;
  grpc::Status status;
  int64_t begun = 0;
};

int64_t DeadlineOf(double seconds) {
  return seconds > 0 ? NowNanos() + static_cast<int64_t>(seconds * 1e9) : std::numeric_limits<int64_t>::max();
}

// What an event of a stream belongs to.
enum Tag : intptr_t { kStarted = 1, kWritten, kRead, kWritesDone, kFinished };
void* AsTag(Tag tag) { return reinterpret_cast<void*>(tag); }

}  // namespace

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string ToBytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

std::string NameOf(const grpc::Status& status) {
  return absl::StrCat(absl::StatusCodeToString(static_cast<absl::StatusCode>(status.error_code())), ": ",
                      status.error_message());
}

Connection::Connection(std::shared_ptr<grpc::Channel> channel) : channel_(channel), stub_(std::move(channel)) {}

Connection::~Connection() {
  queue_.Shutdown();
  void* tag;
  bool ok;
  while (queue_.Next(&tag, &ok)) {
  }
}

absl::Status Connection::Open(const std::string& target, std::unique_ptr<Connection>* connection) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  auto channel = grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  if (!channel->WaitForConnected(rpc::DeadlineIn(kConnect))) {
    return absl::UnavailableError(absl::StrCat(target, " does not answer"));
  }
  connection->reset(new Connection(std::move(channel)));
  return absl::OkStatus();
}

Report Connection::Loop(const LoopOptions& options) {
  Report report;
  const std::string path = absl::StrCat("/", options.method);
  std::deque<Slot> slots(static_cast<size_t>(options.in_flight));
  int64_t sent = 0;
  const auto start = [&](Slot* slot) {
    const grpc::ByteBuffer request = ToBuffer(options.request(sent++));
    slot->context = std::make_unique<grpc::ClientContext>();
    slot->response.Clear();
    slot->begun = NowNanos();
    slot->reader = stub_.PrepareUnaryCall(slot->context.get(), path, request, &queue_);
    slot->reader->StartCall();
    slot->reader->Finish(&slot->response, &slot->status, slot);
  };
  const int64_t begun = NowNanos();
  const int64_t deadline = DeadlineOf(options.seconds);
  const int64_t most = options.calls > 0 ? options.calls : std::numeric_limits<int64_t>::max();
  int64_t open = 0;
  for (Slot& slot : slots) {
    if (sent == most) break;
    start(&slot);
    ++open;
  }
  void* tag;
  bool ok;
  while (open > 0 && queue_.Next(&tag, &ok)) {
    Slot* slot = static_cast<Slot*>(tag);
    const int64_t now = NowNanos();
    report.took.push_back(now - slot->begun);
    if (slot->status.ok()) {
      ++report.count;
      if (options.answered) options.answered(slot->response);
    } else {
      ++report.errors[NameOf(slot->status)];
    }
    if (now < deadline && sent < most) {
      start(slot);
    } else {
      --open;
    }
  }
  report.seconds = SecondsSince(begun);
  return report;
}

Report Connection::Exchange(const StreamOptions& options) {
  Report report;
  grpc::ClientContext context;
  const auto stream = stub_.PrepareCall(&context, absl::StrCat("/", options.method), &queue_);
  const int64_t begun = NowNanos();
  const int64_t deadline = DeadlineOf(options.seconds);
  stream->StartCall(AsTag(kStarted));
  grpc::ByteBuffer answer;
  grpc::Status status;
  int undecided = 0;
  bool writing = true;  // until it is started
  bool writes_over = false;
  const auto write_some = [&] {
    if (writing || writes_over || undecided >= options.window) return;
    std::string message;
    if (NowNanos() >= deadline || !options.next(&message)) {
      writes_over = true;
      return stream->WritesDone(AsTag(kWritesDone));
    }
    ++undecided;
    writing = true;
    grpc::WriteOptions write;
    if (undecided < options.window) write.set_buffer_hint();
    stream->Write(ToBuffer(message), write, AsTag(kWritten));
  };
  void* tag;
  bool ok;
  while (queue_.Next(&tag, &ok)) {
    switch (static_cast<Tag>(reinterpret_cast<intptr_t>(tag))) {
      case kStarted: stream->Read(&answer, AsTag(kRead)); [[fallthrough]];
      case kWritten:
        writing = false;
        if (!ok) writes_over = true;
        write_some();
        break;
      case kRead: {
        if (!ok) {
          // Nothing more comes: how it ended is told.
          writes_over = true;
          stream->Finish(&status, AsTag(kFinished));
          break;
        }
        std::string error;
        report.count += options.answered(answer, &error);
        if (!error.empty()) ++report.errors[error];
        answer.Clear();
        --undecided;
        write_some();
        stream->Read(&answer, AsTag(kRead));
        break;
      }
      case kWritesDone: break;
      case kFinished:
        if (!status.ok()) ++report.errors[NameOf(status)];
        if (undecided > 0) report.errors["not answered"] += undecided;
        report.seconds = SecondsSince(begun);
        return report;
    }
  }
  return report;
}

Report Connection::Follow(const std::string& method, const std::string& request,
                          const std::function<int64_t(const grpc::ByteBuffer&)>& answered) {
  bool sent = false;
  StreamOptions options;
  options.method = method;
  options.window = std::numeric_limits<int>::max();
  options.next = [&](std::string* message) {
    *message = request;
    return !std::exchange(sent, true);
  };
  options.answered = [&](const grpc::ByteBuffer& answer, std::string*) { return answered(answer); };
  return Exchange(options);
}

absl::Status Connection::Call(const std::string& method, const google::protobuf::Message& request,
                              google::protobuf::Message* response) {
  absl::Status parsed;
  LoopOptions options;
  options.method = method;
  options.in_flight = 1;
  options.calls = 1;
  options.request = [&](int64_t) { return request.SerializeAsString(); };
  options.answered = [&](const grpc::ByteBuffer& answer) {
    if (!response->ParseFromString(ToBytes(answer))) parsed = absl::InternalError("an answer that cannot be read");
  };
  const Report report = Loop(options);
  if (!report.errors.empty()) return absl::UnknownError(report.errors.begin()->first);
  return parsed;
}

}  // namespace redress::bench

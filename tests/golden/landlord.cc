#include "tests/golden/landlord.h"

#include <google/protobuf/text_format.h>

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/reference/starter_set.h"
#include "libs/rpc/service.h"
#include "libs/store/memory/memory_database.h"
#include "tests/golden/boxes.h"

namespace redress::golden {
namespace {

namespace pb = ::google::protobuf;

constexpr char kTzdata[] = "2026a";

// One request, and the last answer.
class OneRequest : public rpc::RawStream {
 public:
  OneRequest(const pb::Message* request, pb::Message* response, bool* done, absl::Status* status)
      : request_(request), response_(response), done_(done), status_(status) {}
  void Read(pb::MessageLite* into, std::function<void(bool)> on_read) override {
    const bool first = std::exchange(unread_, false);
    on_read(first && into->ParseFromString(request_->SerializeAsString()));
  }
  void Write(const pb::MessageLite& message, std::function<void(bool)> on_written) override {
    on_written(response_->ParseFromString(message.SerializeAsString()));
  }
  void Finish(absl::Status status) override {
    *status_ = std::move(status);
    *done_ = true;
  }
  void OnCancel(std::function<void()>) override {}

 private:
  const pb::Message* request_;
  pb::Message* response_;
  bool* done_;
  absl::Status* status_;
  bool unread_ = true;
};

}  // namespace

Instance::Instance(log::Log* log, FakeClock* clock, FakeExecutor* executor, IdSource* ids, bool own)
    : keys(&key_rows, ids, clock, 16) {
  NodeOptions options;
  options.instance = "golden";
  options.tzdata_version = kTzdata;
  options.log = log;
  options.clock = clock;
  options.ids = ids;
  options.executors = {executor};
  options.aside = executor;
  options.keys = &keys;
  options.audit = &audit;
  for (const log::Stream stream : log::kAllStreams) {
    options.databases[stream] = std::make_shared<store::MemoryDatabase>();
  }
  node = std::make_unique<Node>(std::move(options));
  node->Start(own);
}

Landlord::Landlord(Millis begins)
    : clock_(begins),
      executor_(&clock_),
      ids_(1),
      log_({.installation = "golden", .shard_count = kShards}, &clock_, &executor_, &ids_),
      connection_(log_.Connect()),
      instance_(std::make_unique<Instance>(connection_.get(), &clock_, &executor_, &ids_, /*own=*/true)) {
  SetUp();
}

void Landlord::SetUp() {
  executor_.RunFor(5 * kSecond);
  const auto dir = reference::FindConfigDir("");
  const auto set = dir.ok() ? reference::LoadStarterSet(*dir) : dir.status();
  if (!set.ok()) {
    status_ = set.status();
    return;
  }
  bool done = false;
  instance_->node->AppendStarterSet(*set, kTzdata, [&](absl::Status status) {
    status_ = std::move(status);
    done = true;
  });
  Await(done, "the starter set");
}

void Landlord::Await(const bool& done, absl::string_view what) {
  for (int i = 0; i < 600 && !done; ++i) executor_.RunFor(100);
  Expect(done, absl::StrCat("never answered: ", what));
}

void Landlord::Expect(bool good, absl::string_view what) {
  if (!good && status_.ok()) status_ = absl::InternalError(what);
}

const rpc::Method* Landlord::Find(absl::string_view method) {
  const std::vector<std::string> parts = absl::StrSplit(method, '.');
  for (const rpc::Service* service : instance_->node->services()) {
    for (const rpc::Method& one : service->methods()) {
      if (absl::StartsWith(one.full_name, absl::StrCat("redress.", parts[0], ".v1.")) &&
          absl::EndsWith(one.full_name, absl::StrCat("/", parts[1]))) {
        return &one;
      }
    }
  }
  Expect(false, absl::StrCat("no method ", method));
  return nullptr;
}

CallContext Landlord::Context() const {
  CallContext context;
  context.caller = *authenticator_.Authenticate("");
  return context;
}

std::unique_ptr<pb::Message> Landlord::Call(absl::string_view name, const std::string& text) {
  const rpc::Method* method = Find(name);
  if (!status_.ok()) return nullptr;
  const std::unique_ptr<pb::Message> request(method->request_prototype->New());
  Expect(pb::TextFormat::ParseFromString(text, request.get()), absl::StrCat(name, " does not take ", text));
  const auto* id = request->GetDescriptor()->FindFieldByName("request_id");
  if (id != nullptr) request->GetReflection()->SetString(request.get(), id, absl::StrCat("golden-", ++requests_));
  std::unique_ptr<pb::Message> response(method->response_prototype->New());
  bool done = false;
  method->unary(Context(), *request, [&](const absl::Status& status, const pb::Message* answer) {
    done = true;
    Expect(status.ok(), absl::StrCat(name, " ", text, ": ", status.ToString()));
    if (answer != nullptr) response->CopyFrom(*answer);
  });
  Await(done, name);
  // Reactions follow.
  executor_.RunFor(10 * kSecond);
  return response;
}

std::unique_ptr<pb::Message> Landlord::Stream(absl::string_view name, const std::string& text) {
  const rpc::Method* method = Find(name);
  if (!status_.ok()) return nullptr;
  const std::unique_ptr<pb::Message> request(method->request_prototype->New());
  Expect(pb::TextFormat::ParseFromString(text, request.get()), absl::StrCat(name, " does not take ", text));
  std::unique_ptr<pb::Message> response(method->response_prototype->New());
  bool done = false;
  absl::Status ended;
  method->stream(Context(), nullptr, std::make_shared<OneRequest>(request.get(), response.get(), &done, &ended));
  Await(done, name);
  Expect(ended.ok(), absl::StrCat(name, ": ", ended.ToString()));
  executor_.RunFor(10 * kSecond);
  return response;
}

Recording Landlord::Record() {
  Recording recording;
  for (const log::Stream stream : log::kAllStreams) {
    for (uint32_t shard = 0; shard < connection_->info().ShardsOf(stream); ++shard) {
      for (const log::Entry& entry : log_.Entries({stream, shard})) {
        recording.records[{stream, shard}].push_back(entry.bytes);
      }
    }
  }
  for (const Box& box : BoxesOf(recording)) {
    const auto row = instance_->key_rows.Get(box.sealed.key_id());
    if (row.ok() && row->has_value()) recording.keys[box.sealed.key_id()] = (*row)->destroyed ? "" : (*row)->secret;
  }
  return recording;
}

std::string Field(const pb::Message* message, absl::string_view path) {
  const std::vector<std::string> parts = absl::StrSplit(path, '.');
  for (size_t i = 0; message != nullptr && i < parts.size(); ++i) {
    const auto* field = message->GetDescriptor()->FindFieldByName(parts[i]);
    if (field == nullptr) return "";
    const auto* reflection = message->GetReflection();
    if (field->is_repeated()) {
      int index = 0;
      if (i + 1 == parts.size() || !absl::SimpleAtoi(parts[i + 1], &index)) return "";
      if (reflection->FieldSize(*message, field) <= index) return "";
      message = &reflection->GetRepeatedMessage(*message, field, index);
      ++i;
      if (i + 1 == parts.size()) return message->ShortDebugString();
      continue;
    }
    if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
      message = &reflection->GetMessage(*message, field);
      if (i + 1 == parts.size()) return message->ShortDebugString();
      continue;
    }
    if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) return reflection->GetString(*message, field);
    std::string text;
    pb::TextFormat::PrintFieldValueToString(*message, field, -1, &text);
    return text;
  }
  return "";
}

}  // namespace redress::golden

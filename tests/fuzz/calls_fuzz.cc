// Requests of all services, one after the other, to a node over a log in memory. Every call is answered, with one of
// the codes that are for callers and what goes with it; nothing that is asked stops a shard; and whoever reads the log
// from the beginning has the same rows.
//
//   line    = stream "." method " " request     intake.SubmitComplaint {category: "heating"}
//           | "pass " seconds
//           | "as " role " " agency             the calls that follow; "-" for all agencies
//
// A text "@complaints" in a request is the last name of that collection in an answer; "@tracking_code", "@etag",
// "@next_page_token" and others are the last field of that name; an empty slot or position is the last that was given.
// A request_id that is left out is made up.
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/reference/starter_set.h"
#include "libs/rpc/error_details.h"
#include "libs/rpc/service.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"
#include "tests/fuzz/target.h"
#include "tests/golden/landlord.h"

namespace redress::fuzz {
namespace {

namespace pb = ::google::protobuf;

constexpr size_t kMostLines = 16;
constexpr char kTzdata[] = "2026a";
constexpr Millis kBegins = 1'790'000'000'000;

const reference::StarterSet& Starter() {
  static const auto* const starter = [] {
    const auto dir = reference::FindConfigDir("");
    Check(dir.ok(), "the starter set is there");
    auto set = reference::LoadStarterSet(*dir);
    Check(set.ok(), "and can be read");
    return new reference::StarterSet(*std::move(set));
  }();
  return *starter;
}

// A stream of one request, read by somebody who is quick.
class Stream : public rpc::RawStream {
 public:
  Stream(const pb::Message* request, const pb::Message* response, std::function<void(const pb::Message&)> on_answer,
         std::function<void(const absl::Status&)> on_end)
      : request_(request), response_(response), on_answer_(std::move(on_answer)), on_end_(std::move(on_end)) {}

  void Read(pb::MessageLite* into, std::function<void(bool)> on_read) override {
    const bool first = std::exchange(unread_, false);
    on_read(first && !ended_ && into->ParseFromString(request_->SerializeAsString()));
  }
  void Write(const pb::MessageLite& message, std::function<void(bool)> on_written) override {
    if (ended_) return on_written(false);
    const std::unique_ptr<pb::Message> answer(response_->New());
    Check(answer->ParseFromString(message.SerializeAsString()), "a message of a stream can be read");
    on_answer_(*answer);
    on_written(true);
  }
  void Finish(absl::Status status) override {
    if (std::exchange(ended_, true)) return;
    on_end_(status);
    cancels_.clear();
  }
  void OnCancel(std::function<void()> callback) override { cancels_.push_back(std::move(callback)); }
  // The caller goes.
  void Cancel() {
    ended_ = true;
    for (auto& cancel : std::exchange(cancels_, {})) cancel();
  }
  bool ended() const { return ended_; }

 private:
  const pb::Message* request_;  // until it was read
  const pb::Message* response_;
  const std::function<void(const pb::Message&)> on_answer_;
  const std::function<void(const absl::Status&)> on_end_;
  std::vector<std::function<void()>> cancels_;
  bool unread_ = true;
  bool ended_ = false;
};

// One instance of everything, new for each input.
class World {
 public:
  World()
      : executor_(&clock_),
        ids_(1),
        log_({.installation = "fuzz", .shard_count = 2}, &clock_, &executor_, &ids_),
        connection_(log_.Connect()),
        instance_(connection_.get(), &clock_, &executor_, &ids_, /*own=*/true),
        caller_(*NoAuth().Authenticate("")) {
    executor_.RunFor(5 * kSecond);
    bool ready = false;
    instance_.node->AppendStarterSet(Starter(), kTzdata, [&ready](const absl::Status& status) { ready = status.ok(); });
    executor_.RunFor(20 * kSecond);
    Check(ready && instance_.node->Ready(), "a new landlord opens");
  }
  ~World() { connection_->Close(); }

  const std::map<std::string, const rpc::Method*> Methods() const {
    std::map<std::string, const rpc::Method*> methods;
    for (const rpc::Service* service : instance_.node->services()) {
      const std::vector<std::string> package = absl::StrSplit(service->full_name(), '.');
      for (const rpc::Method& method : service->methods()) {
        const size_t slash = method.full_name.find('/');
        methods[absl::StrCat(package[1], ".", method.full_name.substr(slash + 1))] = &method;
      }
    }
    return methods;
  }

  void Pass(Millis time) { executor_.RunFor(time); }
  void ActAs(const std::string& role, const std::string& agency) {
    const Role* found = FindRole(role);
    if (found == nullptr) return;
    if (agency == "-") {
      caller_ = std::make_shared<const Caller>("ana", std::vector<std::string>{role}, found->permissions);
    } else {
      caller_ = std::make_shared<const Caller>("ana", std::vector<std::string>{role}, found->permissions,
                                               absl::flat_hash_set<std::string>{agency});
    }
  }

  void Call(const rpc::Method& method, const pb::Message& given) {
    const std::unique_ptr<pb::Message> request(given.New());
    request->CopyFrom(given);
    Fill(request.get());
    const auto* id = request->GetDescriptor()->FindFieldByName("request_id");
    if (id != nullptr && request->GetReflection()->GetString(*request, id).empty()) {
      request->GetReflection()->SetString(request.get(), id, absl::StrCat("r", ++requests_));
    }
    // As it comes by the wire: text that is not UTF-8 gets no further.
    const std::string sent = request->SerializePartialAsString();
    if (!request->ParsePartialFromString(sent)) return;
    CallContext context;
    context.method = method.full_name;
    context.caller = caller_;
    context.deadline = clock_.Now() + 30 * kSecond;
    context.monotonic_deadline = clock_.Monotonic() + 30 * kSecond;
    if (method.kind == rpc::Method::Kind::kUnary) return CallUnary(method, context, *request);
    const auto stream = std::make_shared<Stream>(
        request.get(), method.response_prototype, [this](const pb::Message& answer) { CheckAnswer(answer); },
        [](const absl::Status& status) {
          if (!status.ok()) CheckError(status);
        });
    const bool one_way = method.kind == rpc::Method::Kind::kServerStreaming;
    method.stream(context, one_way ? request.get() : nullptr, stream);
    for (int i = 0; i < 600 && !stream->ended(); ++i) executor_.RunFor(100);
    // Who follows is never told the last.
    Check(stream->ended() || one_way, absl::StrCat(method.full_name, " ends"));
    stream->Cancel();
    executor_.RunFor(2 * kSecond);
  }

  // Nothing that was asked has harmed it.
  void CheckHealth() {
    executor_.RunFor(10 * kSecond);
    std::map<log::ShardId, std::string> digests;
    for (const log::Stream stream : log::kAllStreams) {
      const runtime::ServiceRuntime* runtime = instance_.node->runtime(stream);
      for (const auto& shard : runtime->Status()) Check(shard.stopped.ok(), shard.stopped.ToString());
      Check(runtime->Health().ok(), "the rows are sound");
      const auto rows = runtime->ReadNow();
      for (uint32_t shard = 0; shard < runtime->shard_count(); ++shard) {
        digests[{stream, shard}] = store::DigestOf(*rows, static_cast<uint16_t>(shard), store::DigestScope::kAll);
      }
    }
    // Read again from the beginning by another that owns nothing.
    SeededIdSource ids(2);
    FakeClock clock(clock_.Now());
    FakeExecutor executor(&clock);
    golden::Recording recording;
    for (const auto& [id, digest] : digests) {
      for (const log::Entry& entry : log_.Entries(id)) recording.records[id].push_back(entry.bytes);
    }
    golden::RecordedLog log(&recording, connection_->info());
    golden::Instance replica(&log, &clock, &executor, &ids, /*own=*/false);
    executor.RunFor(kMinute);
    for (const auto& [id, digest] : digests) {
      const auto rows = replica.node->runtime(id.stream)->ReadNow();
      const auto shard = static_cast<uint16_t>(id.shard);
      Check(store::DigestOf(*rows, shard, store::DigestScope::kAll) == digest,
            absl::StrCat("a replica of ", log::ToString(id), " has the same rows"));
    }
  }

 private:
  void CallUnary(const rpc::Method& method, const CallContext& context, const pb::Message& request) {
    int answers = 0;
    const auto answered = std::make_shared<int*>(&answers);
    method.unary(context, request, [this, answered](const absl::Status& status, const pb::Message* answer) {
      if (*answered == nullptr) return;
      ++**answered;
      if (status.ok()) {
        CheckAnswer(*answer);
      } else {
        CheckError(status);
      }
    });
    for (int i = 0; i < 600 && answers == 0; ++i) executor_.RunFor(100);
    Check(answers == 1, absl::StrCat(method.full_name, " is answered"));
    executor_.RunFor(2 * kSecond);
    Check(answers == 1, absl::StrCat(method.full_name, " is answered once"));
    *answered = nullptr;
  }

  void Fill(pb::Message* message) {
    const pb::Reflection& reflection = *message->GetReflection();
    std::vector<const pb::FieldDescriptor*> fields;
    reflection.ListFields(*message, &fields);
    for (const auto* field : fields) {
      const int size = field->is_repeated() ? reflection.FieldSize(*message, field) : 1;
      for (int i = 0; i < size; ++i) {
        if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
          const auto seen = offered_.find(field->message_type()->full_name());
          if (!field->is_repeated() && seen != offered_.end() &&
              reflection.GetMessage(*message, field).ByteSizeLong() == 0) {
            reflection.MutableMessage(message, field)->ParseFromString(seen->second);
            continue;
          }
          Fill(field->is_repeated() ? reflection.MutableRepeatedMessage(message, field, i)
                                    : reflection.MutableMessage(message, field));
        } else if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
          const std::string text = field->is_repeated() ? reflection.GetRepeatedString(*message, field, i)
                                                        : reflection.GetString(*message, field);
          const auto known = learned_.find(text);
          if (known == learned_.end()) continue;
          if (field->is_repeated()) {
            reflection.SetRepeatedString(message, field, i, known->second);
          } else {
            reflection.SetString(message, field, known->second);
          }
        }
      }
    }
  }

  void Learn(const pb::Message& message) {
    const std::string& type = message.GetDescriptor()->full_name();
    if (type == "redress.scheduling.v1.Slot" || type == "redress.types.v1.Position") {
      offered_[type] = message.SerializeAsString();
    }
    const pb::Reflection& reflection = *message.GetReflection();
    std::vector<const pb::FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const auto* field : fields) {
      const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
      for (int i = 0; i < size; ++i) {
        if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
          Learn(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                     : reflection.GetMessage(message, field));
        } else if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING && !field->is_repeated()) {
          const std::string text = reflection.GetString(message, field);
          learned_[absl::StrCat("@", field->name())] = text;
          const size_t slash = text.find('/');
          if (slash != std::string::npos && slash < 20) learned_[absl::StrCat("@", text.substr(0, slash))] = text;
        }
      }
    }
  }

  void CheckAnswer(const pb::Message& answer) {
    const std::unique_ptr<pb::Message> read(answer.New());
    Check(read->ParseFromString(answer.SerializeAsString()), "an answer can be read");
    Check(answer.ByteSizeLong() < (size_t{4} << 20), "and is bounded");
    Learn(answer);
  }

  static void CheckError(const absl::Status& status) {
    const std::set<absl::StatusCode> for_callers = {
        absl::StatusCode::kInvalidArgument,    absl::StatusCode::kNotFound,          absl::StatusCode::kAlreadyExists,
        absl::StatusCode::kPermissionDenied,   absl::StatusCode::kUnauthenticated,   absl::StatusCode::kAborted,
        absl::StatusCode::kFailedPrecondition, absl::StatusCode::kResourceExhausted, absl::StatusCode::kUnavailable,
        absl::StatusCode::kOutOfRange,         absl::StatusCode::kUnimplemented};
    Check(for_callers.count(status.code()) > 0, absl::StrCat("not for callers: ", status.ToString()));
    Check(!ReasonOf(status).empty(), absl::StrCat("without a reason: ", status.ToString()));
    if (ReasonOf(status) == "INVALID_FIELDS") Check(!ViolationsOf(status).empty(), "what is wrong is said");
    google::rpc::Status sent;
    Check(sent.ParseFromString(rpc::ToRpcStatus(status).SerializeAsString()), "an error can be read");
  }

  FakeClock clock_{kBegins};
  FakeExecutor executor_;
  SeededIdSource ids_;
  log::SimulatedLog log_;
  std::unique_ptr<log::SimulatedConnection> connection_;
  golden::Instance instance_;
  std::shared_ptr<const Caller> caller_;
  std::map<std::string, std::string> learned_;
  std::map<std::string, std::string> offered_;
  int requests_ = 0;
};

// Types of requests by name; the methods of one world that lives as long as the process.
const std::map<std::string, const rpc::Method*>& AllMethods() {
  static const auto* const methods = [] {
    static auto* const world = new World();
    return new std::map<std::string, const rpc::Method*>(world->Methods());
  }();
  return *methods;
}

const pb::Message* Prototype(const std::vector<std::string>& words) {
  const auto found = AllMethods().find(words[0]);
  return found == AllMethods().end() ? nullptr : found->second->request_prototype;
}

void Run(absl::string_view bytes) {
  const std::vector<Line> lines = ReadLines(bytes, Prototype, kMostLines);
  if (lines.empty()) return;
  World world;
  const auto methods = world.Methods();
  for (const Line& line : lines) {
    int64_t seconds = 0;
    const auto method = methods.find(line.words[0]);
    if (method != methods.end() && line.message != nullptr) {
      world.Call(*method->second, *line.message);
    } else if (line.words[0] == "pass" && line.words.size() > 1 && absl::SimpleAtoi(line.words[1], &seconds)) {
      world.Pass(std::min<int64_t>(std::max<int64_t>(seconds, 0), 3 * 24 * 3600) * kSecond);
    } else if (line.words[0] == "as" && line.words.size() > 2) {
      world.ActAs(line.words[1], line.words[2]);
    }
  }
  world.CheckHealth();
}

std::vector<std::string> Beginnings() {
  std::vector<std::string> beginnings = {"pass 3600", "pass 200000", "as agent -", "as dispatcher north"};
  for (const auto& [name, method] : AllMethods()) beginnings.push_back(name);
  return beginnings;
}

std::vector<std::string> Vocabulary() {
  std::vector<std::string> words = {"@complaints",
                                    "@people",
                                    "@interventions",
                                    "@technicians",
                                    "@tracking_code",
                                    "@etag",
                                    "@next_page_token",
                                    "@upload",
                                    "@name",
                                    "@request_id",
                                    "heating",
                                    "noise",
                                    "RES-1",
                                    "D-1",
                                    "front-desk",
                                    "ana",
                                    "crm",
                                    "SR 2019/12",
                                    "Europe/Paris",
                                    "agency",
                                    "own-promises",
                                    "remedy",
                                    "no_access",
                                    "intake",
                                    "routing",
                                    "sla",
                                    "register",
                                    "scheduling",
                                    "v1",
                                    "é €",
                                    "\xE2\x80\xA8",
                                    "complaints/x",
                                    "people/x",
                                    "2026a",
                                    "+33612345678",
                                    "ana@mail.test",
                                    "2026-12-24",
                                    "support",
                                    "spam",
                                    "access"};
  for (const Role& role : Roles()) words.emplace_back(role.name);
  return words;
}

const Target kTarget("calls", Run, {Prototype, Beginnings, Vocabulary});

}  // namespace
}  // namespace redress::fuzz

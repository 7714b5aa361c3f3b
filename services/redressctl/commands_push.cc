// push FILE: tickets of call-centre software, one JSON object a line
#include <deque>
#include <filesystem>
#include <fstream>
#include <istream>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "libs/status/errors.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/exchange.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/json_input.h"
#include "services/redressctl/times.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::intake::v1;
using Answer = v1::PushTicketsResponse;

constexpr char kMethod[] = "redress.intake.v1.IntakeService/PushTickets";
// The server has no more than this many undecided.
constexpr size_t kWindow = 256;
// What a server takes in one message.
constexpr size_t kMaxMessageBytes = 4 << 20;

struct Arguments {
  Argument* file;
  Argument* list;
  Argument* retry;
};

class Push {
 public:
  Push(Session* session, std::istream* in, uint64_t size, bool list)
      : session_(*session), progress_(session->MakeProgress()), in_(*in), size_(size), list_(list) {}

  // The next ticket that can be sent; those that cannot are refused here.
  absl::StatusOr<ExchangeItem> Next() {
    std::string text;
    while (std::getline(in_, text)) {
      ++line_;
      read_ += text.size() + 1;
      if (absl::StripAsciiWhitespace(text).empty()) continue;
      ++tickets_;
      auto request = std::make_unique<v1::PushTicketsRequest>();
      absl::Status usable = ReadJson(text, request.get());
      if (usable.ok() && request->reference().empty()) usable = InvalidFields({{"reference", "is missing"}});
      if (usable.ok() && request->ByteSizeLong() > kMaxMessageBytes) {
        usable = MakeError(absl::StatusCode::kInvalidArgument, "MESSAGE_TOO_LARGE", "larger than 4 MiB");
      }
      if (!usable.ok()) {
        RefuseHere(*request, usable);
        continue;
      }
      open_[request->reference()].push_back(line_);
      return ExchangeItem{line_, std::move(request)};
    }
    if (in_.bad()) return MakeError(absl::StatusCode::kUnknown, "FILE_NOT_READ", "the tickets cannot be read further");
    return ExchangeItem{};
  }

  absl::StatusOr<uint64_t> Answered(const google::protobuf::Message& message) {
    const auto& answer = static_cast<const Answer&>(message);
    const auto found = open_.find(answer.reference());
    if (found == open_.end()) {
      return MakeError(absl::StatusCode::kInternal, "UNKNOWN_ANSWER",
                       absl::StrCat("the server answered \"", answer.reference(), "\", which was not sent"));
    }
    const uint64_t line = found->second.front();
    found->second.pop_front();
    if (found->second.empty()) open_.erase(found);
    Count(line, answer);
    return line;
  }

  void Tick() {
    progress_.Show(size_ == 0 ? Progress::kUnknown : static_cast<double>(read_) / static_cast<double>(size_),
                   absl::StrCat(accepted_ + known_ + refused_, " tickets answered"));
  }

  // What became of all, or of those that were answered when it `ended` before; an error, too, if it does not add up.
  absl::Status Finish(const absl::Status& ended) {
    progress_.Clear();
    session_.printer().Flush();
    session_.Note(absl::StrCat("accepted ", accepted_, " + already known ", known_, " + refused ", refused_, " = ",
                               ended.ok() ? tickets_ : accepted_ + known_ + refused_, " tickets"));
    if (refused_ > 0) session_.SetFindings();
    if (!ended.ok()) {
      session_.Note("it ended there; run it again to go on: what is there already counts as known");
      return ended;
    }
    if (accepted_ + known_ + refused_ == tickets_) return absl::OkStatus();
    return MakeError(absl::StatusCode::kInternal, "COUNTS_DIFFER", "the answers do not add up to the tickets");
  }

 private:
  void RefuseHere(const v1::PushTicketsRequest& request, const absl::Status& why) {
    Answer answer;
    answer.set_reference(request.reference());
    answer.set_answer(Answer::ANSWER_REFUSED);
    const std::vector<FieldViolation> violations = ViolationsOf(why);
    for (const FieldViolation& violation : violations) {
      auto* refusal = answer.add_refusals();
      refusal->set_reason(ReasonOf(why));
      refusal->set_field(violation.field);
      refusal->set_description(violation.description);
    }
    if (violations.empty()) {
      auto* refusal = answer.add_refusals();
      refusal->set_reason(ReasonOf(why));
      refusal->set_description(std::string(why.message()));
    }
    Count(line_, answer);
  }

  void Count(uint64_t line, const Answer& answer) {
    accepted_ += answer.answer() == Answer::ANSWER_ACCEPTED;
    known_ += answer.answer() == Answer::ANSWER_ALREADY_KNOWN;
    const bool refused = answer.answer() == Answer::ANSWER_REFUSED;
    refused_ += refused;
    Printer& printer = session_.printer();
    if (printer.json()) return printer.Json(answer);
    if (!refused && !list_) return;
    progress_.Clear();
    std::string text = absl::StrCat("line ", line, "  ", answer.reference(), "  ", printer.Format(answer, "answer"));
    if (!refused) absl::StrAppend(&text, "  ", answer.complaint(), "  ", answer.tracking_code());
    for (const auto& refusal : answer.refusals()) {
      absl::StrAppend(&text, "; ", refusal.reason(), refusal.field().empty() ? "" : " ", refusal.field(), ": ",
                      refusal.description());
    }
    printer.Line(Printable(text));
  }

  Session& session_;
  Progress progress_;
  std::istream& in_;
  // Bytes read, and those of the file; 0: not known.
  uint64_t read_ = 0;
  const uint64_t size_;
  const bool list_;
  uint64_t line_ = 0;
  int64_t tickets_ = 0, accepted_ = 0, known_ = 0, refused_ = 0;
  // Lines by reference, in the order they were sent.
  std::map<std::string, std::deque<uint64_t>> open_;
};

absl::Status RunPush(const Arguments& arguments, Session& session) {
  const std::string path = arguments.file->value();
  ExchangeOptions options;
  if (arguments.retry->given()) {
    const auto given = ParseDuration(arguments.retry->value());
    if (!given.ok()) return Usage(Annotate(given.status(), "--retry"));
    options.give_up_after = *given;
  }
  std::ifstream file;
  std::error_code unknown;
  uint64_t size = 0;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path, unknown)) return Usage(absl::StrCat(path, " cannot be read"));
    size = std::filesystem::is_regular_file(path, unknown) ? std::filesystem::file_size(path, unknown) : 0;
  }
  Push push(&session, path == "-" ? session.environment().in : &file, size, arguments.list->set());
  options.method = kMethod;
  options.response = &Answer::default_instance();
  options.window = kWindow;
  options.next = [&push] { return push.Next(); };
  options.answered = [&push](const google::protobuf::Message& message) { return push.Answered(message); };
  options.tick = [&push] { push.Tick(); };
  return push.Finish(RunExchange(session, options));
}

}  // namespace

void AddPushCommand(Command* root) {
  Command* command = root->Add("push", "Pushes tickets: one JSON object a line, {\"reference\":…,\"complaint\":{…}}");
  Arguments arguments;
  arguments.file =
      command->Positional("FILE", "NDJSON of redress.intake.v1.PushTicketsRequest, - for the standard input")
          ->Required()
          ->File();
  arguments.list = command->Flag("--list", "Lists what was accepted or known, too; refused tickets always");
  arguments.retry = command->Option("--retry", "DURATION", "How long a broken line is tried again; else 1m");
  command->SetNotes(
      "A ticket pushed again, with the same reference and content, is already known: after a failure run it again.\n"
      "Exit code 7 when some were refused.");
  command->SetRun([arguments](Session& session) { return RunPush(arguments, session); });
}

}  // namespace redress::ctl

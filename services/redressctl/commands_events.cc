// events: public events from the beginning of time, from a cursor, or from now on
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "redress/public/v1/event_stream.pb.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/fields.h"
#include "services/redressctl/session.h"
#include "services/redressctl/times.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::public_::v1;

constexpr char kMethod[] = "redress.public.v1.EventStreamService/Subscribe";

struct Arguments {
  Argument* from_beginning;
  Argument* from_now;
  Argument* cursor;
  Argument* follow;
  Argument* types;
  Argument* services;
  Argument* complaints;
  Argument* retry;
};

// "" when there is no such file yet: the beginning.
absl::StatusOr<std::string> LoadCursor(const std::string& path, Session& session) {
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown) && !unknown) return std::string();
  ASSIGN_OR_RETURN(const std::string text, ReadText(path, *session.environment().in));
  std::string cursor;
  if (!absl::Base64Unescape(absl::StripAsciiWhitespace(text), &cursor) || cursor.empty()) {
    return Usage(absl::StrCat("--cursor ", path, " holds no cursor: base64 as this command writes it is expected"));
  }
  return cursor;
}

std::vector<std::string> ListOf(const Argument& argument) {
  std::vector<std::string> all;
  for (const std::string& value : argument.values) {
    for (absl::string_view one : absl::StrSplit(value, ',', absl::SkipEmpty())) all.emplace_back(one);
  }
  return all;
}

absl::StatusOr<v1::SubscribeRequest> MakeRequest(const Arguments& arguments, Session& session) {
  v1::SubscribeRequest request;
  if (arguments.from_beginning->set() && arguments.from_now->set()) {
    return Usage("--from-beginning and --from-now exclude each other");
  }
  if (arguments.cursor->given()) {
    // Before anything is printed that nobody could go on from.
    RETURN_IF_ERROR(CheckCanWriteWhole(arguments.cursor->value()));
    if (!arguments.from_beginning->set() && !arguments.from_now->set()) {
      ASSIGN_OR_RETURN(*request.mutable_cursor(), LoadCursor(arguments.cursor->value(), session));
    }
  }
  request.set_from_now(arguments.from_now->set());
  for (std::string& type : ListOf(*arguments.types)) request.add_types(std::move(type));
  for (std::string& service : ListOf(*arguments.services)) request.add_services(std::move(service));
  for (const std::string& complaint : ListOf(*arguments.complaints)) {
    request.add_complaints(absl::StrCat("complaints/", complaint.substr(complaint.rfind('/') + 1)));
  }
  request.set_follow(arguments.follow->set());
  return request;
}

// One line an event: when, what, which complaint, and what is known of it.
std::string LineOf(const v1::PublicEvent& event, calendar::Zone zone) {
  const auto* data =
      event.GetReflection()->GetOneofFieldDescriptor(event, event.GetDescriptor()->FindOneofByName("data"));
  return Printable(absl::StrCat(FormatField(event, "occurred_time", zone), "  ", event.type(), "  ", event.complaint(),
                                "  ", data == nullptr ? "" : FormatField(event, data->name(), zone)));
}

absl::Status Print(const v1::SubscribeResponse& message, Printer& printer) {
  if (printer.json()) {
    printer.Json(message);
  } else {
    for (const auto& event : message.events()) printer.Line(LineOf(event, printer.zone()));
  }
  // The cursor must not be saved past what the reader did not get.
  if (!printer.Flush()) return MakeError(absl::StatusCode::kUnknown, "OUTPUT_FAILED", "the output cannot be written");
  return absl::OkStatus();
}

absl::Status Follow(const Arguments& arguments, Session& session) {
  ASSIGN_OR_RETURN(v1::SubscribeRequest request, MakeRequest(arguments, session));
  Millis give_up_after = kMinute;
  if (arguments.retry->given()) {
    const auto given = ParseDuration(arguments.retry->value());
    if (!given.ok()) return Usage(Annotate(given.status(), "--retry"));
    give_up_after = *given;
  }
  Session::Retry retry(session.environment().clock, give_up_after);
  Progress progress = session.MakeProgress();
  // What is printed on the terminal shows how far it is.
  const bool silent = session.environment().out_is_terminal || request.follow();
  int64_t events = 0;
  bool any = false;
  for (;;) {
    absl::Status ended;
    {
      const auto stream = session.client().Subscribe(kMethod, request, session.Options(0));
      v1::SubscribeResponse message;
      while (stream->Read(&message)) {
        RETURN_IF_ERROR(Print(message, session.printer()));
        request.set_cursor(message.cursor());
        if (arguments.cursor->given()) {
          RETURN_IF_ERROR(
              WriteFileWhole(arguments.cursor->value(), absl::StrCat(absl::Base64Escape(message.cursor()), "\n")));
        }
        any = true;
        events += message.events_size();
        if (!silent) progress.Show(Progress::kUnknown, absl::StrCat(events, " events"));
        if (retry.Recovered()) session.Note("the stream goes on");
      }
      ended = stream->Finish();
    }
    // A server that was never there is not waited for.
    if (ended.ok() || !any || ended.code() != absl::StatusCode::kUnavailable) return ended;
    if (!retry.broken()) {
      session.Note(absl::StrCat("the stream broke, trying to go on where it ended: ", Printable(ended.message())));
    }
    if (!retry.Again(ended)) return ended;
  }
}

}  // namespace

void AddEventsCommand(Command* root) {
  Command* command = root->Add("events", "Prints public events, in order per complaint and service");
  Arguments arguments;
  arguments.from_beginning =
      command->Flag("--from-beginning", "From the beginning of time, also with a cursor that is there");
  arguments.from_now = command->Flag("--from-now", "Only what happens from now on, also with a cursor that is there");
  arguments.cursor =
      command->Option("--cursor", "FILE", "Goes on from this cursor, and saves it after each message")->File();
  arguments.follow = command->Flag("--follow", "Goes on at the end, and after a broken line; else stops there");
  arguments.types = command->Option("--type", "TYPE", "Of these types, as redress.complaint.received.v1")->Many();
  arguments.services = command->Option("--service", "SERVICE", "Of these services")
                           ->Many()
                           ->OneOf({"intake", "routing", "scheduling", "sla"});
  arguments.complaints = command->Option("--complaint", "COMPLAINT", "Of these complaints")->Many();
  arguments.retry = command->Option("--retry", "DURATION", "How long a broken line is tried again; else 1m");
  command->SetNotes(
      "With -o json each message is a line: its events and the cursor after them. Whoever keeps the cursor with what "
      "was\n"
      "done of it misses and repeats nothing; --cursor saves it as soon as a message is printed.");
  command->SetRun([arguments](Session& session) { return Follow(arguments, session); });
}

}  // namespace redress::ctl

#include "services/redressctl/call_command.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/fields.h"
#include "services/redressctl/json_input.h"

namespace redress::ctl {

namespace pb = ::google::protobuf;

namespace {

constexpr int64_t kDefaultLimit = 50;
constexpr int64_t kPageRows = 500;

std::string PlaceholderOf(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_ENUM:
    case pb::FieldDescriptor::CPPTYPE_STRING: return absl::AsciiStrToUpper(field.name());
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      if (field.message_type()->full_name() == "google.protobuf.Timestamp") return "TIME";
      if (field.message_type()->full_name() == "google.protobuf.Duration") return "DURATION";
      return field.message_type()->full_name() == "redress.types.v1.Position" ? "POSITION" : "JSON";
    default: return "NUMBER";
  }
}

std::string FirstName(const Argument& argument) {
  const std::vector<std::string> names = absl::StrSplit(argument.names, ',');
  return names.back();
}

}  // namespace

std::string InCollection(absl::string_view text, const std::string& collection) {
  return collection.empty() ? std::string(text) : absl::StrCat(collection, "/", text.substr(text.rfind('/') + 1));
}

struct CallCommand::State {
  Command* command;
  Rpc rpc;
  std::vector<Field> fields;
  Argument* json = nullptr;
  Argument* limit = nullptr;
  Prepare prepare;
  Show show = ShowFields;
  std::string list;
  std::vector<std::string> columns;
  Millis timeout = kCallTimeout;
};

CallCommand::CallCommand(Command* parent, std::string name, std::string summary, Rpc rpc)
    : state_(std::make_shared<State>()) {
  state_->command = parent->Add(std::move(name), std::move(summary));
  state_->rpc = std::move(rpc);
  AddStandard();
  state_->command->SetRun([state = state_](Session& session) { return Run(*state, session); });
}

void CallCommand::AddStandard() {
  Command* command = state_->command;
  const pb::Descriptor& type = *state_->rpc.request->GetDescriptor();
  state_->json = command->Option("--json", "FILE", "The request as proto JSON, - for the standard input")->File();
  if (FindField(type, "request_id") != nullptr) {
    Option("--request-id", "request_id", "Makes it safe to run this again; else a new one");
  }
  if (FindField(type, "etag") != nullptr) Option("--etag", "etag", "Only if it is still what you saw");
  if (FindField(type, "position") != nullptr) {
    Option("--position", "position", kPositionHelp);
  } else if (FindField(type, "scope.position") != nullptr) {
    Option("--position", "scope.position", kPositionHelp);
  }
  if (FindField(type, "page_token") != nullptr) {
    state_->limit = command->Option("--limit", "ROWS", absl::StrCat("At most; 0 for all; else ", kDefaultLimit));
    Option("--page-token", "page_token", "Goes on where a list ended");
  }
}

Argument* CallCommand::AddField(Argument* argument, std::string path, std::string collection) {
  const pb::FieldDescriptor& field = FieldAt(*state_->rpc.request->GetDescriptor(), path);
  if (field.is_repeated()) argument->Many();
  if (field.enum_type() != nullptr) argument->OneOf(ShortNames(*field.enum_type()));
  state_->fields.push_back({argument, std::move(path), std::move(collection)});
  return argument;
}

CallCommand& CallCommand::Name(std::string placeholder, std::string path, std::string collection, std::string help) {
  AddField(state_->command->Positional(std::move(placeholder), std::move(help)), std::move(path),
           std::move(collection));
  return Required();
}

CallCommand& CallCommand::Positional(std::string placeholder, std::string path, std::string help) {
  return Name(std::move(placeholder), std::move(path), "", std::move(help));
}

CallCommand& CallCommand::Option(std::string names, std::string path, std::string help) {
  return NameOption(std::move(names), std::move(path), "", std::move(help));
}

CallCommand& CallCommand::NameOption(std::string names, std::string path, std::string collection, std::string help) {
  const pb::FieldDescriptor& field = FieldAt(*state_->rpc.request->GetDescriptor(), path);
  Command* command = state_->command;
  AddField(field.cpp_type() == pb::FieldDescriptor::CPPTYPE_BOOL
               ? command->Flag(std::move(names), std::move(help))
               : command->Option(std::move(names), PlaceholderOf(field), std::move(help)),
           std::move(path), std::move(collection));
  return *this;
}

CallCommand& CallCommand::Required() {
  state_->fields.back().required = true;
  return *this;
}

Argument* CallCommand::Extra(std::string names, std::string value_name, std::string help) {
  return value_name.empty() ? state_->command->Flag(std::move(names), std::move(help))
                            : state_->command->Option(std::move(names), std::move(value_name), std::move(help));
}

Argument* CallCommand::ExtraPositional(std::string placeholder, std::string help) {
  return state_->command->Positional(std::move(placeholder), std::move(help))->Required();
}

CallCommand& CallCommand::Before(Prepare prepare) {
  state_->prepare = std::move(prepare);
  return *this;
}

CallCommand& CallCommand::List(std::string list, std::vector<std::string> columns) {
  const pb::FieldDescriptor& field = FieldAt(*state_->rpc.response->GetDescriptor(), list);
  for (const std::string& column : columns) FieldAt(*field.message_type(), column);
  state_->list = std::move(list);
  state_->columns = std::move(columns);
  return *this;
}

CallCommand& CallCommand::ShowWith(Show show) {
  state_->show = std::move(show);
  return *this;
}

CallCommand& CallCommand::Patient() {
  state_->timeout = 0;
  return *this;
}

CallCommand& CallCommand::Notes(std::string notes) {
  state_->command->SetNotes(std::move(notes));
  return *this;
}

absl::Status CallCommand::BuildRequest(const State& state, Session& session, pb::Message* request) {
  if (state.json->given()) {
    ASSIGN_OR_RETURN(const std::string text, ReadText(state.json->value(), *session.environment().in));
    const absl::Status read = ReadJson(text, request);
    if (!read.ok()) return Usage(Annotate(read, state.json->value()));
  }
  std::vector<FieldViolation> violations;
  for (const Field& field : state.fields) {
    const bool list = FieldAt(*request->GetDescriptor(), field.path).is_repeated();
    if (field.required && !field.argument->given() && !state.json->given()) {
      violations.push_back({FirstName(*field.argument), "is missing"});
    }
    for (const std::string& given : field.argument->values) {
      const std::vector<std::string> texts =
          list && !absl::StartsWith(given, "{") ? absl::StrSplit(given, ',') : std::vector<std::string>{given};
      for (const std::string& text : texts) {
        const absl::Status set = SetField(request, field.path, InCollection(text, field.collection), session.zone());
        if (!set.ok()) violations.push_back({FirstName(*field.argument), std::string(set.message())});
      }
    }
  }
  if (!violations.empty()) return Usage(InvalidFields(violations));
  if (const auto* id = FindField(*request->GetDescriptor(), "request_id"); id != nullptr) {
    if (FormatField(*request, "request_id", session.zone()).empty()) {
      RETURN_IF_ERROR(SetField(request, "request_id", session.NewRequestId(), session.zone()));
    }
  }
  return state.prepare == nullptr ? absl::OkStatus() : Usage(state.prepare(request, session));
}

absl::Status CallCommand::RunPaged(const State& state, Session& session, pb::Message* request) {
  int64_t limit = kDefaultLimit;
  if (state.limit->given() && (!absl::SimpleAtoi(state.limit->value(), &limit) || limit < 0)) {
    return Usage(absl::StrCat("--limit must be 0 or more, not \"", Printable(state.limit->value()), "\""));
  }
  const std::unique_ptr<pb::Message> shown(state.rpc.response->New());
  const pb::FieldDescriptor& list = FieldAt(*shown->GetDescriptor(), state.list);
  const std::unique_ptr<pb::Message> page(state.rpc.response->New());
  Progress progress = session.MakeProgress();
  int64_t rows = 0;
  std::string next;
  do {
    const int64_t wanted = limit == 0 ? kPageRows : std::min(kPageRows, limit - rows);
    RETURN_IF_ERROR(SetField(request, "page_size", absl::StrCat(wanted), session.zone()));
    page->Clear();
    RETURN_IF_ERROR(session.Call(state.rpc.method, *request, page.get(), state.timeout));
    rows += page->GetReflection()->FieldSize(*page, &list);
    next = FormatField(*page, "next_page_token", session.zone());
    if (session.printer().json()) {
      session.printer().Json(*page);
    } else {
      shown->MergeFrom(*page);
    }
    RETURN_IF_ERROR(SetField(request, "page_token", next, session.zone()));
    progress.Show(Progress::kUnknown, absl::StrCat(rows, " rows"));
  } while (!next.empty() && (limit == 0 || rows < limit));
  progress.Clear();
  if (!session.printer().json()) {
    session.printer().List(*shown, state.list, state.columns);
    session.printer().Flush();
    if (!next.empty()) session.Note(absl::StrCat("more: --page-token ", next));
  }
  return absl::OkStatus();
}

absl::Status CallCommand::Run(const State& state, Session& session) {
  const std::unique_ptr<pb::Message> request(state.rpc.request->New());
  RETURN_IF_ERROR(BuildRequest(state, session, request.get()));
  if (state.limit != nullptr && !state.list.empty()) return RunPaged(state, session, request.get());
  const std::unique_ptr<pb::Message> reply(state.rpc.response->New());
  const absl::Status called = session.Call(state.rpc.method, *request, reply.get(), state.timeout);
  if (!called.ok()) {
    // It may have been done all the same: the same request id finds out, and does it at most once.
    if (ExitCodeOf(called) == kExitUnavailable && FindField(*request->GetDescriptor(), "request_id") != nullptr) {
      session.Note(
          absl::StrCat("to try again safely: --request-id ", FormatField(*request, "request_id", session.zone())));
    }
    return called;
  }
  if (session.printer().json()) {
    session.printer().Json(*reply);
  } else if (!state.list.empty()) {
    session.printer().List(*reply, state.list, state.columns);
  } else {
    state.show(*reply, session.printer());
  }
  return absl::OkStatus();
}

void ShowFields(const pb::Message& reply, Printer& printer) {
  std::vector<const pb::FieldDescriptor*> fields;
  reply.GetReflection()->ListFields(reply, &fields);
  // The position of a write comes last, below what was written.
  const auto only = std::find_if(fields.begin(), fields.end(), [](const pb::FieldDescriptor* field) {
    return field->message_type() != nullptr && !field->is_repeated() && field->name() != "position" &&
           field->message_type()->file()->package() != "google.protobuf";
  });
  if (only == fields.end()) return printer.Fields(reply);
  printer.Fields(reply.GetReflection()->GetMessage(reply, *only));
  const std::unique_ptr<pb::Message> rest(reply.New());
  rest->CopyFrom(reply);
  rest->GetReflection()->ClearField(rest.get(), *only);
  printer.Fields(*rest);
}

}  // namespace redress::ctl

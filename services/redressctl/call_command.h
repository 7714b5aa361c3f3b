// Commands that make one call: options become fields of the request, the reply is shown.
//
//   CallCommand(group, "acknowledge", "Tells the resident that it has come in", MakeRpc<Request, Response>(kService,
//   "AcknowledgeComplaint"))
//       .Name("COMPLAINT", "name", "complaints")
//       .Option("--at", "occurred_time", "When it happened; else now");
//
// Every such command takes --json FILE as well (the whole request as proto JSON, "-" for the standard input; options
// and positionals are laid over it), and, where the request has the fields: --request-id (else made anew), --etag,
// --position; where it has pages: --limit and --page-token.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "services/redressctl/command.h"
#include "services/redressctl/session.h"

namespace redress::ctl {

struct Rpc {
  std::string method;  // "package.Service/Method"
  const google::protobuf::Message* request;
  const google::protobuf::Message* response;
};

template <typename Request, typename Response>
Rpc MakeRpc(absl::string_view service, absl::string_view method) {
  return {absl::StrCat(service, "/", method), &Request::default_instance(), &Response::default_instance()};
}

// What every read that can wait for a write calls --position, and says of it.
inline constexpr char kPositionHelp[] = "Waits for what a write promised: the position it printed";

// The name of a resource that was given by its id, or by a name of any collection; `text` as it is for no collection.
std::string InCollection(absl::string_view text, const std::string& collection);

// Copies share the command.
class CallCommand {
 public:
  // How a reply is shown to people; with -o json it is proto JSON always.
  using Show = std::function<void(const google::protobuf::Message& reply, Printer& printer)>;
  // Checks or completes a request before it is sent. Errors are those of the command line.
  using Prepare = std::function<absl::Status(google::protobuf::Message* request, Session& session)>;

  // A command below `parent` that calls `rpc`, with the options that every such command has.
  CallCommand(Command* parent, std::string name, std::string summary, Rpc rpc);

  // A positional that is a resource's name: an id alone gets "collection/" in front, a name of another collection has
  // its collection replaced (a complaint's clock has the complaint's id).
  CallCommand& Name(std::string placeholder, std::string path, std::string collection, std::string help);
  CallCommand& Positional(std::string placeholder, std::string path, std::string help);
  // An option or flag by the type of the field. Repeated ones may be given again, and split at commas.
  CallCommand& Option(std::string names, std::string path, std::string help);
  // The same as Name.
  CallCommand& NameOption(std::string names, std::string path, std::string collection, std::string help);
  // The last positional or option must be there, unless the request comes as JSON.
  CallCommand& Required();
  // An option that is no field of the request; for Prepare.
  Argument* Extra(std::string names, std::string value_name, std::string help);
  Argument* ExtraPositional(std::string placeholder, std::string help);

  // Called with each request before it is sent.
  CallCommand& Before(Prepare prepare);
  // Rows of the repeated field `list`; further pages are fetched up to --limit rows.
  CallCommand& List(std::string list, std::vector<std::string> columns);
  CallCommand& ShowWith(Show show);
  // Waits for as long as it takes, unless --timeout is given.
  CallCommand& Patient();
  CallCommand& Notes(std::string notes);

 private:
  struct Field {
    Argument* argument;
    std::string path;
    std::string collection;  // empty: no name
    bool required = false;
  };
  struct State;

  static absl::Status Run(const State& state, Session& session);
  static absl::Status BuildRequest(const State& state, Session& session, google::protobuf::Message* request);
  static absl::Status RunPaged(const State& state, Session& session, google::protobuf::Message* request);
  void AddStandard();
  Argument* AddField(Argument* argument, std::string path, std::string collection);

  std::shared_ptr<State> state_;
};

// The default way of showing a reply: by fields, one field that holds a message alone in its place.
void ShowFields(const google::protobuf::Message& reply, Printer& printer);

}  // namespace redress::ctl

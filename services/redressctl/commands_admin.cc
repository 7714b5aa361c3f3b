// admin status|digest|rebuild|checkpoint|parked list|parked replay|parked skip|rotate-master-key, status
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "redress/admin/v1/admin_service.pb.h"
#include "services/redressctl/call_command.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/digests.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/times.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::admin::v1;
using Align = TextTable::Align;

constexpr char kService[] = "redress.admin.v1.AdminService";

template <typename Request, typename Response>
CallCommand Call(Command* group, std::string name, absl::string_view method, std::string summary) {
  return CallCommand(group, std::move(name), std::move(summary), MakeRpc<Request, Response>(kService, method));
}

void ShowInstance(const v1::GetStatusResponse& status, Printer& printer) {
  printer.Line(
      Printable(absl::StrCat("installation ", status.installation(), ", instance ", status.instance(), ", ",
                             status.ready() ? "ready" : "NOT READY", ", ", printer.Format(status, "server_time"))));
  printer.Line(Printable(absl::StrCat("log ", status.log_id(), ", register version ", status.register_version())));
  printer.Line("");
}

// A row a service.
void ShowSummary(const google::protobuf::Message& message, Printer& printer) {
  const auto& status = static_cast<const v1::GetStatusResponse&>(message);
  ShowInstance(status, printer);
  struct Sum {
    int shards = 0, owned = 0, caught_up = 0, stopped = 0;
    int64_t applied = 0, parked = 0, queued = 0, lag = 0;
  };
  std::map<std::string, Sum> sums;
  for (const auto& shard : status.shards()) {
    Sum& sum = sums[shard.service()];
    ++sum.shards;
    sum.owned += shard.owner();
    sum.caught_up += shard.caught_up();
    sum.stopped += !shard.stopped().empty();
    sum.applied += shard.applied();
    sum.parked += shard.parked();
    sum.queued += shard.queued();
    sum.lag = std::max(sum.lag, shard.reactor_lag_ms());
  }
  TextTable table({"service", "shards", "owned", "caught up", "stopped", "applied", "queued", "parked", "reactor lag"},
                  {Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight, Align::kRight,
                   Align::kRight, Align::kRight, Align::kRight});
  for (const auto& [service, sum] : sums) {
    table.Add({service, absl::StrCat(sum.shards), absl::StrCat(sum.owned), absl::StrCat(sum.caught_up),
               absl::StrCat(sum.stopped), absl::StrCat(sum.applied), absl::StrCat(sum.queued), absl::StrCat(sum.parked),
               FormatDuration(sum.lag)});
  }
  printer.Table(table);
  for (const auto& shard : status.shards()) {
    if (!shard.stopped().empty()) {
      printer.Line(Printable(absl::StrCat(shard.service(), "/", shard.shard(), " stopped: ", shard.stopped())));
    }
  }
}

// A row a shard.
void ShowShards(const google::protobuf::Message& message, Printer& printer) {
  const auto& status = static_cast<const v1::GetStatusResponse&>(message);
  ShowInstance(status, printer);
  printer.List(status, "shards",
               {"service", "shard", "owner", "caught_up", "next_offset", "seq", "claims", "voids", "applied", "queued",
                "queue_age_ms", "reactor_lag_ms", "timers_fired", "parked", "last_owner", "stopped"});
}

struct DigestArguments {
  Argument* service;
  Argument* domain;
  Argument* compare;
};

absl::Status Digest(const DigestArguments& arguments, Session& session) {
  v1::ListDigestsRequest request;
  request.set_service(arguments.service->value());
  request.set_domain_only(arguments.domain->set());
  const std::string method = absl::StrCat(kService, "/ListDigests");
  v1::ListDigestsResponse here;
  RETURN_IF_ERROR(session.Call(method, request, &here, 0));
  Printer& printer = session.printer();
  if (!arguments.compare->given()) {
    if (printer.json()) {
      printer.Json(here);
    } else {
      printer.List(here, "digests", {"position.stream", "position.shard", "position.next", "digest", "chain"});
    }
    return absl::OkStatus();
  }
  const std::string& other = arguments.compare->value();
  v1::ListDigestsResponse there;
  const auto client = Session::ClientOf(other);
  const absl::Status called = session.CallOn(*client, method, request, &there, 0);
  if (!called.ok()) return Annotate(called, other);
  const DigestComparison comparison = Compare(here, there, request.domain_only());
  if (printer.json()) {
    printer.Json(here);
    printer.Json(there);
  } else {
    TextTable table({"stream", "shard", "here", "there", "verdict"},
                    {Align::kLeft, Align::kRight, Align::kRight, Align::kRight});
    for (const auto& row : comparison.rows) {
      table.Add({row.stream, absl::StrCat(row.shard), row.here < 0 ? "-" : absl::StrCat(row.here),
                 row.there < 0 ? "-" : absl::StrCat(row.there), std::string(NameOf(row.verdict))});
    }
    printer.Table(table);
  }
  printer.Flush();
  session.Note(absl::StrCat(comparison.equal, " equal, ", comparison.different, " different, ", comparison.incomparable,
                            " not comparable"));
  if (comparison.different > 0 || comparison.incomparable > 0) session.SetFindings();
  return absl::OkStatus();
}

void AddDigest(Command* group) {
  Command* command = group->Add("digest", "Digests of the rows of each shard, with the position they hold at");
  DigestArguments arguments;
  arguments.service = command->Option("--service", "SERVICE", "Of this one alone");
  arguments.domain = command->Flag("--domain", "Only what a copy of the log has too: no request ids, no positions");
  arguments.compare = command->Option("--compare", "HOST:PORT", "With another server's");
  command->SetNotes(
      "With --compare, shards at the same position must have the same digest; with --domain, positions may differ, as "
      "in\n"
      "a copy. Exit code 7 when any differs or cannot be compared.");
  command->SetRun([arguments](Session& session) { return Digest(arguments, session); });
}

void AddParked(Command* group) {
  Command* parked = group->Add("parked", "Inputs that could not be used and wait for somebody");
  Call<v1::ListParkedInputsRequest, v1::ListParkedInputsResponse>(parked, "list", "ListParkedInputs",
                                                                  "Lists them, with the reason")
      .Option("--service", "service", "Of this one alone")
      .List("parked_inputs", {"service", "shard", "input_service", "aggregate", "version", "parked_time", "reason"});
  Call<v1::ReplayParkedInputRequest, v1::ReplayParkedInputResponse>(parked, "replay", "ReplayParkedInput",
                                                                    "Tries one again")
      .Positional("SERVICE", "service", "As listed: what could not use it,")
      .Positional("SHARD", "shard", "its shard,")
      .Positional("INPUT_SERVICE", "input_service", "whose event it is,")
      .Positional("AGGREGATE", "aggregate", "of which aggregate,")
      .Positional("VERSION", "version", "and which version of it");
  Call<v1::SkipParkedInputRequest, v1::SkipParkedInputResponse>(parked, "skip", "SkipParkedInput",
                                                                "Gives one up, for ever")
      .Positional("SERVICE", "service", "As listed: what could not use it,")
      .Positional("SHARD", "shard", "its shard,")
      .Positional("INPUT_SERVICE", "input_service", "whose event it is,")
      .Positional("AGGREGATE", "aggregate", "of which aggregate,")
      .Positional("VERSION", "version", "and which version of it")
      .Option("--reason", "reason", "Why")
      .Required();
}

}  // namespace

void AddAdminCommands(Command* root) {
  Command* group = root->Add("admin", "What an operator sees and does");
  Call<v1::GetStatusRequest, v1::GetStatusResponse>(group, "status", "GetStatus", "Every shard of every service")
      .ShowWith(ShowShards);
  AddDigest(group);
  Call<v1::RebuildProjectionRequest, v1::RebuildProjectionResponse>(
      group, "rebuild", "RebuildProjection", "Builds a service's projection anew from the log, and goes over to it")
      .Positional("SERVICE", "service", "intake, routing, scheduling or sla")
      .Patient();
  Call<v1::CreateCheckpointRequest, v1::CreateCheckpointResponse>(group, "checkpoint", "CreateCheckpoint",
                                                                  "Copies a service's projection on the server's disk")
      .Positional("SERVICE", "service", "intake, routing, scheduling or sla")
      .Positional("ID", "checkpoint_id", "What it is to be called")
      .Patient();
  Call<v1::RotateMasterKeyRequest, v1::RotateMasterKeyResponse>(
      group, "rotate-master-key", "RotateMasterKey",
      "Wraps every key by the first of the master key file, which it reads again")
      .Patient();
  AddParked(group);
  Call<v1::GetStatusRequest, v1::GetStatusResponse>(root, "status", "GetStatus", "How the server stands, in short")
      .ShowWith(ShowSummary);
}

}  // namespace redress::ctl

// What a running command has: the server it calls, what it prints with, the time, and the options that every command
// takes.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <istream>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/clock/clock.h"
#include "libs/ids/ids.h"
#include "libs/rpc/grpc/grpc_client.h"
#include "services/redressctl/command.h"
#include "services/redressctl/output.h"
#include "services/redressctl/progress.h"

namespace redress::ctl {

inline constexpr absl::string_view kDefaultServer = "127.0.0.1:8650";
// Of a call that is answered once, unless --timeout says otherwise.
inline constexpr Millis kCallTimeout = 30 * kSecond;

// Where the program runs. All of it outlives the session.
struct Environment {
  const Clock* clock;
  IdSource* ids;
  std::istream* in;
  std::ostream* out;
  std::ostream* err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  // When --server is not given.
  std::string server = std::string(kDefaultServer);
};

// Options of every command, hung on the root.
struct GlobalArguments {
  explicit GlobalArguments(Command* root);
  Argument* server;
  Argument* token_file;
  Argument* output;
  Argument* zone;
  Argument* timeout;
  Argument* progress;
};

// Not thread-safe, but for client().
class Session {
 public:
  // Usage errors (exit_codes.h): a zone that is none, a token file that cannot be read …
  static absl::StatusOr<std::unique_ptr<Session>> Start(const Environment& environment,
                                                        const GlobalArguments& arguments);

  const Environment& environment() const { return environment_; }
  Printer& printer() { return printer_; }
  bool json() const { return printer_.json(); }
  calendar::Zone zone() const { return printer_.zone(); }
  Millis Now() const { return environment_.clock->Now(); }
  // A note on the error stream; with -o json {"note": text}.
  void Note(absl::string_view text);
  // Something was refused or unequal: the run ends with kExitFindings unless it fails.
  void SetFindings() { findings_ = true; }
  bool findings() const { return findings_; }

  Progress MakeProgress() const { return Progress(environment_.clock, environment_.err, progress_); }
  // A request id of our own.
  std::string NewRequestId();

  rpc::GrpcClient& client();
  // Of --token-file; empty without one.
  const std::string& token() const { return token_; }
  // A client of another server, e.g. to compare with; with this session's token.
  static std::unique_ptr<rpc::GrpcClient> ClientOf(const std::string& address);
  const std::string& server() const { return server_; }
  // `unless_given`: 0 for none.
  rpc::CallOptions Options(Millis unless_given) const;

  // Calls and waits, showing progress.
  absl::Status Call(absl::string_view method, const google::protobuf::Message& request,
                    google::protobuf::Message* response, Millis timeout_unless_given = kCallTimeout);
  absl::Status CallOn(rpc::GrpcClient& client, absl::string_view method, const google::protobuf::Message& request,
                      google::protobuf::Message* response, Millis timeout_unless_given = kCallTimeout);

  // Waits before the next attempt of a stream that broke: a little longer each time. False when they took longer than
  // `give_up_after` altogether since the last success; a success is told by Recovered.
  class Retry;

 private:
  Session(const Environment& environment, Printer printer) : environment_(environment), printer_(printer) {}

  const Environment environment_;
  Printer printer_;
  std::string server_;
  std::string token_;
  Millis timeout_ = -1;  // not given
  Progress::Mode progress_ = Progress::Mode::kOff;
  bool findings_ = false;
  std::unique_ptr<rpc::GrpcClient> client_;
};

// Back-off of streams that are taken up again where they broke. Not thread-safe.
class Session::Retry {
 public:
  Retry(const Clock* clock, Millis give_up_after) : clock_(*clock), give_up_after_(give_up_after) {}
  // Something came through: the next break begins anew. Whether it was broken.
  bool Recovered();
  // Since the last success an attempt has failed.
  bool broken() const { return broken_since_ >= 0; }
  // Whether another attempt makes sense after `status`; then it has waited.
  bool Again(const absl::Status& status);

 private:
  const Clock& clock_;
  const Millis give_up_after_;
  Millis broken_since_ = -1;
  Millis delay_ = 0;
};

// A whole file, or `in` for "-". Usage errors; RESOURCE_EXHAUSTED (FILE_TOO_LARGE) past 64 MiB.
absl::StatusOr<std::string> ReadText(const std::string& path, std::istream& in);

// Writes a file whole or not at all: beside it first, then renamed over it. UNKNOWN errors name the file.
absl::Status WriteFileWhole(const std::string& path, absl::string_view text);
// Whether it can, as far as is known before. The same errors.
absl::Status CheckCanWriteWhole(const std::string& path);

}  // namespace redress::ctl

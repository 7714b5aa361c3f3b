#include "services/redressctl/session.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/mutex.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/times.h"

namespace redress::ctl {
namespace {

constexpr size_t kMaxFileBytes = 64 << 20;
constexpr Millis kFirstDelay = 100;
constexpr Millis kLongestDelay = 5 * kSecond;
constexpr Millis kProgressEvery = 100;

absl::StatusOr<std::string> ReadToken(const std::string& path, std::istream& in) {
  ASSIGN_OR_RETURN(std::string token, ReadText(path, in));
  absl::StripAsciiWhitespace(&token);
  if (token.empty() || !std::all_of(token.begin(), token.end(), absl::ascii_isgraph)) {
    return Usage(absl::StrCat("--token-file ", path, " must hold one token, on one line"));
  }
  return token;
}

absl::Status FileError(const std::string& path, absl::string_view what) {
  return MakeError(absl::StatusCode::kUnknown, "FILE_NOT_WRITTEN",
                   absl::StrCat(path, ": ", what, ": ", std::strerror(errno)));
}

}  // namespace

GlobalArguments::GlobalArguments(Command* root) {
  server =
      root->Option("--server", "HOST:PORT", absl::StrCat("The server; else $REDRESS_SERVER, else ", kDefaultServer));
  token_file = root->Option("--token-file", "FILE", "Holds the token to call with")->File();
  output = root->Option("-o,--output", "FORMAT", "For people or for programs")->OneOf({"table", "json"});
  zone = root->Option("--zone", "ZONE", "Of times shown, and of those given without an offset; else UTC");
  timeout = root->Option("--timeout", "DURATION",
                         "For each answer, 0s for none; else 30s, and none for streams, reports and rebuilds");
  progress = root->Flag("--progress", "Shows progress where the error stream is no terminal, too");
}

absl::StatusOr<std::unique_ptr<Session>> Session::Start(const Environment& environment,
                                                        const GlobalArguments& arguments) {
  const std::string format = arguments.output->given() ? arguments.output->value() : "table";
  if (format != "table" && format != "json") {
    return Usage(absl::StrCat("--output is table or json, not \"", Printable(format), "\""));
  }
  calendar::Zone zone = absl::UTCTimeZone();
  if (arguments.zone->given() && arguments.zone->value() != "UTC") {
    const auto named = calendar::ZoneFor(arguments.zone->value());
    if (!named.ok()) return Usage(Annotate(named.status(), "--zone"));
    zone = *named;
  }
  // The constructor is private.
  std::unique_ptr<Session> session(new Session(environment, Printer(environment.out, format == "json", zone)));
  if (arguments.timeout->given()) {
    const auto timeout = ParseDuration(arguments.timeout->value());
    if (!timeout.ok()) return Usage(Annotate(timeout.status(), "--timeout"));
    session->timeout_ = *timeout;
  }
  if (arguments.token_file->given()) {
    ASSIGN_OR_RETURN(session->token_, ReadToken(arguments.token_file->value(), *environment.in));
  }
  session->server_ = arguments.server->given() ? arguments.server->value() : environment.server;
  if (session->server_.empty()) return Usage("--server is empty");
  session->progress_ = environment.err_is_terminal ? Progress::Mode::kBar
                       : arguments.progress->set() ? Progress::Mode::kLines
                                                   : Progress::Mode::kOff;
  return session;
}

void Session::Note(absl::string_view text) {
  if (json()) {
    *environment_.err << nlohmann::json({{"note", text}}).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                      << std::endl;
    return;
  }
  // Over the bar, if one is drawn there.
  *environment_.err << (progress_ == Progress::Mode::kBar ? "\r\033[K" : "") << text << std::endl;
}

std::string Session::NewRequestId() {
  return absl::StrFormat("ctl-%016x%016x", environment_.ids->Random64(), environment_.ids->Random64());
}

rpc::GrpcClient& Session::client() {
  if (client_ == nullptr) client_ = ClientOf(server_);
  return *client_;
}

std::unique_ptr<rpc::GrpcClient> Session::ClientOf(const std::string& address) {
  return rpc::GrpcClient::Connect(address);
}

rpc::CallOptions Session::Options(Millis unless_given) const {
  rpc::CallOptions options;
  options.timeout = timeout_ >= 0 ? timeout_ : unless_given;
  options.token = token_;
  return options;
}

absl::Status Session::Call(absl::string_view method, const google::protobuf::Message& request,
                           google::protobuf::Message* response, Millis timeout_unless_given) {
  return CallOn(client(), method, request, response, timeout_unless_given);
}

absl::Status Session::CallOn(rpc::GrpcClient& client, absl::string_view method,
                             const google::protobuf::Message& request, google::protobuf::Message* response,
                             Millis timeout_unless_given) {
  Progress progress = MakeProgress();
  Mutex mutex;
  CondVar answered;
  bool done = false;
  absl::Status outcome;
  client.RawCall(method, request, response, Options(timeout_unless_given), [&](absl::Status status) {
    MutexLock lock(mutex);
    outcome = std::move(status);
    done = true;
    answered.NotifyAll();
  });
  const absl::string_view name = method.substr(method.rfind('/') + 1);
  MutexLock lock(mutex);
  while (!done) {
    if (!answered.WaitFor(mutex, std::chrono::milliseconds(kProgressEvery))) progress.Show(Progress::kUnknown, name);
  }
  return outcome;
}

bool Session::Retry::Recovered() { return std::exchange(broken_since_, -1) >= 0; }

bool Session::Retry::Again(const absl::Status& status) {
  if (ExitCodeOf(status) != kExitUnavailable) return false;
  const Millis now = clock_.Monotonic();
  if (broken_since_ < 0) {
    broken_since_ = now;
    delay_ = kFirstDelay;
  }
  if (now - broken_since_ + delay_ > give_up_after_) return false;
  Mutex mutex;
  CondVar never;
  MutexLock lock(mutex);
  const Millis until = now + delay_;
  while (clock_.Monotonic() < until) {
    never.WaitFor(mutex, std::chrono::milliseconds(until - clock_.Monotonic()));
  }
  delay_ = std::min(delay_ * 2, kLongestDelay);
  return true;
}

absl::StatusOr<std::string> ReadText(const std::string& path, std::istream& in) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return Usage(absl::StrCat(path, ": ", std::strerror(errno)));
  }
  std::istream& from = path == "-" ? in : file;
  std::string text;
  char buffer[1 << 16];
  while (from.read(buffer, sizeof buffer), from.gcount() > 0) {
    text.append(buffer, static_cast<size_t>(from.gcount()));
    if (text.size() > kMaxFileBytes) {
      return Usage(MakeError(absl::StatusCode::kInvalidArgument, "FILE_TOO_LARGE",
                             absl::StrCat(path, " is larger than ", kMaxFileBytes >> 20, " MiB")));
    }
  }
  if (from.bad() || (path != "-" && !file.eof())) return Usage(absl::StrCat(path, " cannot be read"));
  return text;
}

namespace {

std::string Beside(const std::string& path) { return absl::StrCat(path, ".new"); }

int OpenBeside(const std::string& path) {
  return ::open(Beside(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

}  // namespace

absl::Status CheckCanWriteWhole(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) {
    errno = EISDIR;
    return FileError(path, "cannot be replaced");
  }
  const int file = OpenBeside(path);
  if (file < 0) return FileError(Beside(path), "cannot be opened");
  ::close(file);
  std::filesystem::remove(Beside(path), unknown);
  return absl::OkStatus();
}

absl::Status WriteFileWhole(const std::string& path, absl::string_view text) {
  const std::string beside = Beside(path);
  const int file = OpenBeside(path);
  if (file < 0) return FileError(beside, "cannot be opened");
  bool written = true;
  while (written && !text.empty()) {
    const ssize_t size = ::write(file, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    written = size >= 0;
    if (written) text.remove_prefix(static_cast<size_t>(size));
  }
  written = written && ::fsync(file) == 0;
  if (::close(file) != 0 || !written) return FileError(beside, "cannot be written");
  if (std::rename(beside.c_str(), path.c_str()) != 0) return FileError(path, "cannot be replaced");
  return absl::OkStatus();
}

}  // namespace redress::ctl

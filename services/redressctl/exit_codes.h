// How a run ends: what scripts branch on. Part of the interface; `redressctl --help` and the README list the same.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace redress::ctl {

enum ExitCode {
  kExitOk = 0,
  // The server refused for a reason without a code of its own here, or something failed on this side.
  kExitError = 1,
  // The command line, or a file it names, is wrong. Nothing was sent, but by commands that read as they send.
  kExitUsage = 2,
  // The server cannot be reached, is not ready, is overloaded or did not answer in time: try again.
  kExitUnavailable = 3,
  kExitNotFound = 4,
  // Not authenticated, or not allowed.
  kExitDenied = 5,
  // The state forbids it, an etag moved, or it is there already with other content.
  kExitConflict = 6,
  // Done, and some of it was refused or unequal, which is listed: rows, tickets, digests.
  kExitFindings = 7,
};

// The lines of --help.
inline constexpr absl::string_view kExitCodesHelp =
    "Exit codes:\n"
    "  0  done\n"
    "  1  the server refused, or something failed here\n"
    "  2  wrong command line or file\n"
    "  3  server not reachable, not ready, overloaded, or too slow: try again\n"
    "  4  not found\n"
    "  5  not authenticated or not allowed\n"
    "  6  the state forbids it, an etag moved, or the same id has other content\n"
    "  7  done, and some of it was refused or unequal: it is listed\n";

// The same error, as one of the command line or of a file it names.
absl::Status Usage(absl::Status status);
absl::Status Usage(absl::string_view message);

// By its code; 2 for what Usage made.
ExitCode ExitCodeOf(const absl::Status& status);

// For people, several lines without the last line's end: code, reason, message, every bad field, every further detail.
std::string Describe(const absl::Status& status);

// For programs: google.rpc.Status as proto JSON, on one line.
std::string DescribeAsJson(absl::Status status);

}  // namespace redress::ctl

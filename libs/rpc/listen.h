// Whether an address can be listened on, asked before anything is made that a refused start would leave behind.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace redress::rpc {

// FAILED_PRECONDITION (CANNOT_LISTEN): the port of `address` (host:port) is taken, or the address is not of this
// machine. What takes it between this and the start is found by the start.
absl::Status CheckCanListen(const std::string& address);

// The error of both.
absl::Status CannotListen(const std::string& address);

}  // namespace redress::rpc

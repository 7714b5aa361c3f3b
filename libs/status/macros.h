// Early returns for absl::Status and absl::StatusOr.
//
//   RETURN_IF_ERROR(Check(x));
//   ASSIGN_OR_RETURN(const Id id, ParseId(text));
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define REDRESS_CONCAT_(a, b) a##b
#define REDRESS_CONCAT(a, b) REDRESS_CONCAT_(a, b)

#define RETURN_IF_ERROR(expression)                    \
  do {                                                 \
    absl::Status redress_status_ = (expression);       \
    if (!redress_status_.ok()) return redress_status_; \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  REDRESS_ASSIGN_OR_RETURN_(REDRESS_CONCAT(redress_or_, __COUNTER__), declaration, expression)

#define REDRESS_ASSIGN_OR_RETURN_(temporary, declaration, expression) \
  auto temporary = (expression);                                      \
  if (!temporary.ok()) return temporary.status();                     \
  declaration = *std::move(temporary)

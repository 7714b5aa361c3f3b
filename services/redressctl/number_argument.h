// Numbers and instants on a command line.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "services/redressctl/command.h"
#include "services/redressctl/times.h"

namespace redress::ctl {

// What was given, or `otherwise`. What is no number from `least` to `most`, or not whole where Number is, is added to
// `violations`, under the argument's name.
template <typename Number>
Number ReadNumber(const Argument& argument, Number otherwise, Number least, Number most,
                  std::vector<FieldViolation>* violations) {
  if (!argument.given()) return otherwise;
  constexpr bool kWhole = std::numeric_limits<Number>::is_integer;
  double value = 0;
  // "nan" is neither too small nor too large.
  if (!absl::SimpleAtod(argument.value(), &value) ||
      !(value >= static_cast<double>(least) && value <= static_cast<double>(most)) ||
      (kWhole && value != std::floor(value))) {
    violations->push_back(
        {argument.names, absl::StrCat("must be a ", kWhole ? "whole " : "", "number from ", least, " to ", most)});
    return otherwise;
  }
  return static_cast<Number>(value);
}

// The instant that was given, read in `zone`, or `otherwise`. What is none is added to `violations`, under the
// argument's name.
inline Millis ReadInstant(const Argument& argument, Millis otherwise, calendar::Zone zone,
                          std::vector<FieldViolation>* violations) {
  if (!argument.given()) return otherwise;
  const absl::StatusOr<Millis> instant = ParseInstant(argument.value(), zone);
  if (instant.ok()) return *instant;
  violations->push_back({argument.names, std::string(instant.status().message())});
  return otherwise;
}

}  // namespace redress::ctl

// What the loads say: complaints as residents make them, and old ones as an import brings them. The same numbers give
// the same messages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libs/clock/millis.h"
#include "redress/intake/v1/import.pb.h"
#include "redress/intake/v1/intake_service.pb.h"

namespace redress::bench {

// How the landlord is made up: agencies "agency-01" …, each with offices "office-01-1" …, residences "residence-0001" …
inline constexpr int kAgencies = 12;
inline constexpr int kOfficesPerAgency = 4;
inline constexpr int kResidences = 480;

// The same territory as `redressctl register territory` takes it.
std::string TerritoryCsv();

// Serialised requests, each with a request id of its own; made from templates by writing digits over digits.
class Submits {
 public:
  // `run` tells loads apart: at most 16 visible ASCII characters.
  explicit Submits(const std::string& run);
  std::string Submit(int64_t n) const { return Numbered(submits_, n, submit_digits_); }
  // The same complaints as tickets of a push stream.
  std::string Ticket(int64_t n) const { return Numbered(tickets_, n, ticket_digits_); }

 private:
  static std::string Numbered(const std::vector<std::string>& templates, int64_t n, size_t digits);

  std::vector<std::string> submits_;
  std::vector<std::string> tickets_;
  size_t submit_digits_;
  size_t ticket_digits_;
};

// Old complaint number n of source `system`, with `facts` facts (at least 2) and received within the `span` before
// `until`. One of `open_every` is still open; 0: none.
intake::v1::ImportedComplaint OldComplaint(const std::string& system, int64_t n, int facts, Millis until, Millis span,
                                           int open_every);

}  // namespace redress::bench

// What the requests of all services have in common: request ids, etags, names, times, page tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "libs/clock/clock.h"
#include "libs/status/errors.h"

namespace redress::service {

inline constexpr int kDefaultPageSize = 50;
inline constexpr int kMaxPageSize = 1000;
// Instants a date may name: 1900-01-01 up to 2200-01-01. Others are mistakes, and refused as such.
inline constexpr Millis kEarliest = -2208988800000;
inline constexpr Millis kLatest = 7258118400000;

// Gathers every bad field of a request, then says so at once.
class Violations {
 public:
  void Add(absl::string_view field, absl::string_view description) {
    violations_.push_back({std::string(field), std::string(description)});
  }
  // Adds the violations of `status` (made by InvalidFields), under `prefix` when given.
  void Merge(const absl::Status& status, absl::string_view prefix = "");
  bool empty() const { return violations_.empty(); }
  absl::Status ToStatus() const { return violations_.empty() ? absl::OkStatus() : InvalidFields(violations_); }

 private:
  std::vector<FieldViolation> violations_;
};

// 1-64 visible ASCII characters, mandatory on everything that changes something.
void CheckRequestId(absl::string_view request_id, Violations* violations);
// Valid UTF-8 of at most `max_bytes`; empty only when `required` is false.
void CheckText(absl::string_view field, absl::string_view text, size_t max_bytes, bool required,
               Violations* violations);
// 0 for an absent timestamp; adds a violation when it lies outside kEarliest … kLatest, is malformed, or is the very
// millisecond 0.
Millis ReadTime(absl::string_view field, bool present, const google::protobuf::Timestamp& time, Violations* violations);
// The nearest instant of the years 1 to 9999, which is all that a Timestamp holds.
google::protobuf::Timestamp WriteTime(Millis at);
// Whole milliseconds of what an answer holds, which may be anything: the furthest there is for more than that.
Millis MillisOf(const google::protobuf::Timestamp& time);
Millis MillisOf(const google::protobuf::Duration& duration);

// "v12" for version 12; "" reads as 0 = any. INVALID_ARGUMENT otherwise.
std::string FormatEtag(int64_t version);
absl::StatusOr<int64_t> ParseEtag(absl::string_view etag);

// The id of "complaints/<id>" for collection "complaints". INVALID_ARGUMENT naming `field` otherwise.
absl::StatusOr<std::string> ParseName(absl::string_view field, absl::string_view collection, absl::string_view name);

struct Page {
  int size = kDefaultPageSize;
  std::string last_key;  // empty on the first page
  Millis as_of = 0;      // as the token says; 0 on the first page
};

// What identifies a list and the question asked of it.
struct PageQuestion {
  std::string list;      // e.g. "complaints"
  std::string question;  // serialised request without page_size, page_token and position
  std::string log_id;
  int projection_version = 0;
};

// What `request` asks of `list`: all of it but what says where to go on, and up to where to read.
template <typename Request>
PageQuestion QuestionOf(Request request, absl::string_view list, const std::string& log_id, int projection_version) {
  request.clear_page_size();
  request.clear_page_token();
  request.clear_position();
  return {std::string(list), request.SerializeAsString(), log_id, projection_version};
}

// INVALID_ARGUMENT, reason PAGE_TOKEN_MALFORMED for what no server wrote, PAGE_TOKEN_FOREIGN for a token of another
// list, other filters, another log or another projection version; INVALID_FIELDS for a negative page size. Sizes over
// kMaxPageSize are capped.
absl::StatusOr<Page> ReadPage(int page_size, absl::string_view page_token, const PageQuestion& question);
std::string WritePageToken(const PageQuestion& question, absl::string_view last_key, Millis as_of = 0);

}  // namespace redress::service

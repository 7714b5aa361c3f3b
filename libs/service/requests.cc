// A page token is URL-safe base64 of: 4 bytes of BLAKE2b over the rest ‖ a serialised redress.service.v1.PageToken. The
// hash is no secret: it tells a token that was cut or mistyped from one that was written here.
#include "libs/service/requests.h"

#include <google/protobuf/util/time_util.h>
#include <sodium.h>

#include <algorithm>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/ids/codes.h"
#include "libs/status/utf8.h"
#include "redress/service/v1/page_token.pb.h"

namespace redress::service {
namespace {

constexpr size_t kCheckBytes = 4;

std::string Hash(absl::string_view bytes, size_t size) {
  std::string hash(crypto_generichash_BYTES_MIN, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr, 0);
  hash.resize(size);
  return hash;
}

absl::Status Malformed() {
  return MakeError(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_MALFORMED",
                   "page_token: was not written by this service; begin again without one");
}

Millis ToMillis(int64_t seconds, int32_t nanos) {
  constexpr int64_t kMost = std::numeric_limits<Millis>::max() / kSecond - 10;
  return std::clamp(seconds, -kMost, kMost) * kSecond + nanos / 1000000;
}

}  // namespace

void Violations::Merge(const absl::Status& status, absl::string_view prefix) {
  if (status.ok()) return;
  const auto inner = ViolationsOf(status);
  if (inner.empty()) Add(prefix, status.message());
  for (const FieldViolation& violation : inner) {
    Add(prefix.empty() ? violation.field : absl::StrCat(prefix, ".", violation.field), violation.description);
  }
}

void CheckRequestId(absl::string_view request_id, Violations* violations) {
  if (request_id.empty()) return violations->Add("request_id", "is missing: it makes retrying safe");
  if (request_id.size() > 64 || !IsVisibleAscii(request_id)) {
    violations->Add("request_id", "must be 1 to 64 visible ASCII characters");
  }
}

void CheckText(absl::string_view field, absl::string_view text, size_t max_bytes, bool required,
               Violations* violations) {
  if (text.empty()) {
    if (required) violations->Add(field, "is missing");
    return;
  }
  if (text.size() > max_bytes) {
    return violations->Add(field, absl::StrCat("has ", text.size(), " bytes; at most ", max_bytes, " fit"));
  }
  const size_t bad = FirstInvalidUtf8(text);
  if (bad != absl::string_view::npos) violations->Add(field, absl::StrCat("is not valid UTF-8 at byte ", bad));
}

Millis ReadTime(absl::string_view field, bool present, const google::protobuf::Timestamp& time,
                Violations* violations) {
  if (!present) return 0;
  // Compared in seconds first: milliseconds of any int64 of seconds would overflow.
  if (time.seconds() < kEarliest / 1000 || time.seconds() > kLatest / 1000 || time.nanos() < 0 ||
      time.nanos() > 999999999) {
    violations->Add(field, "must lie between the years 1900 and 2200");
    return 0;
  }
  const Millis at = MillisOf(time);
  // Stored times say 0 for "none": taken as it is, it would silently mean "now".
  if (at == 0) violations->Add(field, "1970-01-01T00:00:00Z cannot be told from no time; leave it out or give another");
  return at;
}

google::protobuf::Timestamp WriteTime(Millis at) {
  // TimeUtil ends the process for what lies outside.
  using google::protobuf::util::TimeUtil;
  return TimeUtil::MillisecondsToTimestamp(
      std::clamp(at, TimeUtil::kTimestampMinSeconds * kSecond, TimeUtil::kTimestampMaxSeconds * kSecond));
}

Millis MillisOf(const google::protobuf::Timestamp& time) { return ToMillis(time.seconds(), time.nanos()); }
Millis MillisOf(const google::protobuf::Duration& duration) { return ToMillis(duration.seconds(), duration.nanos()); }

std::string FormatEtag(int64_t version) { return absl::StrCat("v", version); }

absl::StatusOr<int64_t> ParseEtag(absl::string_view etag) {
  if (etag.empty()) return 0;
  int64_t version = 0;
  if (absl::ConsumePrefix(&etag, "v") && absl::SimpleAtoi(etag, &version) && version > 0) return version;
  return InvalidFields({{"etag", "is none that this service gives out"}});
}

absl::StatusOr<std::string> ParseName(absl::string_view field, absl::string_view collection, absl::string_view name) {
  absl::string_view id = name;
  const bool ok = absl::ConsumePrefix(&id, collection) && absl::ConsumePrefix(&id, "/") && !id.empty() &&
                  id.size() <= 64 && id.find('/') == absl::string_view::npos &&
                  FirstInvalidUtf8(id) == absl::string_view::npos;
  if (!ok) return InvalidFields({{std::string(field), absl::StrCat("must be of the form ", collection, "/{id}")}});
  return std::string(id);
}

absl::StatusOr<Page> ReadPage(int page_size, absl::string_view page_token, const PageQuestion& question) {
  if (page_size < 0) return InvalidFields({{"page_size", "is negative"}});
  Page page;
  page.size = page_size == 0 ? kDefaultPageSize : std::min(page_size, kMaxPageSize);
  if (page_token.empty()) return page;
  std::string bytes;
  v1::PageToken token;
  if (!absl::WebSafeBase64Unescape(page_token, &bytes) || bytes.size() <= kCheckBytes ||
      Hash(absl::string_view(bytes).substr(kCheckBytes), kCheckBytes) != bytes.substr(0, kCheckBytes) ||
      !token.ParseFromString(bytes.substr(kCheckBytes))) {
    return Malformed();
  }
  const char* foreign = nullptr;
  if (token.log_id() != question.log_id) foreign = "another log";
  if (token.projection_version() != question.projection_version) foreign = "another version of the projection";
  if (token.question() != Hash(question.question, 16)) foreign = "other filters";
  if (token.list() != question.list) foreign = "another list";
  if (foreign != nullptr) {
    return MakeError(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_FOREIGN",
                     absl::StrCat("page_token: is of ", foreign, "; begin again without one"));
  }
  page.last_key = token.last_key();
  page.as_of = token.as_of();
  return page;
}

std::string WritePageToken(const PageQuestion& question, absl::string_view last_key, Millis as_of) {
  v1::PageToken token;
  token.set_list(question.list);
  token.set_question(Hash(question.question, 16));
  token.set_log_id(question.log_id);
  token.set_projection_version(question.projection_version);
  token.set_last_key(std::string(last_key));
  token.set_as_of(as_of);
  const std::string bytes = token.SerializeAsString();
  return absl::WebSafeBase64Escape(absl::StrCat(Hash(bytes, kCheckBytes), bytes));
}

}  // namespace redress::service

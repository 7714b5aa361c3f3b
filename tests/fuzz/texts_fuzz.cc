// The small texts of requests: codes, reasons, names, etags, request ids, streams, UTF-8.
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/ids/codes.h"
#include "libs/log/log.h"
#include "libs/service/checks.h"
#include "libs/service/requests.h"
#include "libs/status/utf8.h"
#include "services/redressctl/import/oddity.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

void CheckUtf8(absl::string_view text) {
  const size_t bad = FirstInvalidUtf8(text);
  Check(bad == absl::string_view::npos || FirstInvalidUtf8(text.substr(0, bad)) == absl::string_view::npos,
        "all before the first bad byte is good");
  // Neither the length nor the alignment of what lies around matters.
  for (const size_t more : {1u, 7u, 8u, 9u}) {
    const std::string shifted = absl::StrCat(std::string(more, 'a'), text);
    const size_t expected = bad == absl::string_view::npos ? bad : bad + more;
    Check(FirstInvalidUtf8(shifted) == expected, "wherever it lies");
  }
  const std::string quoted = importer::Quoted(text);
  Check(quoted.size() <= 4 * 64 + 8, "a quotation is short");
  Check(FirstInvalidUtf8(quoted) == absl::string_view::npos, "and can be shown");
  Check(quoted.find('\n') == std::string::npos, "on one line");
}

void CheckCodes(absl::string_view text) {
  const bool code = CodeFault(text).empty();
  if (code) {
    Check(text.size() <= kLongestCode && FirstInvalidUtf8(text) == absl::string_view::npos, "a code is short UTF-8");
    Check(text.find_first_of("\n\r\t\v\f\x7F") == absl::string_view::npos, "on one line");
    Check(CodeFault(text.substr(0, 0)).empty(), "no code is none");
  }
  service::Violations code_faults, reason_faults, visible_faults, text_faults, id_faults;
  service::CheckCode("f", text, true, &code_faults);
  Check(code_faults.empty() == (code && !text.empty()), "a field's code is a code");
  service::CheckReason("f", text, true, &reason_faults);
  service::CheckVisible("f", text, service::kMaxReasonBytes, true, &visible_faults);
  service::CheckRequestId(text, &id_faults);
  Check(!reason_faults.empty() || (visible_faults.empty() && code), "a reason is a visible code");
  Check(id_faults.empty() == visible_faults.empty(), "a request id is 64 visible bytes");
  service::CheckText("f", text, 40, true, &text_faults);
  Check(
      text_faults.empty() == (!text.empty() && text.size() <= 40 && FirstInvalidUtf8(text) == absl::string_view::npos),
      "a text is UTF-8");
}

void CheckNames(absl::string_view text) {
  const auto id = service::ParseName("name", "complaints", text);
  if (id.ok()) {
    Check(text == absl::StrCat("complaints/", *id), "a name is its collection and an id");
    Check(!id->empty() && id->size() <= 64 && id->find('/') == std::string::npos, "of one part");
  }
  const auto etag = service::ParseEtag(text);
  if (etag.ok() && *etag != 0) {
    const auto again = service::ParseEtag(service::FormatEtag(*etag));
    Check(again.ok() && *again == *etag, "an etag is a version");
  }
  Check(etag.ok() || ViolationsOf(etag.status()).size() == 1, "what is wrong is said");
  const auto stream = log::ParseStream(text);
  Check(!stream.ok() || log::StreamName(*stream) == text, "a stream has one name");
}

void CheckTime(Input input) {
  google::protobuf::Timestamp time;
  time.set_seconds(input.I64());
  time.set_nanos(static_cast<int32_t>(input.U32()));
  service::Violations faults;
  const Millis at = service::ReadTime("t", true, time, &faults);
  if (faults.empty()) {
    Check(at >= service::kEarliest && at <= service::kLatest && at != 0, "within two centuries");
    const auto written = service::WriteTime(at);
    Check(written.seconds() == time.seconds() && written.nanos() / 1000000 == time.nanos() / 1000000,
          "to the millisecond");
  }
}

void Run(absl::string_view bytes) {
  CheckUtf8(bytes);
  CheckCodes(bytes);
  CheckNames(bytes);
  CheckTime(Input(bytes));
}

const Target kTarget("texts", Run);

}  // namespace
}  // namespace redress::fuzz

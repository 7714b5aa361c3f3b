// Page tokens: as they come, and with what a forger could put into one whose hash is right.
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "libs/service/requests.h"
#include "libs/status/errors.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

void CheckRead(int size, absl::string_view token, const service::PageQuestion& question) {
  const auto page = service::ReadPage(size, token, question);
  if (!page.ok()) {
    const std::string reason = ReasonOf(page.status());
    Check(
        reason == "PAGE_TOKEN_MALFORMED" || reason == "PAGE_TOKEN_FOREIGN" || (size < 0 && reason == "INVALID_FIELDS"),
        "one of the reasons told");
    return;
  }
  Check(page->size >= 1 && page->size <= service::kMaxPageSize, "a page is bounded");
  Check(size <= 0 || page->size <= size, "and no longer than asked for");
  if (token.empty()) return Check(page->last_key.empty() && page->as_of == 0, "the first page");
  const auto again = service::ReadPage(size, service::WritePageToken(question, page->last_key, page->as_of), question);
  Check(again.ok() && again->last_key == page->last_key && again->as_of == page->as_of, "what was read is written");
}

void Run(absl::string_view bytes) {
  Input input(bytes);
  const auto size = static_cast<int>(input.U32());
  service::PageQuestion question{"complaints", input.Text(), std::string(16, 'L'), 1};
  const std::string key = input.Text();
  const Millis as_of = input.I64();
  const absl::string_view rest = input.Rest();
  CheckRead(size, rest, question);

  const std::string token = service::WritePageToken(question, key, as_of);
  const auto page = service::ReadPage(10, token, question);
  Check(page.ok() && page->last_key == key && page->as_of == as_of, "what was written is read");
  for (const std::string& other : {std::string("visits"), question.list + "x"}) {
    service::PageQuestion elsewhere = question;
    elsewhere.list = other;
    Check(ReasonOf(service::ReadPage(10, token, elsewhere).status()) == "PAGE_TOKEN_FOREIGN", "of one list");
  }
  service::PageQuestion elsewhere = question;
  elsewhere.question.push_back('x');
  Check(ReasonOf(service::ReadPage(10, token, elsewhere).status()) == "PAGE_TOKEN_FOREIGN", "of one question");

  // The hash is no secret: whatever it is right for must be read with care, too.
  std::string hash = ContentHash(rest);
  CheckRead(10, absl::WebSafeBase64Escape(absl::StrCat(hash.substr(0, 4), rest)), question);
}

const Target kTarget("page_tokens", Run);

}  // namespace
}  // namespace redress::fuzz

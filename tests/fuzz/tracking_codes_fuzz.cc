// Tracking codes as people type them.
#include <string>

#include "absl/strings/ascii.h"
#include "libs/ids/ids.h"
#include "libs/status/errors.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

void Run(absl::string_view bytes) {
  const auto parsed = ParseTrackingCode(bytes);
  if (parsed.ok()) {
    Check(parsed->size() == 11, "10 symbols and one to check");
    const std::string written = FormatTrackingCode(*parsed);
    const auto again = ParseTrackingCode(written);
    Check(again.ok() && *again == *parsed, "what was read is written and read");
    const auto lower = ParseTrackingCode(absl::AsciiStrToLower(bytes));
    Check(lower.ok() && *lower == *parsed, "in any case");
    // One wrong symbol, or two neighbours swapped, always shows.
    for (size_t i = 0; i < parsed->size(); ++i) {
      std::string wrong = *parsed;
      wrong[i] = wrong[i] == '7' ? '8' : '7';
      const auto other = ParseTrackingCode(wrong);
      Check(!other.ok() || wrong == *parsed, "a misread symbol shows");
      if (i + 2 >= parsed->size()) continue;
      wrong = *parsed;
      std::swap(wrong[i], wrong[i + 1]);
      Check(wrong == *parsed || !ParseTrackingCode(wrong).ok(), "swapped symbols show");
    }
  } else {
    Check(ViolationsOf(parsed.status()).size() == 1, "what is wrong is said");
  }
  const std::string made = MakeTrackingCode(Input(bytes).U64());
  const auto read = ParseTrackingCode(made);
  Check(read.ok() && FormatTrackingCode(*read) == made, "what was made is read");
}

const Target kTarget("tracking_codes", Run);

}  // namespace
}  // namespace redress::fuzz

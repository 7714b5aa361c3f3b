#include "services/redressctl/progress.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/redressctl/times.h"

namespace redress::ctl {
namespace {

constexpr int kBarWidth = 30;
constexpr Millis kRedrawEvery = 100;
constexpr Millis kLineEvery = 2 * kSecond;

std::string Bar(double fraction) {
  const int full = static_cast<int>(fraction * kBarWidth);
  return absl::StrFormat("[%s%s] %3.0f%%", std::string(full, '#'), std::string(kBarWidth - full, '.'),
                         // 100 % is said when it is all.
                         fraction < 1 ? std::min(fraction * 100, 99.0) : 100.0);
}

}  // namespace

Progress::Progress(const Clock* clock, std::ostream* err, Mode mode)
    : clock_(*clock), err_(*err), mode_(mode), began_(clock->Monotonic()), next_(began_ + kQuietFor) {}

Progress::~Progress() { Clear(); }

void Progress::Show(double fraction, absl::string_view text) {
  const Millis now = clock_.Monotonic();
  if (mode_ == Mode::kOff || now < next_) return;
  next_ = now + (mode_ == Mode::kBar ? kRedrawEvery : kLineEvery);
  std::string line = fraction < 0 ? "" : absl::StrCat(Bar(std::clamp(fraction, 0.0, 1.0)), "  ");
  absl::StrAppend(&line, text, text.empty() ? "" : "  ", FormatDuration(elapsed() / kSecond * kSecond));
  if (mode_ == Mode::kBar) {
    err_ << "\r\033[K" << line << std::flush;
    drawn_ = true;
  } else {
    err_ << line << std::endl;
  }
}

void Progress::Clear() {
  if (drawn_) err_ << "\r\033[K" << std::flush;
  drawn_ = false;
}

}  // namespace redress::ctl

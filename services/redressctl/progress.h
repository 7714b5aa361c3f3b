// Tells on the error stream how far something has come that takes more than two seconds.
#pragma once

#include <ostream>

#include "absl/strings/string_view.h"
#include "libs/clock/clock.h"

namespace redress::ctl {

// Not thread-safe. Clock and stream outlive it.
class Progress {
 public:
  enum class Mode {
    kOff,
    kBar,    // one line of a terminal, drawn over
    kLines,  // a line every two seconds
  };
  static constexpr Millis kQuietFor = 2 * kSecond;
  // Of a fraction that is not known.
  static constexpr double kUnknown = -1;

  // Both outlive it.
  Progress(const Clock* clock, std::ostream* err, Mode mode);
  // Clears the bar.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows it, if it is time to. `fraction` from 0 to 1.
  void Show(double fraction, absl::string_view text);
  // Clears the bar, so that something else can be written; the next Show draws it again.
  void Clear();
  // Since it began.
  Millis elapsed() const { return clock_.Monotonic() - began_; }

 private:
  const Clock& clock_;
  std::ostream& err_;
  const Mode mode_;
  const Millis began_;
  Millis next_;
  bool drawn_ = false;
};

}  // namespace redress::ctl

// What may go wrong in a simulated log. Probabilities are 0..1 and independent unless said otherwise; delays in
// milliseconds.
#pragma once

#include "libs/clock/clock.h"

namespace redress::log {

// Uniform over [min, max].
struct Delay {
  Millis min = 0;
  Millis max = 0;
};

struct Faults {
  Delay append;         // from the call to the landing of the first record
  Delay between;        // between two records of one append: others' may land there
  Delay report;         // from the landing to the report
  Delay arrival;        // from the landing until a connection can read it, drawn for each connection
  Delay end_of;         // of an EndOf
  Delay timeout{5, 5};  // from the call to a report that nothing is known
  Delay late{5, 5};     // from a report that nothing is known to a late landing, which other claims may precede

  Millis clock_skew = 0;  // of the brokers' clock, which Entry::appended_at is told by

  // One append has at most one of these.
  double refused = 0;         // kRefused at once
  double lost = 0;            // kUnknown, never lands
  double landed_unknown = 0;  // kUnknown, lands as usual
  double landed_late = 0;     // kUnknown, lands later
  double partial = 0;         // kUnknown, lands with a record missing: the last ones, or one before the end

  double twice = 0;        // an append that lands, lands once more, later; its report stays what it is
  double sparse = 0;       // an offset is left out before a record
  double stale_end = 0;    // EndOf answers lower than the end
  double unavailable = 0;  // a Read or an EndOf is UNAVAILABLE
};

}  // namespace redress::log

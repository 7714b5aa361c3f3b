// The facts of one complaint in the order of clocks, and which of them count.
//
// Facts come from three streams in any order of arrival; a clock sorts them by (occurred_at, recorded_at, cause), where
// recorded_at and cause are those of the event they come from. So whatever the order of arrival, the sequence is one.
// Pure.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/clock/millis.h"
#include "redress/sla/commands/v1/commands.pb.h"
#include "redress/sla/events/v1/events.pb.h"
#include "redress/sla/rows/v1/rows.pb.h"
#include "redress/types/v1/fact.pb.h"

namespace redress::sla {

using rows::v1::CaseRow;
using rows::v1::ClockRow;
using rows::v1::NotedFact;
using NotedFacts = google::protobuf::RepeatedPtrField<NotedFact>;
// In the order of clocks; pointers into a row.
using Facts = std::vector<const NotedFact*>;

inline constexpr Millis kForEver = std::numeric_limits<Millis>::max();
// What a visit's end says when it never took place: VISIT_ENDED with this result is no visit.
inline constexpr absl::string_view kVisitCancelled = "cancelled";

// (occurred_at, recorded_at, cause).
bool ComesBefore(const NotedFact& a, const NotedFact& b);

// Which facts count: those that occurred up to one instant and were recorded up to another.
struct AsOf {
  Millis occurred = kForEver;
  Millis known = kForEver;
  bool Counts(const NotedFact& fact) const {
    return fact.fact().occurred_at() <= occurred && fact.recorded_at() <= known;
  }
};
// Those that count, in place of what `out` held.
void Select(const NotedFacts& facts, const AsOf& as_of, Facts* out);

// Whether what `cause` said is among the facts already.
bool IsKnown(const ClockRow& row, const log::v1::Cause& cause, absl::string_view complaint);
// Puts all facts of `noted` in their places.
void Insert(const events::v1::FactsNoted& noted, absl::string_view complaint, ClockRow* row);
// Puts an amendment in its place.
void Insert(const events::v1::CaseAmended& amended, absl::string_view complaint, ClockRow* row);

// What a fact did to the life of the complaint.
enum class Turn {
  kNone,       // no turn, or a note: a resolution of what is resolved, a re-opening of what is open
  kResolved,   // open → resolved
  kWithdrawn,  // open → withdrawn
  kReopened,   // resolved or withdrawn → open
};

// The life of a complaint: a fold over its facts in order.
struct Life {
  enum class End { kOpen, kResolved, kDuplicate, kWithdrawn };
  End end = End::kOpen;
  Millis ended_at = 0;    // unless open
  bool day_only = false;  // of its last end, only the day is known
  int reopenings = 0;
  // The first resolution other than as a duplicate, whether or not it held.
  bool resolved_once = false;
  Millis first_resolved_at = 0;

  bool open() const { return end == End::kOpen; }
  // Folds the next fact.
  Turn Take(const NotedFact& fact);
};

// Whose and what a complaint is, for figures. Valid while the row it comes from is.
struct CaseDimensions {
  absl::string_view agency;
  absl::string_view office;
  absl::string_view team;
  absl::string_view agent;
  absl::string_view category;
  types::v1::ComplaintKind kind = types::v1::COMPLAINT_KIND_UNSPECIFIED;
  types::v1::Urgency urgency = types::v1::URGENCY_UNSPECIFIED;
  types::v1::Channel channel = types::v1::CHANNEL_UNSPECIFIED;
};
// Those in charge by the last assignment among `facts` (at receipt: by the first), else as received; category and
// urgency as last amended (at receipt: as first said); the kind as last amended, since figures count it or not by that.
CaseDimensions DimensionsOf(const events::v1::ClockStarted& start, const Facts& facts, bool at_receipt = false);

// The re-open window in force: as last amended among `facts`.
Millis ReopenWindowOf(const events::v1::ClockStarted& start, const Facts& facts);

// Praise, suggestions and expressed needs end with their answer and stand outside the time to resolution.
bool StandsOutsideFigures(types::v1::ComplaintKind kind);

}  // namespace redress::sla

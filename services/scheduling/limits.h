// Bounds of what scheduling takes in, in one place.
#pragma once

#include <cstddef>

#include "libs/clock/millis.h"

namespace redress::scheduling {

inline constexpr Millis kDefaultHold = 10 * kMinute;
inline constexpr Millis kLongestHold = 60 * kMinute;
// How far ahead of the owner's clock something may be said to have happened, and how far back without a reason.
inline constexpr Millis kAheadTolerance = 5 * kMinute;
inline constexpr Millis kFreelyBackdated = 24 * kHour;

inline constexpr int kDefaultVisitMinutes = 60;
inline constexpr int kShortestVisitMinutes = 5;
inline constexpr int kLongestVisitMinutes = 12 * 60;
inline constexpr Millis kLongestWindow = 24 * kHour;
// Windows may be booked no further ahead than this.
inline constexpr Millis kBookableAhead = 730 * kDay;
inline constexpr int kMaxOpenVisits = 20;
// Of one complaint, by one decision.
inline constexpr size_t kMaxResealedVisits = 60;

inline constexpr Millis kSlotGranularity = 30 * kMinute;
// Nobody can be there sooner; emergencies have none.
inline constexpr Millis kSlotLead = 30 * kMinute;
inline constexpr Millis kSlotHorizon = 14 * kDay;
inline constexpr Millis kLongestSlotHorizon = 92 * kDay;
inline constexpr int kDefaultSlots = 10;
inline constexpr int kMaxSlots = 100;
// Offered with a refusal.
inline constexpr int kFreshSlots = 5;

inline constexpr int kMinutesOfWeek = 7 * 24 * 60;
inline constexpr int kMaxWeeklySpans = 100;
inline constexpr int kMaxSkills = 50;
inline constexpr int kMaxLanguages = 20;
inline constexpr int kMaxAbsences = 400;
// Ended absences are forgotten after this, in the shard's own time.
inline constexpr Millis kAbsenceMemory = 45 * kDay;
inline constexpr Millis kLongestAbsence = 1100 * kDay;

inline constexpr size_t kMaxTechnicianIdBytes = 64;
inline constexpr size_t kMaxEvidenceBytes = 128;
inline constexpr int kMaxOtherTechnicians = 100;
inline constexpr int kMaxConflictsListed = 100;

}  // namespace redress::scheduling

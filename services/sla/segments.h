// Where a complaint's time went: half-open segments between facts, each in one state.
//
// The state of an instant is the first that holds:
//   resolved-unconfirmed     it had been resolved (or withdrawn), and was re-opened later
//   paused: <type>           a pause of a type of its pack, within its budget (used anew in each round)
//   visit under way          a visit has begun and not ended
//   waiting for contractor   an order is open
//   waiting for appointment  a visit was requested or booked and has not begun
//   waiting for assignee     a team has it, and nobody of the team
//   not routed               no team has ever had it
//   in hand                  otherwise
// Each carries its round, the number of re-openings before it. Together they are the time from receipt to the end asked
// for, to the millisecond; no instant is in two. Pure.
#pragma once

#include <vector>

#include "services/sla/facts.h"
#include "services/sla/pauses.h"

namespace redress::sla {

enum class WaitState {
  kResolvedUnconfirmed,
  kPaused,
  kVisitUnderWay,
  kWaitingForContractor,
  kWaitingForAppointment,
  kWaitingForAssignee,
  kNotRouted,
  kInHand,
};

struct WaitSegment {
  WaitState state = WaitState::kInHand;
  const register_v1::PauseType* pause = nullptr;  // PAUSED
  int round = 0;
  Millis begin = 0;
  Millis end = 0;
  // The fact it began with; null when time alone ended what was before, or nothing was.
  const NotedFact* cause = nullptr;
};

// Of [received, until), in order; empty when until <= received. Facts that happened before count from the receipt on.
std::vector<WaitSegment> SegmentsOf(Millis received, Millis until, const Facts& facts,
                                    const register_v1::ObligationPack* pack);

// The sentence that says why a segment is in its state.
absl::string_view RuleOf(WaitState state);

}  // namespace redress::sla

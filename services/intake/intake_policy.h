// What other streams' events mean to intake: events → orders. Pure.
//
//   routing k      Assigned                          → NoteAssignment
//   scheduling *   Visit…                            → NoteVisit            of complaints of this shard
//   sla k          WarningRaised, BreachRaised       → NoteAlarm            silent ones are nobody's alarm
//   intake *       PersonErased                      → EraseTextsOfPerson   in every shard
//                  ComplaintReceived of somebody     → NoteComplaintOfPerson   in the person's shard
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "libs/runtime/logic.h"

namespace redress::intake {

std::vector<log::ShardId> FollowedByIntake(uint16_t shard, uint32_t shard_count);

// DATA_LOSS for a payload that cannot be read: the input is parked.
absl::StatusOr<std::vector<runtime::v1::Order>> ReactToInput(const runtime::Input& input,
                                                             const runtime::ReactContext& context);

}  // namespace redress::intake

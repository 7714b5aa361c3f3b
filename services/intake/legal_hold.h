// Legal holds: while one stands on a complaint or a person, nothing of it is erased or redacted.
//
//   (none) ─SetLegalHold{matter}→ stands ─LiftLegalHold{matter}→ (none): what came due meanwhile is done
//
// One hold a matter, so that the end of one dispute does not end what another still needs. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"
#include "libs/clock/millis.h"
#include "redress/intake/commands/v1/commands.pb.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/intake/rows/v1/rows.pb.h"

namespace redress::intake {

using LegalHolds = google::protobuf::RepeatedPtrField<rows::v1::LegalHold>;

// `holds` stand on `name`. None if that of this matter does. FAILED_PRECONDITION (TOO_MANY_HOLDS).
absl::StatusOr<std::vector<events::v1::Event>> DecideSetLegalHold(const LegalHolds& holds, absl::string_view name,
                                                                  const commands::v1::SetLegalHold& command);

// NOT_FOUND (HOLD_NOT_FOUND): none of this matter stands. `person`: whose complaint it is, if it is one; said of the last
// hold alone.
absl::StatusOr<std::vector<events::v1::Event>> DecideLiftLegalHold(const LegalHolds& holds, absl::string_view name,
                                                                   const commands::v1::LiftLegalHold& command,
                                                                   const std::string& person);

// Folds LegalHoldSet and LegalHoldLifted. Total.
void ApplyLegalHold(const events::v1::Event& event, Millis recorded_at, LegalHolds* holds);

}  // namespace redress::intake

// The register's decider: which versions of reference data come to be.
//
//   content ─checked─▶ the same as what is in force then? ─yes─▶ nothing
//                                     │ no
//                                     ▼
//                     version n+1, active from …   (immutable from now on)
//
// Pure. What it must know of the register comes in RegisterState, loaded for the command at hand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/clock/millis.h"
#include "redress/register/commands/v1/commands.pb.h"
#include "redress/register/events/v1/events.pb.h"
#include "redress/register/rows/v1/rows.pb.h"
#include "redress/register/v1/organisation.pb.h"
#include "redress/register/v1/reference.pb.h"
#include "redress/register/v1/territory.pb.h"

namespace redress::routing {

using RegisterCommand = ::redress::register_::commands::v1::Command;
using RegisterEvent = ::redress::register_::events::v1::Event;
namespace register_v1 = ::redress::register_::v1;
namespace register_rows_v1 = ::redress::register_::rows::v1;

// How far back a later version may say that it is active: what was in force is not changed afterwards.
inline constexpr Millis kActiveMayBeBack = 5 * kMinute;
// Of a page of a territory, so that its record stays below the log's limit.
inline constexpr size_t kMaxTerritoryPart = 400 * 1024;

struct RegisterState {
  register_rows_v1::StateRow state;
  // Of the command's kind and id, in order of version.
  std::vector<register_rows_v1::VersionRow> versions;
  // In force when the command's content becomes active.
  std::optional<::redress::register_::v1::Organisation> organisation;
  // Ids with a version.
  std::vector<std::string> calendars;
  std::vector<std::string> packs;
  // Of the command's upload.
  std::optional<register_rows_v1::DraftRow> draft;
  // ActivateTerritory: all pages of the draft, and what is in force.
  ::redress::register_::v1::Territory drafted;
  std::optional<::redress::register_::v1::Territory> territory;
};

// The kind and id of what `command` is about.
::redress::register_::v1::ReferenceKind KindOf(const RegisterCommand& command);
std::string IdOf(const RegisterCommand& command);
// The aggregate that its etag refers to: "organisation", "packs/own-promises", …
std::string AggregateOf(const RegisterCommand& command);
std::string AggregateOf(::redress::register_::v1::ReferenceKind kind, const std::string& id);

// When the content of `command` becomes active, decided at `now`.
Millis ActiveFrom(const RegisterCommand& command, const std::vector<register_rows_v1::VersionRow>& versions,
                  Millis now);

// The events `command` produces: one, or none if it has already taken effect.
//   INVALID_ARGUMENT (INVALID_FIELDS, CALENDAR_NEVER_OPENS)   every fault of its content
//   FAILED_PRECONDITION (ACTIVE_IN_THE_PAST)                  for a later version
//   FAILED_PRECONDITION (UPLOAD_INCOMPLETE)                   pages are missing
// What belongs to a starter set means nothing once one is complete. Until then nobody has decided by what is there, so
// that another content replaces it for always, past or not.
absl::StatusOr<std::vector<RegisterEvent>> Decide(const RegisterState& state, const RegisterCommand& command,
                                                  Millis now);

// Whether both say the same, field by field.
bool SameContent(const register_rows_v1::VersionRow& a, const register_rows_v1::VersionRow& b);

}  // namespace redress::routing

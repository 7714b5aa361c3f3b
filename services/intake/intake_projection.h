// Intake's rows: the one way in which events become what is read. Grammar of the keys at the top of
// intake_projection.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/runtime/logic.h"
#include "libs/store/store.h"
#include "libs/store/table.h"
#include "redress/intake/rows/v1/rows.pb.h"
#include "services/intake/intake_lookups.h"

namespace redress::intake {

// A change of any row's shape or key, or of what they say.
inline constexpr int kProjectionVersion = 2;

inline constexpr absl::string_view kComplaintPrefix = "complaints/";
inline constexpr absl::string_view kPersonPrefix = "people/";

// Timers of an aggregate.
inline constexpr absl::string_view kCloseTimer = "close";               // complaint: its window passes
inline constexpr absl::string_view kDestroyKeysTimer = "destroy_keys";  // complaint, person: a work row
inline constexpr absl::string_view kEraseTimer = "erase";               // person: try again
inline constexpr absl::string_view kEraseTextsTimer = "erase_texts";    // person, in each shard: the next page
inline constexpr absl::string_view kRetentionTimer = "retention";       // complaint: its texts were kept long enough
inline constexpr absl::string_view kForgetTimer = "forget";             // person: texts of theirs have expired
// How long after that; until then other complaints of theirs that end at the same time are through.
inline constexpr Millis kForgetDelay = kDay;
// How long until an erasure that waits for open complaints is tried again.
inline constexpr Millis kErasureRetry = kDay;

// Table ids, for whoever lists.
inline constexpr uint8_t kComplaintTable = 0x01;
inline constexpr uint8_t kHoldTable = 0x15;
inline constexpr uint8_t kByAgencyTable = 0x10;
inline constexpr uint8_t kByResidenceTable = 0x11;
inline constexpr uint8_t kOpenTable = 0x12;
inline constexpr uint8_t kOpenByAgencyTable = 0x13;

// "complaints/<id>" → "<id>"; empty for anything else.
absl::string_view ComplaintIdOf(absl::string_view aggregate);
absl::string_view PersonIdOf(absl::string_view aggregate);

// Ids without their collection. A default complaint (STATE_UNSPECIFIED) where there is none.
rows::v1::Complaint LoadComplaint(const store::Rows& rows, uint16_t shard, absl::string_view id);
std::optional<rows::v1::Person> LoadPerson(const store::Rows& rows, uint16_t shard, absl::string_view id);

// Ids of the complaints of "people/<id>" in a shard, oldest first, until `visit` returns false.
void ScanComplaintsOf(const store::Rows& rows, uint16_t shard, absl::string_view person,
                      absl::FunctionRef<bool(absl::string_view id)> visit);
// Ids with an external reference, in a shard.
std::vector<std::string> FindReference(const store::Rows& rows, uint16_t shard, absl::string_view system,
                                       absl::string_view reference);
// Entries of a complaint's history with versions greater than `after`, until `visit` returns false.
void ScanHistory(const store::Rows& rows, uint16_t shard, absl::string_view id, int64_t after,
                 absl::FunctionRef<bool(int64_t version, const rows::v1::HistoryEntry&)> visit);

// Folds one event of a complaint or person. Total. `lookups` may be null: then no look-up rows are made.
void ApplyToRows(const runtime::ApplyContext& context, const log::v1::Event& event, const Lookups* lookups,
                 store::View* rows);

// What somebody can find an owner by, while it is remembered: "complaints/<id>" or "people/<id>".
std::vector<LookupText> LookupTextsOf(const store::Rows& rows, uint16_t shard, absl::string_view owner);

// What a request whose record is `context.body` is answered with.
rows::v1::Result ResultOf(const runtime::ApplyContext& context, const store::Rows& rows);

}  // namespace redress::intake

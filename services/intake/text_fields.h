// Where personal data of intake is sealed to: the `field` of Sealer and Opener; the owner is the complaint's or person's
// name. Stored, in seals and events: never changed.
#pragma once

#include "absl/strings/string_view.h"

namespace redress::intake::field {

inline constexpr absl::string_view kDescription = "description";
inline constexpr absl::string_view kDwelling = "dwelling";
inline constexpr absl::string_view kAccessNote = "access_note";
inline constexpr absl::string_view kTrackingCode = "tracking_code";
inline constexpr absl::string_view kHandlerNames = "handler_names";
inline constexpr absl::string_view kAnswer = "answer";
inline constexpr absl::string_view kResolution = "resolution";
inline constexpr absl::string_view kContest = "contest";
inline constexpr absl::string_view kMessage = "message";
inline constexpr absl::string_view kNote = "note";
// And the uri: what the key of an attachment is derived for, and sealed as once it cannot be derived any more.
inline constexpr absl::string_view kAttachment = "attachment/";
inline constexpr absl::string_view kName = "name";
inline constexpr absl::string_view kPhone = "phone";
inline constexpr absl::string_view kEmail = "email";
inline constexpr absl::string_view kCareNeeds = "care_needs";

}  // namespace redress::intake::field

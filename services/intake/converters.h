// Between intake's rows and its API. Personal data stays shut here.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/intake/rows/v1/rows.pb.h"
#include "redress/intake/v1/complaint.pb.h"
#include "redress/intake/v1/intake_service.pb.h"

namespace redress::intake {

// `name`: "complaints/<id>". Without its legal holds, which only readers are shown.
v1::Complaint ToApi(absl::string_view name, const rows::v1::Complaint& row);
v1::HistoryEntry ToApi(int64_t version, const rows::v1::HistoryEntry& row);

google::protobuf::RepeatedPtrField<v1::LegalHold> ToApi(
    const google::protobuf::RepeatedPtrField<rows::v1::LegalHold>& holds);

// What whoever knows the tracking code is told.
v1::LookUpTrackingCodeResponse ToTracking(const rows::v1::Complaint& row);

// Every reason of an error: each bad field, or the error itself.
void AddRefusals(const absl::Status& status, google::protobuf::RepeatedPtrField<v1::Refusal>* refusals);

events::v1::Attachment ToStored(const v1::Attachment& attachment);

}  // namespace redress::intake

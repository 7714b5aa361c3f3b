// Between rows and the API.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "redress/register/rows/v1/rows.pb.h"
#include "redress/register/v1/reference.pb.h"
#include "redress/register/v1/register_service.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/routing/rows/v1/rows.pb.h"
#include "redress/routing/v1/routing_service.pb.h"

namespace redress::routing {

// `version` is that of the aggregate, for the etag.
v1::Assignment ToApi(absl::string_view name, const rows::v1::ComplaintRow& row, int64_t version);
// `received_at` as the complaint's id says.
v1::QueueEntry ToApi(absl::string_view complaint, int64_t received_at, const rows::v1::QueueRow& row);
// Of one assignment as it was recorded.
v1::RouteExplanation ToExplanation(absl::string_view name, const events::v1::Assigned& assigned);

::redress::register_::v1::VersionInfo ToApi(::redress::register_::v1::ReferenceKind kind, const std::string& id,
                                            const ::redress::register_::rows::v1::VersionRow& row);
::redress::register_::v1::GetVersionResponse ToResponse(::redress::register_::v1::ReferenceKind kind,
                                                        const std::string& id,
                                                        const ::redress::register_::rows::v1::VersionRow& row);

}  // namespace redress::routing

#include "libs/auth/caller.h"

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress {

absl::Status Caller::Require(Permission permission) const {
  if (permissions_.Has(permission)) return absl::OkStatus();
  if (id_.empty()) {
    return MakeError(absl::StatusCode::kUnauthenticated, "NOT_AUTHENTICATED",
                     "this needs a token: authorization: Bearer TOKEN");
  }
  return MakeError(absl::StatusCode::kPermissionDenied, "PERMISSION_MISSING",
                   absl::StrCat(id_, " lacks the permission ", NameOf(permission)),
                   {{"permission", std::string(NameOf(permission))}});
}

}  // namespace redress

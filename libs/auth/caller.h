// Who calls, and what they may do and see.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/auth/permissions.h"

namespace redress {

// Immutable. A default-constructed one is nobody: it may nothing and sees nothing.
class Caller {
 public:
  Caller() = default;
  // Sees the given agencies only.
  Caller(std::string id, std::vector<std::string> roles, PermissionSet permissions,
         absl::flat_hash_set<std::string> agencies)
      : id_(std::move(id)), roles_(std::move(roles)), permissions_(permissions), agencies_(std::move(agencies)) {}
  // Sees all agencies.
  Caller(std::string id, std::vector<std::string> roles, PermissionSet permissions)
      : id_(std::move(id)), roles_(std::move(roles)), permissions_(permissions), all_agencies_(true) {}

  // Opaque; what the log keeps as the actor. Empty for nobody.
  const std::string& id() const { return id_; }
  const std::vector<std::string>& roles() const { return roles_; }
  bool Has(Permission permission) const { return permissions_.Has(permission); }

  // OK; UNAUTHENTICATED (NOT_AUTHENTICATED) for nobody; PERMISSION_DENIED (PERMISSION_MISSING), naming the permission.
  // Asked before anything reveals that what is asked for exists.
  absl::Status Require(Permission permission) const;

  // Whether something in charge of `agency` exists for this caller; what is out of scope is answered with NOT_FOUND.
  // Empty: it belongs to no agency, and only who sees all agencies sees it.
  bool Sees(absl::string_view agency) const { return all_agencies_ || agencies_.contains(agency); }
  bool all_agencies() const { return all_agencies_; }
  // Empty when all_agencies().
  const absl::flat_hash_set<std::string>& agencies() const { return agencies_; }

 private:
  std::string id_;
  std::vector<std::string> roles_;
  PermissionSet permissions_;
  bool all_agencies_ = false;
  absl::flat_hash_set<std::string> agencies_;
};

}  // namespace redress

// The register as the runtime sees it in the process that decides it: folded as everywhere, and decided here.
#pragma once

#include "libs/reference/register_fold.h"
#include "libs/runtime/logic.h"
#include "redress/register/commands/v1/commands.pb.h"
#include "services/routing/register.h"

namespace redress::routing {

class RegisterLogic : public reference::RegisterFollower {
 public:
  absl::StatusOr<std::vector<runtime::NewEvent>> Decide(const store::Rows& rows, const runtime::v1::Order& order,
                                                        const runtime::DecideContext& context) const override;
};

// What `command` needs to know of the register, read from its rows at `now`.
RegisterState LoadRegisterState(const store::Rows& rows, const RegisterCommand& command, Millis now);

// An order of `command` on the register's one shard.
runtime::v1::Order RegisterOrder(const RegisterCommand& command);

}  // namespace redress::routing

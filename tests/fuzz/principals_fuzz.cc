// Principals files.
#include <string>

#include "libs/auth/authenticator.h"
#include "libs/auth/permissions.h"
#include "libs/status/errors.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

void Run(absl::string_view bytes) {
  const auto tokens = StaticTokens::Parse(std::string(bytes));
  if (!tokens.ok()) {
    Check(absl::IsInvalidArgument(tokens.status()), "a file is wrong");
    Check(ReasonOf(tokens.status()) == "PRINCIPALS_FILE" ? !tokens.status().message().empty()
                                                         : !ViolationsOf(tokens.status()).empty(),
          "what is wrong is said");
    return;
  }
  Check(*tokens != nullptr, "a file that is good has callers");
  // The seeds' token.
  const auto caller = (*tokens)->Authenticate("secret");
  if (caller.ok()) {
    Check(*caller != nullptr && !(*caller)->id().empty() && (*caller)->id() != "local", "a caller has a name");
    Check(!(*caller)->roles().empty(), "and roles");
    for (const std::string& role : (*caller)->roles()) Check(FindRole(role) != nullptr, "that there are");
    Check((*caller)->all_agencies() == (*caller)->Sees(""), "and a scope");
  } else {
    Check(ReasonOf(caller.status()) == "TOKEN_UNKNOWN", "the token is nobody's");
  }
  Check(ReasonOf((*tokens)->Authenticate("").status()) == "NOT_AUTHENTICATED", "no token is nobody's");
  Check(ReasonOf((*tokens)->Authenticate(bytes).status()) == "TOKEN_UNKNOWN" || bytes.empty(),
        "a file's own text is no token");
}

const Target kTarget("principals", Run);

}  // namespace
}  // namespace redress::fuzz

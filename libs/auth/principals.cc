#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/auth/authenticator.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/textproto.h"
#include "redress/auth/v1/principals.pb.h"

namespace redress {
namespace {

bool IsPrincipalId(absl::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '_' || c == '-';
  });
}

bool IsHash(absl::string_view hash) {
  return hash.size() == 64 && std::all_of(hash.begin(), hash.end(), [](char c) { return absl::ascii_isxdigit(c); });
}

std::string KnownRoles() {
  std::string names;
  for (const Role& role : Roles()) absl::StrAppend(&names, names.empty() ? "" : ", ", role.name);
  return names;
}

// What is wrong in one principal alone.
void CheckPrincipal(const auth::v1::Principal& principal, const std::string& path, std::vector<FieldViolation>* bad) {
  if (!IsPrincipalId(principal.id())) bad->push_back({path + ".id", "must have 1-64 of a-z 0-9 . _ -"});
  if (principal.id() == "local") bad->push_back({path + ".id", "is reserved for servers without principals"});
  if (principal.token_sha256().empty()) bad->push_back({path + ".token_sha256", "is missing"});
  if (principal.roles().empty()) bad->push_back({path + ".roles", "is missing"});
  for (int i = 0; i < principal.roles_size(); ++i) {
    if (FindRole(principal.roles(i)) != nullptr) continue;
    bad->push_back({absl::StrCat(path, ".roles[", i, "]"),
                    absl::StrCat("\"", principal.roles(i), "\" is no role; roles are ", KnownRoles())});
  }
  if (principal.all_agencies() && !principal.agencies().empty()) {
    bad->push_back({path + ".agencies", "must be empty beside all_agencies"});
  }
}

std::shared_ptr<const Caller> MakeCaller(const auth::v1::Principal& principal) {
  PermissionSet permissions;
  for (const std::string& role : principal.roles()) permissions.Add(FindRole(role)->permissions);
  std::vector<std::string> roles(principal.roles().begin(), principal.roles().end());
  if (principal.all_agencies()) return std::make_shared<Caller>(principal.id(), std::move(roles), permissions);
  return std::make_shared<Caller>(
      principal.id(), std::move(roles), permissions,
      absl::flat_hash_set<std::string>(principal.agencies().begin(), principal.agencies().end()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<StaticTokens>> StaticTokens::Load(const std::string& path) {
  const auto refuse = [&](absl::string_view why) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "PRINCIPALS_FILE",
                     absl::StrCat("principals file ", path, ": ", why));
  };
  struct stat file;
  if (stat(path.c_str(), &file) != 0) return refuse(std::strerror(errno));
  // Hashes of weak tokens can be guessed, and who may write it may call as anybody.
  if ((file.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    return refuse(
        absl::StrFormat("its mode is %04o, so others than its owner and group can read it, or others than its "
                        "owner change it; chmod 0640",
                        file.st_mode & 07777));
  }
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  if (!in || !(text << in.rdbuf())) return refuse("cannot be read, or is empty");
  absl::StatusOr<std::unique_ptr<StaticTokens>> tokens = Parse(text.str());
  if (!tokens.ok()) return Annotate(tokens.status(), path);
  return tokens;
}

absl::StatusOr<std::unique_ptr<StaticTokens>> StaticTokens::Parse(const std::string& text) {
  auth::v1::Principals principals;
  RETURN_IF_ERROR(ParseTextproto(text, "PRINCIPALS_FILE", &principals));

  std::vector<FieldViolation> bad;
  if (principals.principals().empty()) bad.push_back({"principals", "is empty: nobody could call"});
  std::unique_ptr<StaticTokens> tokens(new StaticTokens());
  absl::flat_hash_set<std::string> ids;
  for (int i = 0; i < principals.principals_size(); ++i) {
    const auth::v1::Principal& principal = principals.principals(i);
    const std::string path = absl::StrCat("principals[", i, "]");
    const size_t before = bad.size();
    CheckPrincipal(principal, path, &bad);
    if (!ids.insert(principal.id()).second) bad.push_back({path + ".id", "stands there twice"});
    const std::shared_ptr<const Caller> caller = bad.size() == before ? MakeCaller(principal) : nullptr;
    for (int j = 0; j < principal.token_sha256_size(); ++j) {
      const std::string hash = absl::AsciiStrToLower(principal.token_sha256(j));
      const std::string field = absl::StrCat(path, ".token_sha256[", j, "]");
      if (!IsHash(hash)) {
        bad.push_back({field, "must have 64 hexadecimal digits: a hash, never the token itself"});
      } else if (!tokens->callers_.emplace(hash, caller).second) {
        bad.push_back({field, "stands there twice"});
      }
    }
  }
  if (!bad.empty()) return InvalidFields(bad);
  return tokens;
}

}  // namespace redress

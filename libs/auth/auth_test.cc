#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "libs/auth/authenticator.h"
#include "libs/auth/caller.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

TEST(Permissions, EachHasANameOfItsOwnAndSomeRole) {
  std::set<absl::string_view> names;
  for (int i = 0; i < kPermissionCount; ++i) {
    const auto permission = static_cast<Permission>(i);
    EXPECT_TRUE(names.insert(NameOf(permission)).second) << NameOf(permission);
    bool granted = false;
    for (const Role& role : Roles()) granted |= role.permissions.Has(permission);
    EXPECT_TRUE(granted) << NameOf(permission);
  }
}

// The table that documentation shows; a change of rights is a change here.
TEST(Roles, WhoMayReadPersonalDataEraseAndAdministrate) {
  const auto who = [](Permission permission) {
    std::string names;
    for (const Role& role : Roles()) {
      if (role.permissions.Has(permission)) absl::StrAppend(&names, role.name, " ");
    }
    return names;
  };
  EXPECT_EQ(who(Permission::kReadPersonalData), "call_centre agent caretaker technician dispatcher manager dpo ");
  EXPECT_EQ(who(Permission::kErasePersons), "dpo ");
  EXPECT_EQ(who(Permission::kAdmin), "admin ");
  EXPECT_EQ(who(Permission::kImport), "importer ");
  EXPECT_EQ(who(Permission::kRecordBackdatedFacts), "manager importer ");
  EXPECT_EQ(who(Permission::kManageRegister), "register_admin admin ");
  EXPECT_EQ(who(Permission::kHandleComplaints), "agent caretaker manager ");
  EXPECT_EQ(who(Permission::kSubscribe), "manager dashboard admin ");
  EXPECT_EQ(who(Permission::kInternal), "instance ");
}

TEST(Caller, RequireSaysWhatIsMissing) {
  const Caller caller("staff-1", {"agent"}, FindRole("agent")->permissions, {"AG-1"});
  EXPECT_TRUE(caller.Require(Permission::kHandleComplaints).ok());
  const absl::Status denied = caller.Require(Permission::kErasePersons);
  EXPECT_EQ(denied.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(denied), "PERMISSION_MISSING");
  EXPECT_THAT(std::string(denied.message()), HasSubstr("erase_persons"));
  EXPECT_EQ(Caller().Require(Permission::kTrack).code(), absl::StatusCode::kUnauthenticated);
}

TEST(Caller, SeesItsAgenciesAlone) {
  const Caller one("staff-1", {}, PermissionSet(), {"AG-1"});
  EXPECT_TRUE(one.Sees("AG-1"));
  EXPECT_FALSE(one.Sees("AG-2"));
  EXPECT_FALSE(one.Sees(""));
  const Caller all("staff-2", {}, PermissionSet());
  EXPECT_TRUE(all.Sees("AG-2"));
  EXPECT_TRUE(all.Sees(""));
  EXPECT_FALSE(Caller().Sees("AG-1"));
}

TEST(NoAuth, EverybodyIsLocalAndMayEverything) {
  const auto caller = NoAuth().Authenticate("");
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ((*caller)->id(), "local");
  for (int i = 0; i < kPermissionCount; ++i) EXPECT_TRUE((*caller)->Require(static_cast<Permission>(i)).ok());
  EXPECT_TRUE((*caller)->Sees("AG-1"));
}

std::string TwoPrincipals() {
  return absl::StrCat("principals { id: 'call-centre' token_sha256: '", HashToken("secret-1"),
                      "' roles: 'call_centre' all_agencies: true }\n", "principals { id: 'staff-7' token_sha256: '",
                      HashToken("old"), "' token_sha256: '", HashToken("new"),
                      "' roles: 'agent' roles: 'manager' agencies: 'AG-1' }\n");
}

TEST(StaticTokens, TokenNamesItsCaller) {
  const auto tokens = StaticTokens::Parse(TwoPrincipals());
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  EXPECT_EQ((*(*tokens)->Authenticate("secret-1"))->id(), "call-centre");
  for (const char* token : {"old", "new"}) {
    const auto caller = (*tokens)->Authenticate(token);
    ASSERT_TRUE(caller.ok());
    EXPECT_EQ((*caller)->id(), "staff-7");
    EXPECT_TRUE((*caller)->Has(Permission::kRouteByHand));
    EXPECT_TRUE((*caller)->Sees("AG-1"));
    EXPECT_FALSE((*caller)->Sees("AG-2"));
  }
}

TEST(StaticTokens, UnknownAndMissingTokensAreUnauthenticated) {
  const auto tokens = StaticTokens::Parse(TwoPrincipals());
  ASSERT_TRUE(tokens.ok());
  const absl::Status unknown = (*tokens)->Authenticate("sesame").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ReasonOf(unknown), "TOKEN_UNKNOWN");
  EXPECT_THAT(unknown.ToString(), Not(HasSubstr("sesame")));
  EXPECT_EQ(ReasonOf((*tokens)->Authenticate("").status()), "NOT_AUTHENTICATED");
  // The hash itself is no token.
  EXPECT_FALSE((*tokens)->Authenticate(HashToken("secret-1")).ok());
}

TEST(StaticTokens, HashIsThatOfSha256sum) {
  EXPECT_EQ(HashToken("test"), "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
}

TEST(StaticTokens, EveryBadFieldIsListed) {
  const absl::Status status =
      StaticTokens::Parse(absl::StrCat("principals { id: 'Jeanne@example.org' token_sha256: 'secret' roles: 'boss' }\n",
                                       "principals { id: 'a' token_sha256: '", HashToken("x"),
                                       "' roles: 'agent' agencies: 'AG-1' all_agencies: true }\n",
                                       "principals { id: 'a' token_sha256: '", HashToken("x"), "' }\n"))
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  std::vector<std::string> fields;
  for (const FieldViolation& violation : ViolationsOf(status)) fields.push_back(violation.field);
  EXPECT_THAT(fields, ElementsAre("principals[0].id", "principals[0].roles[0]", "principals[0].token_sha256[0]",
                                  "principals[1].agencies", "principals[2].roles", "principals[2].id",
                                  "principals[2].token_sha256[0]"));
}

TEST(StaticTokens, UnknownFieldAndEmptyFileAreRefused) {
  const absl::Status status = StaticTokens::Parse("principals {\n  id: 'a'\n  password: 'b'\n}").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "PRINCIPALS_FILE");
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 3"));
  EXPECT_EQ(StaticTokens::Parse("").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(StaticTokens, FileThatOthersCanReadOrChangeIsRefused) {
  const std::string path = testing::TempDir() + "/principals.textproto";
  std::ofstream(path) << TwoPrincipals();
  for (const mode_t mode : {0644, 0602, 0660}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    const absl::Status status = StaticTokens::Load(path).status();
    EXPECT_EQ(ReasonOf(status), "PRINCIPALS_FILE") << mode;
    EXPECT_THAT(std::string(status.message()), HasSubstr("chmod 0640"));
  }
  for (const mode_t mode : {0600, 0640}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_TRUE(StaticTokens::Load(path).ok()) << mode;
  }
  EXPECT_EQ(ReasonOf(StaticTokens::Load(path + ".none").status()), "PRINCIPALS_FILE");
}

TEST(ListenAddress, WithoutPrincipalsLoopbackAlone) {
  for (const char* address : {"127.0.0.1:0", "127.9.9.9:80", "localhost:50051", "[::1]:50051"}) {
    EXPECT_TRUE(CheckListenAddress(address, false).ok()) << address;
  }
  for (const char* address :
       {"0.0.0.0:50051", "[::]:50051", "192.168.1.2:1", "example.org:1", "127.0.0.1.evil.org:1"}) {
    const absl::Status status = CheckListenAddress(address, false);
    EXPECT_EQ(ReasonOf(status), "NO_PRINCIPALS") << address;
    EXPECT_TRUE(CheckListenAddress(address, true).ok()) << address;
  }
  for (const char* address : {"", "127.0.0.1", ":80", "::1:80", "127.0.0.1:http", "127.0.0.1:70000"}) {
    EXPECT_EQ(CheckListenAddress(address, true).code(), absl::StatusCode::kInvalidArgument) << address;
  }
}

}  // namespace
}  // namespace redress

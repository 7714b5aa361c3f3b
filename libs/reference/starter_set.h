// Reference data as files: what a fresh log begins with, and what tests build their register from.
//
//   DIR/organisation.textproto          redress.register.v1.Organisation     one
//   DIR/rules.textproto                 redress.register.v1.RuleSet          one
//   DIR/pack_rules.textproto            redress.register.v1.PackRules        one
//   DIR/pack_*.textproto                redress.register.v1.ObligationPack   one or more (but pack_rules)
//   DIR/calendar_*.textproto            redress.register.v1.Calendar         one or more
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "redress/register/v1/calendar.pb.h"
#include "redress/register/v1/obligations.pb.h"
#include "redress/register/v1/organisation.pb.h"
#include "redress/register/v1/rules.pb.h"

namespace google::protobuf {
class Message;
}

namespace redress::reference {

struct StarterSet {
  std::vector<register_::v1::Calendar> calendars;
  register_::v1::Organisation organisation;
  register_::v1::RuleSet rules;
  std::vector<register_::v1::ObligationPack> packs;
  register_::v1::PackRules pack_rules;
};

// NOT_FOUND naming the file that is missing; INVALID_ARGUMENT (BAD_FILE) naming file, line and column of what cannot be
// parsed. Whether the parts fit together is the register's to judge.
absl::StatusOr<StarterSet> LoadStarterSet(const std::string& dir);

// Where the starter set lies, the first of: `flag` if not empty; $REDRESS_CONFIG; ../share/redress/config beside the
// running binary's folder; deploy/config in the nearest folder above the binary that has one (a build inside the source
// tree). NOT_FOUND saying where it looked.
absl::StatusOr<std::string> FindConfigDir(absl::string_view flag = "");

// One message from a text file. Errors as LoadStarterSet.
absl::Status LoadTextproto(const std::string& path, google::protobuf::Message* into);

}  // namespace redress::reference

#include "services/redressctl/message_file.h"

#include "absl/strings/match.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/textproto.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/json_input.h"
#include "services/redressctl/session.h"

namespace redress::ctl {

absl::Status LoadMessage(const std::string& path, std::istream& in, google::protobuf::Message* into) {
  ASSIGN_OR_RETURN(const std::string text, ReadText(path, in));
  if (absl::EndsWith(path, ".json")) return Usage(Annotate(ReadJson(text, into), path));
  return Usage(Annotate(ParseTextproto(text, "BAD_FILE", into), path));
}

}  // namespace redress::ctl

// Requests as proto JSON.
#include <google/protobuf/util/field_comparator.h>
#include <google/protobuf/util/message_differencer.h>

#include <string>

#include "libs/status/errors.h"
#include "libs/status/utf8.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "redress/register/v1/register_service.pb.h"
#include "services/redressctl/json_input.h"
#include "services/redressctl/output.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

namespace pb = ::google::protobuf;

void CheckAs(const pb::Message& prototype, absl::string_view text) {
  const std::unique_ptr<pb::Message> message(prototype.New());
  const absl::Status read = ctl::ReadJson(text, message.get());
  if (!read.ok()) {
    const std::string reason = ReasonOf(read);
    Check(absl::IsInvalidArgument(read), "what is wrong is an argument");
    Check(reason == "BAD_JSON" || (reason == "INVALID_FIELDS" && !ViolationsOf(read).empty()), "and said");
    Check(message->ByteSizeLong() == 0, "nothing is kept of it");
    return;
  }
  Check(FirstInvalidUtf8(text) == absl::string_view::npos, "what is no UTF-8 is refused");
  const std::unique_ptr<pb::Message> again(prototype.New());
  Check(again->ParseFromString(message->SerializeAsString()), "it can be sent");
  const std::string written = ctl::ToJson(*message);
  Check(ctl::ReadJson(written, again.get()).ok(), "what was read is written and read");
  pb::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  pb::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  Check(differencer.Compare(*message, *again), "as it was");
}

void Run(absl::string_view bytes) {
  CheckAs(intake::v1::SubmitComplaintRequest::default_instance(), bytes);
  CheckAs(intake::v1::ListComplaintsRequest::default_instance(), bytes);
  CheckAs(register_::v1::Territory::default_instance(), bytes);
  CheckAs(register_::v1::RuleSet::default_instance(), bytes);
}

const Target kTarget("ctl_json", Run);

}  // namespace
}  // namespace redress::fuzz

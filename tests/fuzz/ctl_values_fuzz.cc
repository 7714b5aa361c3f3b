// What people type as values of options: instants, durations, hours, fields of messages.
//
//   input   = number(8 bytes) text
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/message_differencer.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "libs/status/errors.h"
#include "libs/status/utf8.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "redress/register/v1/register_service.pb.h"
#include "redress/scheduling/v1/scheduling_service.pb.h"
#include "services/redressctl/fields.h"
#include "services/redressctl/output.h"
#include "services/redressctl/times.h"
#include "services/redressctl/weekly_hours.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

namespace pb = ::google::protobuf;

void CheckSaid(const absl::Status& status) {
  Check(absl::IsInvalidArgument(status) && !ReasonOf(status).empty(), "what is wrong is said");
  Check(FirstInvalidUtf8(status.message()) == absl::string_view::npos, "and can be shown");
}

void CheckInstant(absl::string_view text, calendar::Zone zone) {
  const auto instant = ctl::ParseInstant(text, zone);
  if (!instant.ok()) return CheckSaid(instant.status());
  Check(*instant >= calendar::kMinInstant && *instant <= calendar::kMaxInstant, "years 1 to 9999");
  const std::string written = ctl::FormatInstant(*instant, absl::UTCTimeZone());
  const auto again = ctl::ParseInstant(written, zone);
  Check(again.ok() && *again == *instant, "what was read is written and read");
}

void CheckDuration(absl::string_view text) {
  const auto duration = ctl::ParseDuration(text);
  if (!duration.ok()) return CheckSaid(duration.status());
  Check(*duration >= 0 && *duration <= 10000 * kDay, "bounded");
  const auto again = ctl::ParseDuration(absl::StrReplaceAll(ctl::FormatDuration(*duration), {{" ", ""}}));
  Check(again.ok() && *again == *duration, "what was read is written and read");
}

void CheckHours(absl::string_view text) {
  const auto spans = ctl::ParseWeeklyHours(text);
  if (!spans.ok()) return CheckSaid(spans.status());
  Check(!spans->empty(), "hours are some");
  int last = 0;
  for (const ctl::MinuteSpan& span : *spans) {
    Check(span.start >= last && span.end > span.start && span.end <= 7 * 24 * 60, "in order, within the week");
    last = span.end;
  }
}

// Sets the field in a message, and shows it.
void CheckField(const pb::Message& prototype, absl::string_view path, absl::string_view text, calendar::Zone zone) {
  const std::unique_ptr<pb::Message> message(prototype.New());
  const absl::Status set = ctl::SetField(message.get(), path, text, zone);
  if (!set.ok()) return CheckSaid(set);
  const std::string shown = ctl::FormatField(*message, path, zone);
  Check(ctl::Printable(shown).find('\n') == std::string::npos, "on one line");
  const std::unique_ptr<pb::Message> again(prototype.New());
  // A list of one, and texts that look like an enum's number or JSON, apart.
  if (!shown.empty() && ctl::SetField(again.get(), path, shown, zone).ok()) {
    Check(pb::util::MessageDifferencer::Equals(*message, *again), "what is shown can be typed");
  }
}

void CheckFields(absl::string_view text, calendar::Zone zone) {
  const auto& submit = intake::v1::SubmitComplaintRequest::default_instance();
  for (const char* path : {"kind", "urgency", "category"}) CheckField(submit, path, text, zone);
  CheckField(intake::v1::ListComplaintsRequest::default_instance(), "states", text, zone);
  CheckField(intake::v1::GetComplaintRequest::default_instance(), "position", text, zone);
  const auto& visit = scheduling::v1::RequestVisitRequest::default_instance();
  for (const char* path : {"skills", "duration_minutes", "round"}) CheckField(visit, path, text, zone);
}

void CheckNumber(int64_t number, calendar::Zone zone) {
  Check(!ctl::FormatDuration(number).empty() && !ctl::FormatRoughly(number).empty(), "any duration can be shown");
  if (number >= calendar::kMinInstant && number <= calendar::kMaxInstant) {
    const auto again = ctl::ParseInstant(ctl::FormatInstant(number, absl::UTCTimeZone()), zone);
    Check(again.ok() && *again == number, "any instant can be shown and typed");
  }
  // As a server's answer may have them.
  pb::Timestamp time;
  time.set_seconds(number);
  pb::Duration duration;
  duration.set_seconds(number);
  duration.set_nanos(static_cast<int32_t>(number));
  Check(!ctl::FormatMessage(time, zone).empty() && !ctl::FormatMessage(duration, zone).empty(), "and any answer");
}

void CheckPrintable(absl::string_view text) {
  const std::string printable = ctl::Printable(text);
  Check(FirstInvalidUtf8(printable) == absl::string_view::npos, "what is printed is UTF-8");
  for (const char c : printable) Check(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "that moves no cursor");
  Check(printable.size() <= 4 * text.size(), "and is bounded");
  Check(ctl::WidthOf(printable) <= printable.size(), "as its width is");
}

void Run(absl::string_view bytes) {
  static const calendar::Zone paris = *calendar::ZoneFor("Europe/Paris");
  Input input(bytes);
  CheckNumber(input.I64(), paris);
  const absl::string_view text = input.Rest();
  CheckInstant(text, paris);
  CheckInstant(text, absl::UTCTimeZone());
  CheckDuration(text);
  CheckHours(text);
  CheckFields(text, paris);
  CheckPrintable(text);
}

const Target kTarget("ctl_values", Run);

}  // namespace
}  // namespace redress::fuzz

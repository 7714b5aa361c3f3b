#include "tests/golden/boxes.h"

#include <google/protobuf/message.h>

#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/privacy/in_memory_key_rows.h"
#include "libs/privacy/made_ahead_key_store.h"
#include "libs/privacy/sealer.h"
#include "libs/status/macros.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/register/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"

namespace redress::golden {
namespace {

namespace pb = ::google::protobuf;

// The name that a field is sealed under: its own, but for texts, which are named after what says them.
std::string SealedAs(const pb::FieldDescriptor& field) {
  if (field.name() != "text") return field.name();
  const std::string& said = field.containing_type()->name();
  if (said == "ComplaintAnswered") return "answer";
  if (said == "ComplaintResolved") return "resolution";
  if (said == "ComplaintContested") return "contest";
  if (said == "MessageAdded") return "message";
  if (said == "NoteAdded") return "note";
  return field.full_name();
}

// Visits carry boxes of the complaint that they are for.
std::string OwnerOf(const pb::Message& message, const std::string& aggregate) {
  const auto* complaint = message.GetDescriptor()->FindFieldByName("complaint");
  return complaint == nullptr ? aggregate : message.GetReflection()->GetString(message, complaint);
}

void Collect(const pb::Message& message, const std::string& aggregate, std::vector<Box>* boxes) {
  const pb::Reflection& reflection = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const auto* field : set) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE || field->is_repeated()) continue;
    const pb::Message& inner = reflection.GetMessage(message, field);
    if (field->message_type() != types::v1::Sealed::descriptor()) {
      Collect(inner, aggregate, boxes);
      continue;
    }
    Box box{OwnerOf(message, aggregate), SealedAs(*field), {}};
    box.sealed.CopyFrom(inner);
    if (!box.sealed.box().empty()) boxes->push_back(std::move(box));
  }
}

// Texts that were sealed anew lie in one event, and are sealed as what they were said as.
void CollectResealed(const intake::events::v1::TextRedacted& redacted, const std::string& owner,
                     std::vector<Box>* boxes) {
  for (const auto& text : redacted.texts()) {
    if (text.has_text()) boxes->push_back({owner, text.place().field(), text.text()});
  }
  for (const auto& attachment : redacted.attachment_keys()) {
    boxes->push_back({owner, absl::StrCat("attachment/", attachment.uri()), attachment.key()});
  }
}

}  // namespace

const pb::Message& EventOf(log::Stream stream) {
  switch (stream) {
    case log::Stream::kRegister: return register_::events::v1::Event::default_instance();
    case log::Stream::kIntake: return intake::events::v1::Event::default_instance();
    case log::Stream::kRouting: return routing::events::v1::Event::default_instance();
    case log::Stream::kScheduling: return scheduling::events::v1::Event::default_instance();
    default: return sla::events::v1::Event::default_instance();
  }
}

std::vector<Box> BoxesOf(const Recording& recording) {
  std::vector<Box> boxes;
  (void)ForEachDecision(recording, [&](log::ShardId id, const log::v1::Body& body) {
    for (const auto& stored : body.events()) {
      if (absl::StartsWith(stored.aggregate(), "inputs/")) continue;
      const std::unique_ptr<pb::Message> event(EventOf(id.stream).New());
      if (!event->ParseFromString(stored.payload())) continue;
      Collect(*event, stored.aggregate(), &boxes);
      if (id.stream != log::Stream::kIntake) continue;
      CollectResealed(static_cast<const intake::events::v1::Event&>(*event).text_redacted(), stored.aggregate(),
                      &boxes);
    }
  });
  return boxes;
}

absl::StatusOr<std::string> FormatBoxes(const Recording& recording) {
  ASSIGN_OR_RETURN(const log::LogInfo info, InfoOf(recording));
  InMemoryKeyRows rows;
  for (const auto& [id, secret] : recording.keys) {
    KeyRow row;
    row.id = id;
    row.destroyed = secret.empty();
    row.secret = secret;
    RETURN_IF_ERROR(rows.Put({row}));
  }
  FakeClock clock;
  SeededIdSource ids(1);
  MadeAheadKeyStore keys(&rows, &ids, &clock);
  InMemoryReadAudit audit;
  const Opener opener(info.installation, &keys, &audit);
  std::string text;
  for (const Box& box : BoxesOf(recording)) {
    const auto key = recording.keys.find(box.sealed.key_id());
    if (key == recording.keys.end()) return absl::DataLossError(absl::StrCat(box.owner, " ", box.field, ": no key"));
    std::string opened = "- -";
    if (!key->second.empty()) {
      ASSIGN_OR_RETURN(const std::string plain, opener.Open(box.sealed, box.owner, box.field, {"golden", "test"}));
      opened = absl::StrCat(absl::BytesToHexString(key->second), " ", absl::BytesToHexString(plain));
    }
    absl::StrAppend(&text, box.owner, " ", box.field, " ", box.sealed.key_id(), " ", opened, "\n");
  }
  return text;
}

absl::StatusOr<std::map<std::string, std::string>> KeysOf(absl::string_view text) {
  std::map<std::string, std::string> keys;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (line[0] == '#') continue;
    const std::vector<std::string> parts = absl::StrSplit(line, ' ');
    if (parts.size() != 5) return absl::InvalidArgumentError(absl::StrCat("not a box: ", line));
    keys[parts[2]] = parts[3] == "-" ? "" : absl::HexStringToBytes(parts[3]);
  }
  return keys;
}

}  // namespace redress::golden

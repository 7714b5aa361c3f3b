#include "services/intake/intake_texts.h"

#include <google/protobuf/descriptor.h>

#include "services/intake/text_fields.h"

namespace redress::intake {
namespace {

namespace pb = ::google::protobuf;
using events::v1::Event;

// The event's one message; null for none.
const pb::FieldDescriptor* KindOf(const Event& event) {
  return event.GetReflection()->GetOneofFieldDescriptor(event, event.GetDescriptor()->oneof_decl(0));
}

bool IsText(const pb::FieldDescriptor& field) {
  return !field.is_repeated() && field.message_type() == types::v1::Sealed::descriptor();
}

// Texts are sealed as their proto fields are called, but for those called `text`, of which each event has its own.
absl::string_view FieldOf(const Event& event, const pb::FieldDescriptor& field) {
  switch (event.kind_case()) {
    case Event::kMessageAdded: return field::kMessage;
    case Event::kNoteAdded: return field::kNote;
    case Event::kComplaintAnswered: return field::kAnswer;
    case Event::kComplaintResolved: return field::kResolution;
    case Event::kComplaintContested: return field::kContest;
    default: return field.name();
  }
}

}  // namespace

void VisitTexts(const Event& event,
                absl::FunctionRef<void(absl::string_view field, const types::v1::Sealed& text)> visit) {
  const pb::FieldDescriptor* kind = KindOf(event);
  if (kind == nullptr) return;
  const pb::Message& payload = event.GetReflection()->GetMessage(event, kind);
  for (int i = 0; i < payload.GetDescriptor()->field_count(); ++i) {
    const pb::FieldDescriptor& field = *payload.GetDescriptor()->field(i);
    if (!IsText(field) || !payload.GetReflection()->HasField(payload, &field)) continue;
    visit(FieldOf(event, field),
          static_cast<const types::v1::Sealed&>(payload.GetReflection()->GetMessage(payload, &field)));
  }
}

void ReplaceText(absl::string_view field, const types::v1::Sealed& text, Event* event) {
  const pb::FieldDescriptor* kind = KindOf(*event);
  if (kind == nullptr) return;
  pb::Message* payload = event->GetReflection()->MutableMessage(event, kind);
  const pb::Reflection& reflection = *payload->GetReflection();
  for (int i = 0; i < payload->GetDescriptor()->field_count(); ++i) {
    const pb::FieldDescriptor& at = *payload->GetDescriptor()->field(i);
    if (!IsText(at) || !reflection.HasField(*payload, &at) || FieldOf(*event, at) != field) continue;
    if (text.box().empty()) {
      reflection.ClearField(payload, &at);
    } else {
      reflection.MutableMessage(payload, &at)->CopyFrom(text);
    }
  }
}

}  // namespace redress::intake

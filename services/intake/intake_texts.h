// Which events of a complaint's life hold sealed texts, and as which field each is sealed.
#pragma once

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/types/v1/sealed.pb.h"

namespace redress::intake {

// Each sealed text that an event holds, with its field (text_fields.h).
void VisitTexts(const events::v1::Event& event,
                absl::FunctionRef<void(absl::string_view field, const types::v1::Sealed& text)> visit);

// Puts `text` in the place of the one that is sealed as `field` there; one without a box takes it away. Nothing where
// there is none.
void ReplaceText(absl::string_view field, const types::v1::Sealed& text, events::v1::Event* event);

}  // namespace redress::intake

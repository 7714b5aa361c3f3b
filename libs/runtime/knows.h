// What Logic::Knows is made of.
#pragma once

#include "redress/log/v1/record.pb.h"

namespace redress::runtime {

// Whether `event` can be read as an `Event` of this build: redress.<stream>.events.v1.Event, whose kind is in a oneof.
// What a later build added is no kind of this one.
template <typename Event>
bool KnowsAs(const log::v1::Event& event) {
  Event stored;
  return stored.ParseFromString(event.payload()) && stored.kind_case() != Event::KIND_NOT_SET;
}

}  // namespace redress::runtime

// For tests: a small landlord. Agencies north (office n1) and south; teams per agency, one per office, one central.
#pragma once

#include <google/protobuf/text_format.h>

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "libs/reference/snapshot_builder.h"
#include "libs/reference/starter_set.h"

namespace redress::routing::testing {

namespace register_v1 = ::redress::register_::v1;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

inline register_v1::Territory SomeTerritory() {
  return Parse<register_v1::Territory>(R"(
    agencies { code: "north" zone: "Europe/Paris" calendar: "agency" }
    agencies { code: "south" zone: "Europe/Paris" calendar: "agency" }
    offices { code: "n1" agency: "north" } offices { code: "s1" agency: "south" }
    residences { code: "rn" office: "n1" } residences { code: "rs" office: "s1" }
    units { code: "u1" residence: "rn" kind: KIND_DWELLING })");
}

inline register_v1::Organisation SomeOrganisation() {
  return Parse<register_v1::Organisation>(R"(
    categories { code: "heating" default_urgency: URGENCY_URGENT visit_needed: true visit_minutes: 90 skills: "heating" }
    categories { code: "lift" default_urgency: URGENCY_URGENT visit_needed: true visit_minutes: 45 skills: "lift" }
    categories { code: "noise" default_urgency: URGENCY_ROUTINE }
    teams { code: "front-desk" }
    teams { code: "north-works" agency: "north" }
    teams { code: "south-works" agency: "south" office: "s1" }
    teams { code: "desk-n1" }
    teams { code: "lifts" }
    staff { id: "ada" team: "lifts" deputy: "bob" absences { from_ms: 1000 to_ms: 2000 } }
    staff { id: "bob" team: "lifts" absences { from_ms: 1500 to_ms: 2000 } }
    staff { id: "cem" team: "front-desk" }
    fallback_team: "front-desk")");
}

inline register_v1::RuleSet SomeRules() {
  return Parse<register_v1::RuleSet>(R"(
    rules { id: "thanks" kinds: COMPLAINT_KIND_PRAISE kinds: COMPLAINT_KIND_SUGGESTION team: "front-desk" priority: 5 }
    rules { id: "lifts" categories: "lift" team: "lifts" agent: "ada" priority: 2 }
    rules { id: "fragile" care_level_at_least: 2 channels: CHANNEL_PHONE team: "desk-n1" priority: 1 }
    rules { id: "heating" categories: "heating" team: "{agency}-works" }
    rules { id: "office" offices: "n1" offices: "s1" team: "desk-{office}" priority: 4 visit_needed: false })");
}

inline reference::SnapshotBuilder SomeRegister() {
  reference::SnapshotBuilder builder;
  builder.Add(SomeTerritory()).Add(SomeOrganisation()).Add(SomeRules());
  return builder;
}

}  // namespace redress::routing::testing

#include "services/routing/converters.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/service/requests.h"
#include "services/routing/rules.h"

namespace redress::routing {
namespace {

v1::DecidedBy DecidedByOf(const events::v1::Assigned& assigned) {
  if (assigned.by() == events::v1::ASSIGNED_BY_HAND) return v1::DECIDED_BY_HAND;
  return assigned.fallback().empty() ? v1::DECIDED_BY_RULE : v1::DECIDED_BY_FALLBACK;
}

std::string OrNone(const std::string& code) { return code.empty() ? "none" : absl::StrCat("'", code, "'"); }

// "heating", "urgent": an enum's value without its type.
template <typename Descriptor>
std::string Word(const Descriptor* descriptor, int value, absl::string_view prefix) {
  const auto* found = descriptor->FindValueByNumber(value);
  if (found == nullptr) return absl::StrCat(value);
  std::string word = found->name().substr(prefix.size());
  for (char& c : word) c = c == '_' ? ' ' : static_cast<char>(c | 0x20);
  return word;
}

// The complaint's own value that a condition was held against.
std::string ValueOf(absl::string_view condition, const events::v1::Assigned& assigned) {
  if (condition == "category") return OrNone(assigned.category());
  if (condition == "agency") return OrNone(assigned.place_agency());
  if (condition == "office") return OrNone(assigned.place_office());
  if (condition == "residence") return OrNone(assigned.residence());
  if (condition == "kind") return Word(types::v1::ComplaintKind_descriptor(), assigned.kind(), "COMPLAINT_KIND_");
  if (condition == "urgency") return Word(types::v1::Urgency_descriptor(), assigned.urgency(), "URGENCY_");
  if (condition == "channel") return Word(types::v1::Channel_descriptor(), assigned.channel(), "CHANNEL_");
  return absl::StrCat(assigned.care_level());
}

std::string SentenceOf(const events::v1::RuleMiss& miss, const events::v1::Assigned& assigned) {
  absl::string_view condition = miss.condition();
  if (absl::ConsumePrefix(&condition, "team ")) {
    return absl::StrCat("rule '", miss.rule(), "' would hold, but team '", condition, "' was not there");
  }
  return absl::StrCat("rule '", miss.rule(), "' did not match: it does not hold for ", condition, " ",
                      ValueOf(condition, assigned));
}

std::string Verdict(const events::v1::Assigned& assigned) {
  const std::string to = absl::StrCat("team '", assigned.team(), "'",
                                      assigned.agent().empty() ? "" : absl::StrCat(", agent '", assigned.agent(), "'"));
  if (assigned.by() == events::v1::ASSIGNED_BY_HAND) {
    return absl::StrCat("assigned by hand to ", to,
                        assigned.reason().empty() ? "" : absl::StrCat(": ", assigned.reason()));
  }
  if (assigned.fallback() == kUnknownPlace) {
    return absl::StrCat("residence ", OrNone(assigned.residence()), " of agency ", OrNone(assigned.place_agency()),
                        " is no place of the register: no rule was tried, it went to the fallback ", to);
  }
  if (assigned.fallback() == kUnknownCase) {
    return absl::StrCat("nothing was known of it but that it was open: it went to the fallback ", to);
  }
  if (!assigned.fallback().empty()) return absl::StrCat("no rule matched: it went to the fallback ", to);
  return absl::StrCat("rule '", assigned.rule(), "' of rule set version ", assigned.rule_set_version(),
                      " matched: ", to);
}

}  // namespace

v1::Assignment ToApi(absl::string_view name, const rows::v1::ComplaintRow& row, int64_t version) {
  const events::v1::Assigned& assigned = row.assigned();
  v1::Assignment out;
  out.set_name(std::string(name));
  const bool ended = row.state() == rows::v1::ComplaintRow::STATE_ENDED;
  out.set_state(ended ? v1::Assignment::STATE_ENDED : v1::Assignment::STATE_OPEN);
  out.set_number(assigned.assignment());
  out.set_agency(row.has_assigned() ? assigned.agency() : row.matter().place_agency());
  out.set_office(row.has_assigned() ? assigned.office() : row.matter().place_office());
  out.set_team(assigned.team());
  out.set_agent(assigned.agent());
  out.set_priority(row.priority());
  if (row.has_assigned()) {
    out.set_decided_by(DecidedByOf(assigned));
    *out.mutable_assigned_time() = service::WriteTime(assigned.occurred_at());
  }
  out.set_visit_needed(assigned.visit_needed());
  out.set_category(row.matter().category());
  out.set_residence(row.matter().residence());
  out.set_kind(row.matter().kind());
  out.set_urgency(row.matter().urgency());
  out.set_round(row.round());
  out.set_reason(ended ? row.ended_reason() : assigned.reason());
  if (ended) *out.mutable_ended_time() = service::WriteTime(row.ended_at());
  out.set_etag(service::FormatEtag(version));
  return out;
}

v1::QueueEntry ToApi(absl::string_view complaint, int64_t received_at, const rows::v1::QueueRow& row) {
  v1::QueueEntry out;
  out.set_complaint(absl::StrCat("complaints/", complaint));
  out.set_agency(row.agency());
  out.set_office(row.office());
  out.set_team(row.team());
  out.set_agent(row.agent());
  out.set_priority(row.priority());
  out.set_category(row.category());
  out.set_residence(row.residence());
  out.set_urgency(row.urgency());
  *out.mutable_received_time() = service::WriteTime(received_at);
  *out.mutable_assigned_time() = service::WriteTime(row.assigned_at());
  out.set_visit_needed(row.visit_needed());
  out.set_round(row.round());
  return out;
}

v1::RouteExplanation ToExplanation(absl::string_view name, const events::v1::Assigned& assigned) {
  v1::RouteExplanation out;
  out.set_name(std::string(name));
  out.set_number(assigned.assignment());
  out.set_decided_by(DecidedByOf(assigned));
  out.set_rule(assigned.rule());
  out.set_rule_set_version(assigned.rule_set_version());
  out.set_fallback(assigned.fallback());
  for (const events::v1::RuleMiss& miss : assigned.misses()) {
    auto* tried = out.add_tried();
    tried->set_rule(miss.rule());
    tried->set_condition(miss.condition());
    out.add_sentences(SentenceOf(miss, assigned));
  }
  out.add_sentences(Verdict(assigned));
  out.set_agency(assigned.agency());
  out.set_office(assigned.office());
  out.set_team(assigned.team());
  out.set_agent(assigned.agent());
  out.set_priority(assigned.priority());
  out.set_visit_needed(assigned.visit_needed());
  out.set_reason(assigned.reason());
  *out.mutable_assigned_time() = service::WriteTime(assigned.occurred_at());
  v1::Matter* matter = out.mutable_matter();
  matter->set_kind(assigned.kind());
  matter->set_category(assigned.category());
  matter->set_channel(assigned.channel());
  matter->set_urgency(assigned.urgency());
  matter->set_residence(assigned.residence());
  matter->set_agency(assigned.place_agency());
  matter->set_office(assigned.place_office());
  matter->set_care_level(assigned.care_level());
  out.set_complaint_version(assigned.complaint_version());
  return out;
}

register_v1::VersionInfo ToApi(register_v1::ReferenceKind kind, const std::string& id,
                               const ::redress::register_::rows::v1::VersionRow& row) {
  register_v1::VersionInfo info;
  info.set_kind(kind);
  info.set_id(id);
  info.set_version(row.version());
  *info.mutable_active_time() = service::WriteTime(row.active_from());
  *info.mutable_recorded_time() = service::WriteTime(row.recorded_at());
  info.set_actor(row.actor());
  if (row.has_territory()) *info.mutable_territory_counts() = row.territory().counts();
  info.set_tzdata(row.tzdata());
  return info;
}

register_v1::GetVersionResponse ToResponse(register_v1::ReferenceKind kind, const std::string& id,
                                           const ::redress::register_::rows::v1::VersionRow& row) {
  using Row = ::redress::register_::rows::v1::VersionRow;
  register_v1::GetVersionResponse response;
  *response.mutable_version() = ToApi(kind, id, row);
  switch (row.content_case()) {
    case Row::kOrganisation: *response.mutable_organisation() = row.organisation(); break;
    case Row::kRuleSet: *response.mutable_rule_set() = row.rule_set(); break;
    case Row::kObligationPack: *response.mutable_pack() = row.obligation_pack(); break;
    case Row::kPackRules: *response.mutable_pack_rules() = row.pack_rules(); break;
    case Row::kCalendar: *response.mutable_calendar() = row.calendar(); break;
    default: break;
  }
  return response;
}

}  // namespace redress::routing

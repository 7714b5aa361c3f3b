#include "services/redressctl/import/event_mapper.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "libs/status/macros.h"
#include "services/redressctl/import/case_fold.h"

namespace redress::importer {

namespace v1 = ::redress::import::v1;
namespace types = ::redress::types::v1;

namespace {

constexpr Millis kNoTime = std::numeric_limits<Millis>::min();

std::vector<types::FactKind> Supplied(const v1::Mapping& mapping) {
  std::set<types::FactKind> supplied = {types::FACT_KIND_RECEIVED, types::FACT_KIND_REOPENED};
  if (mapping.has_team() || mapping.has_handler()) supplied.insert(types::FACT_KIND_ASSIGNED);
  for (const auto& activity : mapping.event().activities()) {
    supplied.insert(activity.fact());
    supplied.insert(activity.until());
  }
  supplied.erase(types::FACT_KIND_UNSPECIFIED);
  return {supplied.begin(), supplied.end()};
}

}  // namespace

uint32_t Interner::Number(absl::string_view text) {
  const auto found = numbers_.find(text);
  if (found != numbers_.end()) return found->second;
  const auto number = static_cast<uint32_t>(texts_.size());
  texts_.emplace_back(text);
  numbers_.emplace(texts_.back(), number);
  return number;
}

absl::StatusOr<std::unique_ptr<Mapper>> EventMapper::Create(const v1::Mapping& mapping,
                                                            std::unique_ptr<RowSource> source, Millis now) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(mapping.zone()));
  auto mapper = absl::WrapUnique(new EventMapper(mapping, zone, std::move(source), now));
  RETURN_IF_ERROR(mapper->source_->Select(mapper->columns_.columns()));
  return std::unique_ptr<Mapper>(std::move(mapper));
}

EventMapper::EventMapper(const v1::Mapping& mapping, absl::TimeZone zone, std::unique_ptr<RowSource> source, Millis now)
    : mapping_(mapping),
      blanks_(mapping),
      treatments_(mapping),
      plausible_(mapping, zone, now),
      common_(mapping, blanks_, &columns_),
      reference_(mapping.reference(), blanks_, &columns_),
      team_(mapping.team(), blanks_, &columns_),
      handler_(mapping.handler(), blanks_, &columns_),
      activity_(mapping.event().activity(), blanks_, &columns_),
      time_(mapping.event().time(), mapping, zone, blanks_, Midnight::kInstant, &columns_),
      supplied_(Supplied(mapping)),
      source_(std::move(source)) {
  for (const auto& activity : mapping_.event().activities()) activities_[texts_.Number(activity.name())] = &activity;
}

absl::StatusOr<std::optional<Result>> EventMapper::Next() {
  if (!loaded_) {
    load_status_ = Load();
    loaded_ = true;
  }
  RETURN_IF_ERROR(load_status_);
  const bool more = next_case_ < cases_.size();
  if (!refused_.empty() && (!more || refused_.front().first_line() < cases_[next_case_].first_line)) {
    Result result = std::move(refused_.front());
    refused_.pop_front();
    return result;
  }
  if (!more) return std::nullopt;
  return Fold(next_case_++);
}

absl::Status EventMapper::Load() {
  Row row;
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, source_->Next(&row));
    if (!more) break;
    LoadRow(row);
  }
  for (const auto& [reference, line] : incomplete_) {
    const auto found = case_numbers_.find(reference);
    if (found == case_numbers_.end()) continue;
    // The refused row is counted as refused: what is flagged is the case, at its first row.
    Case& incomplete = cases_[found->second];
    treatments_.Add({.oddity = v1::ODDITY_INCOMPLETE_CASE,
                     .line = incomplete.first_line,
                     .detail = absl::StrCat("the row in line ", line, " was refused")},
                    &incomplete.row_issues);
  }
  std::sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
    return std::tie(a.case_number, a.at, a.line) < std::tie(b.case_number, b.at, b.line);
  });
  begins_.assign(cases_.size() + 1, events_.size());
  for (size_t i = events_.size(); i-- > 0;) begins_[events_[i].case_number] = i;
  return absl::OkStatus();
}

void EventMapper::LoadRow(const Row& row) {
  std::vector<Issue> issues;
  std::string scratch;
  std::string reference;
  Event event{.at = kNoTime, .line = row.line, .case_number = 0, .activity = 0, .team = 0, .handler = 0};
  if (row.error.has_value()) {
    treatments_.Add({row.error->oddity, true, row.error->line, row.error->column, row.error->detail}, &issues);
  } else {
    reference = std::string(reference_.Read(row, &scratch));
    if (reference.empty()) {
      treatments_.Add({.oddity = v1::ODDITY_MISSING_REFERENCE, .line = row.line, .column = reference_.name()}, &issues);
    }
    CheckCode(reference, row.line, reference_.name(), treatments_, &issues);
    event.at = ReadAt(row, &issues);
    event.activity = ReadName(activity_, row, &issues);
    event.team = ReadCode(team_, row, &issues);
    event.handler = ReadName(handler_, row, &issues);
    if (!activities_.contains(event.activity)) {
      treatments_.Add({.oddity = v1::ODDITY_UNKNOWN_ACTIVITY,
                       .line = row.line,
                       .column = activity_.name(),
                       .detail = Quoted(texts_.Text(event.activity))},
                      &issues);
    }
  }
  if (!Refused(issues)) return Keep(row, event, reference, std::move(issues));
  if (!reference.empty()) incomplete_.emplace_back(reference, row.line);
  Result result;
  result.lines = {row.line};
  result.issues = std::move(issues);
  refused_.push_back(std::move(result));
}

void EventMapper::Keep(const Row& row, Event event, const std::string& reference, std::vector<Issue> issues) {
  const auto [found, fresh] = case_numbers_.try_emplace(reference, static_cast<uint32_t>(cases_.size()));
  if (fresh) cases_.push_back({{}, kNoTime, {}, {}, row.line});
  event.case_number = found->second;
  events_.push_back(event);
  Case& own = cases_[event.case_number];
  own.row_issues.insert(own.row_issues.end(), issues.begin(), issues.end());
  // The earliest row tells what the case is; one without a time does so until another has one.
  const bool earlier = event.at != kNoTime && (own.earliest == kNoTime || event.at < own.earliest);
  if (!fresh && !earlier) return;
  own.complaint.Clear();
  own.head_issues.clear();
  common_.Read(row, &own.complaint, &own.head_issues);
  own.complaint.set_reference(reference);
  own.earliest = event.at;
}

Millis EventMapper::ReadAt(const Row& row, std::vector<Issue>* issues) const {
  const absl::string_view text = time_.Text(row);
  const std::optional<ReadTime> time = time_.Read(text);
  const v1::Oddity oddity = !time.has_value()                 ? v1::ODDITY_UNREADABLE_TIME
                            : plausible_.Impossible(time->at) ? v1::ODDITY_FACT_IMPOSSIBLE
                            : plausible_.InFuture(time->at)   ? v1::ODDITY_FACT_IN_FUTURE
                                                              : v1::ODDITY_UNSPECIFIED;
  if (oddity == v1::ODDITY_UNSPECIFIED) return time->at;
  treatments_.Add({.oddity = oddity, .line = row.line, .column = time_.name(), .detail = Quoted(text)}, issues);
  return kNoTime;
}

uint32_t EventMapper::ReadName(const TextReader& reader, const Row& row, std::vector<Issue>* issues) {
  std::string scratch;
  const absl::string_view text = reader.Read(row, &scratch);
  return CheckLength(text, kMaxNameBytes, row.line, reader.name(), treatments_, issues) ? texts_.Number(text) : 0;
}

uint32_t EventMapper::ReadCode(const TextReader& reader, const Row& row, std::vector<Issue>* issues) {
  std::string scratch;
  return texts_.Number(importer::ReadCode(reader, row, &scratch, treatments_, issues));
}

Result EventMapper::Fold(size_t case_number) {
  // What a row means whose activity the mapping does not list.
  static const v1::Activity* const kUnknown = [] {
    auto* activity = new v1::Activity;
    activity->set_assigns(v1::Activity::ASSIGNS_NOBODY);
    return activity;
  }();
  Case own = std::move(cases_[case_number]);
  cases_[case_number] = {};
  Result result;
  result.issues = std::move(own.head_issues);
  result.issues.insert(result.issues.end(), own.row_issues.begin(), own.row_issues.end());
  CaseFold fold(&own.complaint);
  for (size_t i = begins_[case_number]; i < begins_[case_number + 1]; ++i) {
    const Event& event = events_[i];
    result.lines.push_back(event.line);
    const auto known = activities_.find(event.activity);
    const int facts = event.at == kNoTime
                          ? 0
                          : fold.Apply({.at = event.at,
                                        .activity = known == activities_.end() ? kUnknown : known->second,
                                        .team = texts_.Text(event.team),
                                        .handler = texts_.Text(event.handler)});
    if (facts == 0) ++result.without_fact[texts_.Text(event.activity)];
  }
  std::sort(result.lines.begin(), result.lines.end());
  const auto refuse = [&](v1::Oddity oddity, const std::string& column, std::string detail) {
    result.issues.push_back({oddity, true, own.first_line, column, std::move(detail)});
  };
  if (own.complaint.facts().empty()) refuse(v1::ODDITY_MISSING_RECEIVED, time_.name(), "");
  if (own.complaint.facts_size() > kMaxFacts) {
    refuse(v1::ODDITY_TOO_MANY_FACTS, "", absl::StrCat(own.complaint.facts_size(), " facts, at most ", kMaxFacts));
  }
  std::stable_sort(result.issues.begin(), result.issues.end(),
                   [](const Issue& a, const Issue& b) { return a.line < b.line; });
  if (Refused(result.issues)) return result;
  for (const types::FactKind kind : supplied_) own.complaint.add_supplied_facts(kind);
  for (std::string& flag : FlagsOf(result.issues)) own.complaint.add_flags(std::move(flag));
  result.complaint = std::move(own.complaint);
  return result;
}

}  // namespace redress::importer

// Which complaints a report is about, as of when, and by what it is split. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/sla/facts.h"

namespace redress::sla {

enum class GroupBy { kAgency, kOffice, kTeam, kCategory, kChannel, kUrgency, kKind, kMonth, kQuarter };

// A complaint passes when it has one of the values of every set that is not empty.
struct CaseFilter {
  absl::flat_hash_set<std::string> agencies;
  absl::flat_hash_set<std::string> offices;
  absl::flat_hash_set<std::string> teams;
  absl::flat_hash_set<std::string> categories;
  absl::flat_hash_set<int> channels;
  absl::flat_hash_set<int> urgencies;
  absl::flat_hash_set<int> kinds;
  // What the caller sees; not asked when `all_agencies`.
  absl::flat_hash_set<std::string> scope;
  bool all_agencies = true;

  // In every list that is not empty, and in the scope.
  bool Passes(const CaseDimensions& dimensions) const;
};

struct Question {
  // The period, [start, end); of what, the report says.
  Millis start = -kForEver;
  Millis end = kForEver;
  // The instant of the report: facts after it do not count, open complaints are open until then.
  Millis now = 0;
  Millis known = kForEver;
  // Neither of the two lies in the past: what was written holds.
  bool present = true;
  bool at_receipt = false;
  CaseFilter filter;
  std::vector<GroupBy> group_by;

  AsOf as_of() const { return {now, known}; }
  bool InPeriod(Millis at) const { return start <= at && at < end; }
};

// One complaint as a question sees it. Valid while the row it was read from is.
struct CaseView {
  const events::v1::ClockStarted* start = nullptr;
  Facts facts;
  Life life;
  CaseDimensions dimensions;
  Millis reopen_window = 0;  // in force at the question's instant
  bool day_only = false;     // of its receipt or its end, only the day is known

  Millis received() const { return start->received_at(); }
  // Its end, or `now` while open.
  Millis until(Millis now) const { return life.open() ? now : life.ended_at; }
};
// False when the question cannot know of the complaint, or its filter turns it away. `view` may be used again and
// again.
template <typename Row>
bool Look(const Row& row, const Question& question, CaseView* view) {
  if (row.start().received_at() > question.now || row.start().recorded_at() > question.known) return false;
  view->start = &row.start();
  view->life = Life();
  Select(row.facts(), question.as_of(), &view->facts);
  view->day_only = false;
  for (const NotedFact* noted : view->facts) {
    view->life.Take(*noted);
    view->day_only |=
        noted->fact().kind() == types::v1::FACT_KIND_RECEIVED && noted->fact().precision() == types::v1::PRECISION_DAY;
  }
  view->day_only |= view->life.day_only;
  view->reopen_window = ReopenWindowOf(row.start(), view->facts);
  view->dimensions = DimensionsOf(row.start(), view->facts, question.at_receipt);
  return question.filter.Passes(view->dimensions);
}

// Numbers groups as they turn up.
class Grouper {
 public:
  explicit Grouper(std::vector<GroupBy> by) : by_(std::move(by)) {}

  // The number of the complaint's group, a new one where it is the first of it.
  size_t GroupOf(const CaseView& view);
  size_t size() const { return groups_.size(); }
  // In the order of GroupBy: codes, "phone", "urgent", "2026-03"; "" when unknown.
  const std::vector<std::string>& ValuesOf(size_t group) const { return groups_[group]; }
  // Group numbers, sorted by their values.
  std::vector<size_t> Sorted() const;

 private:
  std::string PeriodOf(Millis received, absl::string_view zone, bool quarter);

  const std::vector<GroupBy> by_;
  absl::flat_hash_map<std::string, size_t> numbers_;
  std::vector<std::vector<std::string>> groups_;
  std::string key_;
  std::string zone_name_;
  absl::TimeZone zone_ = absl::UTCTimeZone();
};

// "phone", "urgent", "service_request"; "" for an unspecified or unknown value.
std::string NameOf(types::v1::Channel channel);
std::string NameOf(types::v1::Urgency urgency);
std::string NameOf(types::v1::ComplaintKind kind);

}  // namespace redress::sla

#include "services/redressctl/import/row_mapper.h"

#include <sodium/crypto_shorthash_siphash24.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/status/macros.h"

namespace redress::importer {

namespace v1 = ::redress::import::v1;
namespace types = ::redress::types::v1;

absl::StatusOr<std::unique_ptr<Mapper>> RowMapper::Create(const v1::Mapping& mapping, std::unique_ptr<RowSource> source,
                                                          Millis now) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(mapping.zone()));
  auto mapper = absl::WrapUnique(new RowMapper(mapping, zone, std::move(source), now));
  RETURN_IF_ERROR(mapper->source_->Select(mapper->columns_.columns()));
  return std::unique_ptr<Mapper>(std::move(mapper));
}

RowMapper::RowMapper(const v1::Mapping& mapping, absl::TimeZone zone, std::unique_ptr<RowSource> source, Millis now)
    : blanks_(mapping),
      treatments_(mapping),
      plausible_(mapping, zone, now),
      common_(mapping, blanks_, &columns_),
      reference_(mapping.reference(), blanks_, &columns_),
      team_(mapping.team(), blanks_, &columns_),
      handler_(mapping.handler(), blanks_, &columns_),
      received_(mapping.row().received(), mapping, zone, blanks_, Midnight::kDayBegins, &columns_),
      source_(std::move(source)) {
  const v1::RowShape& shape = mapping.row();
  std::set<types::FactKind> supplied = {types::FACT_KIND_RECEIVED};
  if (mapping.has_team() || mapping.has_handler()) supplied.insert(types::FACT_KIND_ASSIGNED);
  if (shape.has_resolved()) {
    resolved_.emplace(shape.resolved(), mapping, zone, blanks_, Midnight::kDayEnds, &columns_);
    supplied.insert(types::FACT_KIND_RESOLVED);
  }
  const auto supply = [&supplied](v1::StateMeaning::Meaning meaning) {
    if (meaning == v1::StateMeaning::MEANING_WITHDRAWN) supplied.insert(types::FACT_KIND_WITHDRAWN);
  };
  if (shape.has_due()) due_.emplace(shape.due(), mapping, zone, blanks_, Midnight::kDayEnds, &columns_);
  if (shape.has_state()) state_.emplace(shape.state(), blanks_, &columns_);
  for (const auto& state : shape.states()) {
    states_[state.value()] = {state.meaning(), state.outcome()};
    supply(state.meaning());
  }
  for (const auto& rule : shape.end_rules()) {
    end_rules_.push_back({columns_.Add(rule.column(), rule.optional()),
                          absl::AsciiStrToLower(rule.contains()),
                          {rule.meaning(), rule.outcome()}});
    supply(rule.meaning());
  }
  for (const auto& fact : shape.facts()) {
    other_times_.push_back({TimeColumn(fact.time(), mapping, zone, blanks_, Midnight::kDayEnds, &columns_), fact});
    supplied.insert(fact.fact());
  }
  supplied_.assign(supplied.begin(), supplied.end());
}

absl::StatusOr<std::optional<Result>> RowMapper::Next() {
  ASSIGN_OR_RETURN(const bool more, source_->Next(&row_));
  if (!more) return std::nullopt;
  return Map(row_);
}

void RowMapper::Add(v1::Oddity oddity, const Row& row, const std::string& column, std::string detail,
                    Result* result) const {
  treatments_.Add({.oddity = oddity, .line = row.line, .column = column, .detail = std::move(detail)}, &result->issues);
}

Result RowMapper::Map(const Row& row) {
  Result result;
  result.lines = {row.line};
  if (row.error.has_value()) {
    treatments_.Add({row.error->oddity, true, row.error->line, row.error->column, row.error->detail}, &result.issues);
    return result;
  }
  Complaint complaint;
  const ReferenceHash reference = ReadReference(row, &result, &complaint);
  common_.Read(row, &complaint, &result.issues);
  const std::optional<ReadTime> received = ReadReceived(row, &result);
  if (!received.has_value()) return result;
  Fact* fact = complaint.add_facts();
  fact->set_kind(types::FACT_KIND_RECEIVED);
  fact->set_occurred_at(received->at);
  if (received->day_only) fact->set_precision(types::PRECISION_DAY);
  ReadInCharge(row, received->at, &result, &complaint);
  ReadOtherTimes(row, received->at, &result, &complaint);
  ReadEnd(row, received->at, &result, &complaint);
  ReadDue(row, received->at, &result, &complaint);
  if (Refused(result.issues)) return result;
  lines_by_reference_.try_emplace(reference, row.line);
  std::stable_sort(complaint.mutable_facts()->begin(), complaint.mutable_facts()->end(),
                   [](const Fact& a, const Fact& b) { return a.occurred_at() < b.occurred_at(); });
  for (const types::FactKind kind : supplied_) complaint.add_supplied_facts(kind);
  for (std::string& flag : FlagsOf(result.issues)) complaint.add_flags(std::move(flag));
  result.complaint = std::move(complaint);
  return result;
}

RowMapper::ReferenceHash RowMapper::ReadReference(const Row& row, Result* result, Complaint* complaint) const {
  std::string scratch;
  const absl::string_view reference = reference_.Read(row, &scratch);
  if (reference.empty()) {
    Add(v1::ODDITY_MISSING_REFERENCE, row, reference_.name(), "", result);
    return {};
  }
  if (!CheckCode(reference, row.line, reference_.name(), treatments_, &result->issues)) return {};
  complaint->set_reference(std::string(reference));
  // Any fixed key does: the hash only has to keep references of one file apart.
  static const unsigned char kKey[crypto_shorthash_siphashx24_KEYBYTES] = {};
  unsigned char hash[crypto_shorthash_siphashx24_BYTES];
  crypto_shorthash_siphashx24(hash, reinterpret_cast<const unsigned char*>(reference.data()), reference.size(), kKey);
  ReferenceHash key;
  std::memcpy(&key.first, hash, 8);
  std::memcpy(&key.second, hash + 8, 8);
  const auto found = lines_by_reference_.find(key);
  if (found != lines_by_reference_.end()) {
    Add(v1::ODDITY_DUPLICATE_REFERENCE, row, reference_.name(), absl::StrCat("first in line ", found->second), result);
  }
  return key;
}

std::optional<ReadTime> RowMapper::ReadReceived(const Row& row, Result* result) const {
  const auto refuse = [&](v1::Oddity oddity, absl::string_view text) {
    result->issues.push_back({oddity, true, row.line, received_.name(), text.empty() ? "" : Quoted(text)});
    return std::nullopt;
  };
  const absl::string_view text = received_.Text(row);
  if (text.empty()) return refuse(v1::ODDITY_MISSING_RECEIVED, text);
  const std::optional<ReadTime> received = received_.Read(text);
  if (!received.has_value()) return refuse(v1::ODDITY_UNREADABLE_TIME, text);
  if (plausible_.Impossible(received->at)) return refuse(v1::ODDITY_RECEIVED_IMPOSSIBLE, text);
  if (plausible_.InFuture(received->at)) return refuse(v1::ODDITY_RECEIVED_IN_FUTURE, text);
  return received;
}

RowMapper::Ending RowMapper::ReadState(const Row& row, Result* result) const {
  using Meaning = v1::StateMeaning;
  Ending ending{Meaning::MEANING_ENDED, types::OUTCOME_FIXED};
  if (state_.has_value()) {
    std::string scratch;
    const absl::string_view state = state_->Read(row, &scratch);
    const auto found = states_.find(state);
    if (found == states_.end()) {
      Add(v1::ODDITY_UNKNOWN_STATE, row, state_->name(), Quoted(state), result);
      return {Meaning::MEANING_UNSPECIFIED, types::OUTCOME_UNSPECIFIED};
    }
    ending = found->second;
  } else if (resolved_.has_value() && resolved_->Text(row).empty()) {
    return {Meaning::MEANING_OPEN, types::OUTCOME_UNSPECIFIED};
  }
  if (ending.meaning != Meaning::MEANING_ENDED) return ending;
  for (const EndRule& rule : end_rules_) {
    if (absl::StrContains(absl::AsciiStrToLower(row.values[rule.place]), rule.contains)) return rule.ending;
  }
  return ending;
}

// An end counts where the state means one; where it cannot be, the row stays open and is flagged.
void RowMapper::ReadEnd(const Row& row, Millis received, Result* result, Complaint* complaint) const {
  if (!resolved_.has_value()) {
    if (state_.has_value()) ReadState(row, result);  // for what may be odd about it
    return;
  }
  const Ending ending = ReadState(row, result);
  const absl::string_view text = resolved_->Text(row);
  if (ending.meaning == v1::StateMeaning::MEANING_UNSPECIFIED) return;
  if (ending.meaning == v1::StateMeaning::MEANING_OPEN) {
    if (!text.empty()) Add(v1::ODDITY_END_ON_OPEN_ROW, row, resolved_->name(), Quoted(text), result);
    return;
  }
  if (text.empty()) return Add(v1::ODDITY_END_MISSING, row, resolved_->name(), "", result);
  const std::optional<ReadTime> end = resolved_->Read(text);
  if (!end.has_value()) return Add(v1::ODDITY_UNREADABLE_TIME, row, resolved_->name(), Quoted(text), result);
  if (plausible_.Impossible(end->at))
    return Add(v1::ODDITY_END_IMPOSSIBLE, row, resolved_->name(), Quoted(text), result);
  if (plausible_.InFuture(end->at)) return Add(v1::ODDITY_END_IN_FUTURE, row, resolved_->name(), Quoted(text), result);
  if (end->at < received) return Add(v1::ODDITY_CLOSED_BEFORE_RECEIVED, row, resolved_->name(), Quoted(text), result);
  Fact* fact = complaint->add_facts();
  fact->set_occurred_at(end->at);
  if (end->day_only) fact->set_precision(types::PRECISION_DAY);
  const bool withdrawn = ending.meaning == v1::StateMeaning::MEANING_WITHDRAWN;
  fact->set_kind(withdrawn ? types::FACT_KIND_WITHDRAWN : types::FACT_KIND_RESOLVED);
  fact->set_outcome(ending.outcome);
}

void RowMapper::ReadDue(const Row& row, Millis received, Result* result, Complaint* complaint) const {
  if (!due_.has_value()) return;
  const absl::string_view text = due_->Text(row);
  if (text.empty()) return;
  const std::optional<ReadTime> due = due_->Read(text);
  if (!due.has_value()) return Add(v1::ODDITY_UNREADABLE_TIME, row, due_->name(), Quoted(text), result);
  if (plausible_.Impossible(due->at)) return Add(v1::ODDITY_DUE_IMPOSSIBLE, row, due_->name(), Quoted(text), result);
  if (due->at < received) Add(v1::ODDITY_DUE_BEFORE_RECEIVED, row, due_->name(), Quoted(text), result);
  complaint->set_due_at(due->at);
}

void RowMapper::ReadOtherTimes(const Row& row, Millis received, Result* result, Complaint* complaint) const {
  for (const OtherTime& other : other_times_) {
    const absl::string_view text = other.column.Text(row);
    if (text.empty()) continue;
    const std::optional<ReadTime> time = other.column.Read(text);
    const v1::Oddity oddity = !time.has_value()                 ? v1::ODDITY_UNREADABLE_TIME
                              : plausible_.Impossible(time->at) ? v1::ODDITY_FACT_IMPOSSIBLE
                              : plausible_.InFuture(time->at)   ? v1::ODDITY_FACT_IN_FUTURE
                              : time->at < received             ? v1::ODDITY_FACT_BEFORE_RECEIVED
                                                                : v1::ODDITY_UNSPECIFIED;
    if (oddity != v1::ODDITY_UNSPECIFIED) {
      Add(oddity, row, other.column.name(), Quoted(text), result);
      continue;
    }
    Fact* fact = complaint->add_facts();
    fact->set_kind(other.fact.fact());
    fact->set_occurred_at(time->at);
    if (time->day_only) fact->set_precision(types::PRECISION_DAY);
    if (other.fact.fact() == types::FACT_KIND_ANSWERED) fact->set_stage(std::max(1u, other.fact.stage()));
  }
}

void RowMapper::ReadInCharge(const Row& row, Millis received, Result* result, Complaint* complaint) const {
  std::string team_scratch;
  std::string handler_scratch;
  const absl::string_view handler = handler_.Read(row, &handler_scratch);
  // Both are told.
  const absl::string_view team = ReadCode(team_, row, &team_scratch, treatments_, &result->issues);
  const bool handler_fits =
      CheckLength(handler, kMaxNameBytes, row.line, handler_.name(), treatments_, &result->issues);
  if (Refused(result->issues) || !handler_fits || (team.empty() && handler.empty())) return;
  Fact* fact = complaint->add_facts();
  fact->set_kind(types::FACT_KIND_ASSIGNED);
  fact->set_occurred_at(received);
  fact->set_team(std::string(team));
  fact->set_handler(std::string(handler));
}

}  // namespace redress::importer

#include "services/redressctl/import/oddity.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/status/utf8.h"

namespace redress::importer {

namespace v1 = ::redress::import::v1;

namespace {

// Those a mapping may treat as it likes; all others are refused (INCOMPLETE_CASE: flagged), always.
struct Choice {
  v1::Oddity oddity;
  v1::Treatment own;
  bool may_accept;
};
constexpr Choice kChoices[] = {
    {v1::ODDITY_DUPLICATE_REFERENCE, v1::TREATMENT_REFUSE, false},
    {v1::ODDITY_UNREADABLE_TIME, v1::TREATMENT_FLAG, false},
    {v1::ODDITY_CLOSED_BEFORE_RECEIVED, v1::TREATMENT_FLAG, false},
    {v1::ODDITY_END_IMPOSSIBLE, v1::TREATMENT_FLAG, false},
    {v1::ODDITY_END_IN_FUTURE, v1::TREATMENT_FLAG, false},
    {v1::ODDITY_END_MISSING, v1::TREATMENT_FLAG, false},
    {v1::ODDITY_END_ON_OPEN_ROW, v1::TREATMENT_FLAG, true},
    {v1::ODDITY_UNKNOWN_STATE, v1::TREATMENT_FLAG, false},
    {v1::ODDITY_UNKNOWN_VALUE, v1::TREATMENT_FLAG, true},
    {v1::ODDITY_MISSING_RESIDENCE, v1::TREATMENT_FLAG, true},
    {v1::ODDITY_DUE_IMPOSSIBLE, v1::TREATMENT_FLAG, false},
    {v1::ODDITY_DUE_BEFORE_RECEIVED, v1::TREATMENT_FLAG, false},
    {v1::ODDITY_UNKNOWN_ACTIVITY, v1::TREATMENT_FLAG, false},
    {v1::ODDITY_FACT_IMPOSSIBLE, v1::TREATMENT_FLAG, false},
    {v1::ODDITY_FACT_IN_FUTURE, v1::TREATMENT_FLAG, false},
    {v1::ODDITY_FACT_BEFORE_RECEIVED, v1::TREATMENT_FLAG, false},
};

const Choice* FindChoice(v1::Oddity oddity) {
  const auto* found = std::find_if(std::begin(kChoices), std::end(kChoices),
                                   [oddity](const Choice& choice) { return choice.oddity == oddity; });
  return found == std::end(kChoices) ? nullptr : found;
}

}  // namespace

std::string NameOf(v1::Oddity oddity) {
  return absl::AsciiStrToLower(absl::StripPrefix(v1::Oddity_Name(oddity), "ODDITY_"));
}

v1::Treatment OwnTreatment(v1::Oddity oddity) {
  if (oddity == v1::ODDITY_INCOMPLETE_CASE) return v1::TREATMENT_FLAG;
  const Choice* choice = FindChoice(oddity);
  return choice == nullptr ? v1::TREATMENT_REFUSE : choice->own;
}

bool MayChoose(v1::Oddity oddity, v1::Treatment treatment) {
  const Choice* choice = FindChoice(oddity);
  if (choice == nullptr) return treatment == OwnTreatment(oddity);
  return treatment == v1::TREATMENT_REFUSE || treatment == v1::TREATMENT_FLAG ||
         (treatment == v1::TREATMENT_ACCEPT && choice->may_accept);
}

Treatments::Treatments(const v1::Mapping& mapping) {
  for (const auto& choice : mapping.treatments()) chosen_[choice.oddity()] = choice.treatment();
}

void Treatments::Add(Issue issue, std::vector<Issue>* issues) const {
  const auto chosen = chosen_.find(issue.oddity);
  const v1::Treatment treatment = chosen == chosen_.end() ? OwnTreatment(issue.oddity) : chosen->second;
  AddTreated(std::move(issue), treatment, issues);
}

void Treatments::AddTreated(Issue issue, v1::Treatment treatment, std::vector<Issue>* issues) {
  if (treatment == v1::TREATMENT_ACCEPT) return;
  issue.refuses = issue.refuses || treatment == v1::TREATMENT_REFUSE;
  issues->push_back(std::move(issue));
}

bool Refused(const std::vector<Issue>& issues) {
  return std::any_of(issues.begin(), issues.end(), [](const Issue& issue) { return issue.refuses; });
}

std::vector<std::string> FlagsOf(const std::vector<Issue>& issues) {
  std::set<std::string> names;
  for (const Issue& issue : issues) names.insert(NameOf(issue.oddity));
  return {names.begin(), names.end()};
}

std::string Quoted(absl::string_view value) {
  constexpr size_t kMost = 64;
  const bool cut = value.size() > kMost;
  if (cut) {
    value = value.substr(0, kMost + 1);
    // Not in the middle of a character.
    while ((value.back() & 0xC0) == 0x80 && value.size() > kMost - 3) value.remove_suffix(1);
    value.remove_suffix(1);
  }
  return absl::StrCat("'", EscapeInvalidUtf8(absl::Utf8SafeCHexEscape(value)), cut ? "…'" : "'");
}

}  // namespace redress::importer

#include "services/redressctl/import_tally.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/reference/csv.h"
#include "services/redressctl/output.h"

namespace redress::ctl {
namespace {

using intake::v1::ImportedRow;
using reference::CsvField;

void AppendCounts(const std::string& title, const std::map<std::string, int64_t>& counts, std::string* text) {
  if (counts.empty()) return;
  TextTable table({title, "rows"}, {TextTable::Align::kLeft, TextTable::Align::kRight});
  for (const auto& [name, count] : counts) table.Add({name, absl::StrCat(count)});
  absl::StrAppend(text, "\n", table.Render());
}

}  // namespace

ImportTally::ImportTally(std::ostream* report) : report_(report) {
  if (report_ != nullptr) *report_ << "line,column,outcome,reason,detail\n";
}

void ImportTally::List(int64_t line, const std::string& column, const char* outcome, const std::string& reason,
                       const std::string& detail) {
  if (report_ == nullptr) return;
  *report_ << line << ',' << CsvField(column) << ',' << outcome << ',' << CsvField(reason) << ',' << CsvField(detail)
           << '\n';
}

void ImportTally::Refused(const importer::Result& result) {
  refused_ += result.rows();
  std::set<int64_t> listed;
  std::set<std::pair<std::string, int64_t>> counted;
  const importer::Issue* reason = nullptr;
  for (const auto& issue : result.issues) {
    if (issue.refuses && reason == nullptr) reason = &issue;
    const std::string name = importer::NameOf(issue.oddity);
    List(issue.line, issue.column, issue.refuses ? "refused" : "flagged", name, issue.detail);
    if (!issue.refuses) continue;
    listed.insert(issue.line);
    if (counted.insert({name, issue.line}).second) ++refusals_[name];
  }
  // The other rows of a case that one of them refuses. A row of its own is listed where its fault lies.
  for (const int64_t line : result.lines) {
    if (reason == nullptr || result.rows() == 1 || listed.count(line) > 0) continue;
    const std::string name = importer::NameOf(reason->oddity);
    List(line, "", "refused", name, absl::StrCat("its case is refused at line ", reason->line));
    ++refusals_[name];
  }
}

int64_t ImportTally::ListFlags(const importer::Result& result, const ImportedRow& row) {
  std::set<int64_t> lines;
  std::set<std::pair<std::string, int64_t>> counted;
  const auto flag = [&](int64_t line, const std::string& column, const std::string& name, const std::string& detail) {
    List(line, column, "flagged", name, detail);
    lines.insert(line);
    if (counted.insert({name, line}).second) ++flags_[name];
  };
  for (const auto& issue : result.issues) flag(issue.line, issue.column, importer::NameOf(issue.oddity), issue.detail);
  for (const std::string& name : row.flags()) flag(result.first_line(), "", name, "as the server says");
  return static_cast<int64_t>(lines.size());
}

void ImportTally::CountWithoutFact(const importer::Result& result) {
  for (const auto& [activity, rows] : result.without_fact) without_fact_[activity] += rows;
}

void ImportTally::WouldSend(const importer::Result& result) { Accepted(result, ImportedRow()); }

void ImportTally::Accepted(const importer::Result& result, const ImportedRow& row) {
  accepted_ += result.rows();
  flagged_ += ListFlags(result, row);
  CountWithoutFact(result);
}

void ImportTally::Answered(const importer::Result& result, const ImportedRow& row) {
  switch (row.answer()) {
    case ImportedRow::ANSWER_EXTENDED: extended_ += result.rows(); [[fallthrough]];
    case ImportedRow::ANSWER_ACCEPTED: return Accepted(result, row);
    case ImportedRow::ANSWER_KNOWN:
      known_ += result.rows();
      ListFlags(result, row);
      return;
    default: break;
  }
  refused_ += result.rows();
  std::set<std::string> reasons;
  for (const auto& refusal : row.refusals()) {
    for (const int64_t line : result.lines)
      List(line, refusal.field(), "refused", refusal.reason(), refusal.description());
    reasons.insert(refusal.reason());
  }
  if (reasons.empty()) {
    reasons.insert("NO_REASON");
    for (const int64_t line : result.lines) List(line, "", "refused", "NO_REASON", "the server gave none");
  }
  for (const std::string& reason : reasons) refusals_[reason] += result.rows();
}

std::string ImportTally::Render() const {
  std::string text = absl::StrCat("accepted ", accepted_, " (flagged ", flagged_, " among them) + known ", known_,
                                  " + refused ", refused_, " = ", rows(), " rows\n");
  if (extended_ > 0) absl::StrAppend(&text, "of the accepted, ", extended_, " are further facts of known complaints\n");
  AppendCounts("refused for", refusals_, &text);
  AppendCounts("flagged for", flags_, &text);
  AppendCounts("activity without a fact", without_fact_, &text);
  return text;
}

std::string ImportTally::Json() const {
  nlohmann::ordered_json json = {{"rows", rows()},          {"accepted", accepted_}, {"flagged", flagged_},
                                 {"extended", extended_},   {"known", known_},       {"refused", refused_},
                                 {"refusedFor", refusals_}, {"flaggedFor", flags_},  {"withoutFact", without_fact_}};
  return json.dump();
}

}  // namespace redress::ctl

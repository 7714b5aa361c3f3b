#include "tests/fuzz/import_results.h"

#include <set>

#include "libs/ids/codes.h"
#include "libs/status/errors.h"
#include "libs/status/utf8.h"
#include "services/redressctl/import/fields.h"
#include "services/redressctl/import/mapper.h"
#include "services/redressctl/import/mapping.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

using importer::Issue;
using importer::Result;

constexpr Millis kEarliest = -2208988800000;
constexpr Millis kLatest = 7258118400000;

void CheckComplaint(const ::redress::intake::v1::ImportedComplaint& complaint) {
  Check(!complaint.reference().empty() && CodeFault(complaint.reference()).empty(), "a reference is one line");
  for (const std::string& code :
       {complaint.category(), complaint.residence(), complaint.agency(), complaint.office()}) {
    Check(CodeFault(code).empty(), "a code is one line");
  }
  Check(complaint.description().size() <= importer::kMaxDescriptionBytes &&
            FirstInvalidUtf8(complaint.description()) == absl::string_view::npos,
        "a description is bounded UTF-8");
  Check(complaint.facts_size() > 0 && complaint.facts_size() <= importer::kMaxFacts, "facts are bounded");
  Check(complaint.facts(0).kind() == types::v1::FACT_KIND_RECEIVED, "the first is the receipt");
  for (const auto& fact : complaint.facts()) {
    Check(fact.kind() != types::v1::FACT_KIND_UNSPECIFIED, "a fact is of a kind");
    Check(fact.occurred_at() >= complaint.facts(0).occurred_at(), "none comes before the receipt");
    Check(fact.occurred_at() >= kEarliest && fact.occurred_at() < kLatest, "all lie in the years that are taken");
    Check(fact.occurred_at() <= kImportNow + kDay, "and none in the future");
    Check(CodeFault(fact.team()).empty(), "a team is a code");
    Check(FirstInvalidUtf8(fact.handler()) == absl::string_view::npos, "a name is UTF-8");
  }
}

// What refuses a file or mapping as a whole says so in a word.
void CheckRefusal(const absl::Status& status) {
  Check(absl::IsInvalidArgument(status), "what is wrong with a file is an argument");
  Check(!ReasonOf(status).empty(), "with a reason");
  Check(status.message().size() < 1 << 20, "of a bounded length");
}

// Nothing after a refusal.
std::vector<Result> MapAll(const ::redress::import::v1::Mapping& mapping, const std::string& path) {
  std::vector<Result> results;
  const auto mapper = importer::OpenMapper(mapping, path, kImportNow);
  if (!mapper.ok()) return CheckRefusal(mapper.status()), results;
  int64_t rows = 0;
  std::set<int64_t> lines;
  while (true) {
    auto result = (*mapper)->Next();
    // It was read through when it was opened.
    Check(result.ok(), "what was opened can be read");
    if (!result->has_value()) break;
    Check(!(*result)->lines.empty(), "a result has its rows");
    int64_t last = 0;
    for (const int64_t line : (*result)->lines) {
      Check(line > last, "in order");
      last = line;
      lines.insert(line);
    }
    rows += (*result)->rows();
    Check((*result)->complaint.has_value() != importer::Refused((*result)->issues), "refused, or a complaint");
    for (const Issue& issue : (*result)->issues) {
      Check(issue.line >= 1 && FirstInvalidUtf8(issue.detail) == absl::string_view::npos, "an issue can be shown");
      Check(issue.detail.size() < 1024, "and is short");
    }
    if ((*result)->complaint.has_value()) CheckComplaint(*(*result)->complaint);
    results.push_back(*std::move(*result));
  }
  Check(rows == (*mapper)->rows(), "every row is in one result");
  return results;
}

std::string Text(const Result& result) {
  std::string text = result.complaint.has_value() ? result.complaint->SerializeAsString() : "refused";
  for (const Issue& issue : result.issues) text += importer::NameOf(issue.oddity) + issue.detail + issue.column;
  for (const int64_t line : result.lines) text += std::to_string(line) + ",";
  return text;
}

}  // namespace

::redress::import::v1::Mapping MappingOf(const std::string& text) {
  auto mapping = importer::ParseMapping(text);
  if (!mapping.ok()) Check(false, mapping.status().ToString());
  return *std::move(mapping);
}

void CheckImport(const ::redress::import::v1::Mapping& mapping, const std::string& path) {
  const std::vector<Result> results = MapAll(mapping, path);
  const std::vector<Result> again = MapAll(mapping, path);
  Check(results.size() == again.size(), "the same file gives the same results");
  for (size_t i = 0; i < results.size(); ++i) Check(Text(results[i]) == Text(again[i]), "in the same order");
}

}  // namespace redress::fuzz

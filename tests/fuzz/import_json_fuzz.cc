// JSON arrays and NDJSON: what the reader takes out of them, against a parser that holds all in memory; and what a
// mapping makes of them.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "services/redressctl/import/source.h"
#include "tests/fuzz/import_results.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

using nlohmann::json;

const std::vector<importer::Column>& Columns() {
  static const auto* const columns = new std::vector<importer::Column>{
      {"id", true}, {"at", true}, {"state", true}, {"where.home", true}, {"where.at[1]", true}, {"list[0].x", true}};
  return *columns;
}

// The value at a path; null when there is none.
const json* Find(const json& object, absl::string_view path) {
  const json* at = &object;
  while (!path.empty()) {
    if (path[0] == '[') {
      const auto index = static_cast<size_t>(path[1] - '0');
      if (!at->is_array() || index >= at->size()) return nullptr;
      at = &(*at)[index];
      path.remove_prefix(3);
    } else {
      const size_t end = std::min(path.find_first_of(".["), path.size());
      const auto found = at->is_object() ? at->find(std::string(path.substr(0, end))) : at->end();
      if (!at->is_object() || found == at->end()) return nullptr;
      at = &*found;
      path.remove_prefix(end);
    }
    if (absl::StartsWith(path, ".")) path.remove_prefix(1);
  }
  return at;
}

std::vector<importer::Row> ReadAll(importer::RowSource& source, std::vector<std::vector<std::string>>* values) {
  Check(source.Select(Columns()).ok(), "optional columns can be chosen");
  std::vector<importer::Row> rows;
  importer::Row row;
  int64_t last = 0;
  while (true) {
    const auto more = source.Next(&row);
    Check(more.ok(), "what was opened can be read");
    if (!*more) break;
    Check(row.line >= last && row.line >= 1, "lines go up");
    last = row.line;
    values->emplace_back(row.values.begin(), row.values.end());
    rows.push_back(row);
  }
  Check(source.rows() == static_cast<int64_t>(rows.size()), "rows are counted");
  return rows;
}

void CheckValues(const json& objects, const std::vector<importer::Row>& rows,
                 const std::vector<std::vector<std::string>>& values) {
  Check(objects.size() == rows.size(), "an object is a row");
  for (size_t i = 0; i < rows.size(); ++i) {
    bool all_values = true;
    for (size_t c = 0; c < Columns().size(); ++c) {
      const json* value = Find(objects[i], Columns()[c].name);
      all_values = all_values && (value == nullptr || value->is_primitive());
    }
    Check(rows[i].error.has_value() != all_values, "what is no value is found");
    for (size_t c = 0; all_values && c < Columns().size(); ++c) {
      const json* value = Find(objects[i], Columns()[c].name);
      // Numbers with a point keep their text, which is lost here.
      if (value != nullptr && value->is_number_float()) continue;
      std::string expected;
      if (value != nullptr && value->is_string()) expected = value->get<std::string>();
      if (value != nullptr && (value->is_boolean() || value->is_number())) expected = value->dump();
      Check(values[i][c] == expected, "two parsers agree");
    }
  }
}

bool AllObjects(const json& array) {
  return array.is_array() && std::all_of(array.begin(), array.end(), [](const json& one) { return one.is_object(); });
}

void CheckArray(absl::string_view bytes) {
  const MemoryFile file(bytes);
  auto source = importer::OpenSource(file.path(), ::redress::import::v1::FORMAT_JSON);
  if (absl::StartsWith(bytes, "\x1F\x8B")) return;
  const json parsed = json::parse(bytes.begin(), bytes.end(), nullptr, /*allow_exceptions=*/false);
  const bool sound = !parsed.is_discarded() && AllObjects(parsed);
  if (!source.ok()) {
    Check(absl::IsInvalidArgument(source.status()) && !ReasonOf(source.status()).empty(), "why it is refused");
    return Check(!sound, "a sound file is taken");
  }
  std::vector<std::vector<std::string>> values;
  const std::vector<importer::Row> rows = ReadAll(**source, &values);
  if (!sound) return;
  CheckValues(parsed, rows, values);

  // The same objects one after the other are the same rows.
  std::string lines;
  for (const json& one : parsed) absl::StrAppend(&lines, one.dump(), "\n");
  if (lines.empty()) return;
  const MemoryFile as_lines(lines);
  auto other = importer::OpenSource(as_lines.path(), ::redress::import::v1::FORMAT_JSON);
  Check(other.ok(), "objects one after the other are taken");
  std::vector<std::vector<std::string>> same;
  CheckValues(parsed, ReadAll(**other, &same), same);
}

const ::redress::import::v1::Mapping& RowMapping() {
  static const auto* const mapping = new auto(MappingOf(R"(
    system: "fuzz" zone: "America/New_York" time_formats: ["%Y-%m-%dT%H:%M:%E*S%Ez", "%s"]
    reference { columns: "id" } residence { columns: "where.home" optional: true }
    category { columns: ["type", "list[0].x"] optional: true first_present: true default_value: "other" }
    row { received { column: "at" } resolved { column: "where.at[1]" optional: true }
          state { columns: "state" optional: true }
          states { value: "open" meaning: MEANING_OPEN }
          states { value: "done" meaning: MEANING_ENDED outcome: OUTCOME_FIXED } })"));
  return *mapping;
}

void Run(absl::string_view bytes) {
  CheckArray(bytes);
  const MemoryFile file(bytes);
  CheckImport(RowMapping(), file.path());
}

const Target kTarget("import_json", Run);

}  // namespace
}  // namespace redress::fuzz

// CSV files: what the reader takes out of them, against a parser that holds all in memory; and what mappings of both
// shapes make of them.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "libs/status/errors.h"
#include "libs/status/utf8.h"
#include "services/redressctl/import/source.h"
#include "tests/fuzz/import_results.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

struct Record {
  std::vector<std::string> fields;
  int64_t line = 0;
  bool malformed = false;
};

// RFC 4180 as csv_source.h reads it; nothing when the file as a whole is broken.
std::optional<std::vector<Record>> ParseCsv(absl::string_view text, char delimiter) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  std::vector<Record> records;
  int64_t line = 1;
  const auto at_line_end = [&] { return absl::StartsWith(text, "\n") || absl::StartsWith(text, "\r\n"); };
  const auto skip_line_end = [&] {
    text.remove_prefix(text[0] == '\r' ? 2 : 1);
    ++line;
  };
  while (true) {
    while (at_line_end()) skip_line_end();
    if (text.empty()) return records;
    Record record;
    record.line = line;
    while (true) {
      std::string field;
      if (absl::ConsumePrefix(&text, "\"")) {
        const int64_t opened = line;
        while (true) {
          if (text.empty()) return std::nullopt;
          if (absl::ConsumePrefix(&text, "\"\"")) {
            field.push_back('"');
          } else if (absl::ConsumePrefix(&text, "\"")) {
            break;
          } else {
            line += text[0] == '\n';
            field.push_back(text[0]);
            text.remove_prefix(1);
          }
        }
        if (!text.empty() && !at_line_end() && text[0] != delimiter) {
          if (line != opened) return std::nullopt;
          record.malformed = true;
        }
      }
      while (!text.empty() && text[0] != delimiter && !at_line_end()) {
        field.push_back(text[0]);
        text.remove_prefix(1);
      }
      record.fields.push_back(std::move(field));
      if (text.empty() || at_line_end()) break;
      text.remove_prefix(1);
    }
    if (!text.empty()) skip_line_end();
    records.push_back(std::move(record));
  }
}

bool IsUtf8(absl::string_view text) { return FirstInvalidUtf8(text) == absl::string_view::npos; }

void CheckRows(importer::RowSource& source, const std::vector<Record>& records) {
  // Names that stand there once.
  std::vector<std::string> header;
  for (const std::string& field : records[0].fields) header.emplace_back(absl::StripAsciiWhitespace(field));
  std::vector<importer::Column> columns;
  std::vector<size_t> places;
  for (size_t i = 0; i < header.size(); ++i) {
    if (std::count(header.begin(), header.end(), header[i]) > 1) continue;
    columns.push_back({header[i], false});
    places.push_back(i);
  }
  const absl::Status selected = source.Select(columns);
  Check(selected.ok(), "columns that are there can be chosen");
  Check(source.rows() == static_cast<int64_t>(records.size()) - 1, "rows are counted");
  importer::Row row;
  for (size_t i = 1; i < records.size(); ++i) {
    const auto more = source.Next(&row);
    Check(more.ok() && *more, "as many as were counted");
    Check(row.line == records[i].line, "a row begins where it begins");
    const bool sound = !records[i].malformed && records[i].fields.size() == header.size() &&
                       std::all_of(records[i].fields.begin(), records[i].fields.end(), IsUtf8);
    Check(row.error.has_value() != sound, "what is wrong with a row is found");
    if (!sound) {
      Check(row.error->line >= row.line, "in the row");
      continue;
    }
    for (size_t c = 0; c < places.size(); ++c) {
      Check(row.values[c] == records[i].fields[places[c]], "two parsers agree");
    }
  }
  const auto more = source.Next(&row);
  Check(more.ok() && !*more, "and no more");
}

void CheckSource(absl::string_view bytes, const std::string& path, char delimiter) {
  auto source = importer::OpenSource(path, ::redress::import::v1::FORMAT_CSV, delimiter);
  const auto records = ParseCsv(bytes, delimiter);
  if (!source.ok()) {
    Check(absl::IsInvalidArgument(source.status()) && !ReasonOf(source.status()).empty(), "why it is refused");
    const std::string reason = ReasonOf(source.status());
    if (reason == "WRONG_FORMAT" || reason == "BROKEN_GZIP") return;
    if (reason == "NOT_UTF8") return;
    const bool broken = !records.has_value() || records->empty() || (*records)[0].malformed;
    return Check(broken, "a sound file is taken");
  }
  // What is packed, only the reader unpacks.
  if (absl::StartsWith(bytes, "\x1F\x8B")) return;
  Check(records.has_value() && !records->empty(), "a broken file is refused");
  Check(!(*records)[0].malformed, "with its header");
  CheckRows(**source, *records);
}

const ::redress::import::v1::Mapping& RowMapping() {
  static const auto* const mapping = new auto(MappingOf(R"(
    system: "fuzz" zone: "Europe/Paris" time_formats: ["%Y-%m-%d %H:%M", "%Y-%m-%d"] blank_values: "N/A"
    reference { columns: "id" } category { columns: ["type", "sub"] } residence { columns: "home" optional: true }
    team { columns: "team" optional: true } handler { columns: "who" optional: true }
    description { columns: "text" optional: true }
    channel { column: "by" values { from: "tel" to: CHANNEL_PHONE } optional: true }
    row { received { column: "at" midnight_is_day: true } resolved { column: "end" } due { column: "due" optional: true }
          state { columns: "state" }
          states { value: "open" meaning: MEANING_OPEN }
          states { value: "done" meaning: MEANING_ENDED outcome: OUTCOME_FIXED }
          states { value: "gone" meaning: MEANING_WITHDRAWN }
          facts { time { column: "ack" optional: true } fact: FACT_KIND_ACKNOWLEDGED } }
    treatments { oddity: ODDITY_END_ON_OPEN_ROW treatment: TREATMENT_ACCEPT })"));
  return *mapping;
}

const ::redress::import::v1::Mapping& EventMapping() {
  static const auto* const mapping = new auto(MappingOf(R"(
    system: "fuzz" zone: "Europe/Paris" time_formats: ["%Y-%m-%d %H:%M", "%Y-%m-%d"] delimiter: ";"
    reference { columns: "id" } category { columns: "type" optional: true }
    team { columns: "team" optional: true } handler { columns: "who" optional: true }
    event { time { column: "at" } activity { columns: ["what", "how"] }
            activities { name: "new/" }
            activities { name: "ack/" fact: FACT_KIND_ACKNOWLEDGED }
            activities { name: "wait/parts" fact: FACT_KIND_PARTS_AWAITED until: FACT_KIND_WORK_RESUMED }
            activities { name: "done/ok" fact: FACT_KIND_RESOLVED outcome: OUTCOME_FIXED }
            activities { name: "gone/" fact: FACT_KIND_WITHDRAWN assigns: ASSIGNS_NOBODY }
            activities { name: "thanks/" note: true } })"));
  return *mapping;
}

void Run(absl::string_view bytes) {
  const MemoryFile file(bytes);
  CheckSource(bytes, file.path(), ',');
  CheckSource(bytes, file.path(), ';');
  CheckImport(RowMapping(), file.path());
  CheckImport(EventMapping(), file.path());
}

const Target kTarget("import_csv", Run);

}  // namespace
}  // namespace redress::fuzz

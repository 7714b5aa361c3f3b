// Mapping files: whatever passes the check must be able to map any file that has its columns.
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "services/redressctl/import/mapping.h"
#include "tests/fuzz/import_results.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

namespace pb = ::google::protobuf;
using ::redress::import::v1::Mapping;

// All texts of the fields `column` and `columns`, wherever they lie.
void FindColumns(const pb::Message& message, std::set<std::string>* columns) {
  const pb::Reflection& reflection = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const auto* field : set) {
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
        FindColumns(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                         : reflection.GetMessage(message, field),
                    columns);
      } else if (field->name() == "columns") {
        columns->insert(reflection.GetRepeatedString(message, field, i));
      } else if (field->name() == "column") {
        columns->insert(reflection.GetString(message, field));
      }
    }
  }
}

std::string Quote(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) absl::StrAppend(&quoted, c == '"' ? "\"\"" : absl::string_view(&c, 1));
  return quoted + "\"";
}

// A file with the columns, and some values of each kind in turn.
std::string CsvOf(const std::set<std::string>& columns, absl::string_view delimiter) {
  const std::vector<std::string> values = {"7",   "2024-03-31 02:30", "2024-05-01T10:00:00+02:00", "Closed", "", "open",
                                           "N/A", "1714557600",       "03/31/2024 02:30:00 AM"};
  std::string text;
  for (const std::string& column : columns) absl::StrAppend(&text, text.empty() ? "" : delimiter, Quote(column));
  text += "\n";
  for (size_t row = 0; row < values.size(); ++row) {
    size_t at = row;
    std::string line;
    for (size_t c = 0; c < columns.size(); ++c, at = at * 5 + 1) {
      absl::StrAppend(&line, c == 0 ? "" : delimiter, Quote(values[at % values.size()]));
    }
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

void Run(absl::string_view bytes) {
  const auto mapping = importer::ParseMapping(bytes);
  if (!mapping.ok()) {
    const std::string reason = ReasonOf(mapping.status());
    Check(reason == "BAD_MAPPING" || (reason == "INVALID_FIELDS" && !ViolationsOf(mapping.status()).empty()),
          "what is wrong is said");
    return;
  }
  std::string printed;
  pb::TextFormat::PrintToString(*mapping, &printed);
  const auto again = importer::ParseMapping(printed);
  Check(again.ok() && again->SerializeAsString() == mapping->SerializeAsString(), "what was read is written and read");

  std::set<std::string> columns;
  FindColumns(*mapping, &columns);
  if (columns.empty() || columns.size() > 64) return;
  const std::string delimiter = mapping->delimiter().empty() ? "," : mapping->delimiter();
  const MemoryFile csv(CsvOf(columns, delimiter));
  CheckImport(*mapping, csv.path());
  const MemoryFile json(R"({"id": "1", "at": "2024-03-31T02:30:00Z", "a": {"b": [1, {"c": null}]}})");
  CheckImport(*mapping, json.path());
}

const Target kTarget("import_mappings", Run);

}  // namespace
}  // namespace redress::fuzz

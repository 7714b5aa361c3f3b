#include "services/redressctl/import/fields.h"

#include <algorithm>

#include "absl/strings/str_join.h"

namespace redress::importer {

namespace v1 = ::redress::import::v1;

int ColumnList::Add(const std::string& name, bool optional) {
  const auto found =
      std::find_if(columns_.begin(), columns_.end(), [&name](const Column& column) { return column.name == name; });
  if (found == columns_.end()) {
    columns_.push_back({name, optional});
    return static_cast<int>(columns_.size()) - 1;
  }
  found->optional = found->optional && optional;
  return static_cast<int>(found - columns_.begin());
}

Blanks::Blanks(const v1::Mapping& mapping) : values_(mapping.blank_values().begin(), mapping.blank_values().end()) {}

Blanks Blanks::With(const v1::TextField& field) const {
  Blanks blanks = *this;
  blanks.values_.insert(blanks.values_.end(), field.blank_values().begin(), field.blank_values().end());
  return blanks;
}

absl::string_view Blanks::Clean(absl::string_view value) const {
  value = absl::StripAsciiWhitespace(value);
  return std::find(values_.begin(), values_.end(), value) == values_.end() ? value : absl::string_view();
}

TextReader::TextReader(const v1::TextField& field, const Blanks& blanks, ColumnList* columns)
    : blanks_(blanks.With(field)),
      separator_(field.separator().empty() ? "/" : field.separator()),
      default_value_(field.default_value()),
      first_present_(field.first_present()),
      unlisted_(field.unlisted()),
      name_(absl::StrJoin(field.columns(), "+")) {
  for (const std::string& column : field.columns()) places_.push_back(columns->Add(column, field.optional()));
  for (const auto& value : field.values()) values_[std::string(absl::StripAsciiWhitespace(value.from()))] = value.to();
}

absl::string_view TextReader::Read(const Row& row, std::string* scratch, v1::Treatment* unlisted) const {
  if (unlisted != nullptr) *unlisted = v1::TREATMENT_UNSPECIFIED;
  absl::string_view only;
  bool joined = false;
  for (const int place : places_) {
    const absl::string_view value = blanks_.Clean(row.values[place]);
    if (value.empty()) continue;
    if (only.empty()) {
      only = value;
      if (first_present_) break;
      continue;
    }
    if (!joined) scratch->assign(only.data(), only.size());
    joined = true;
    scratch->append(separator_).append(value.data(), value.size());
  }
  if (only.empty()) return default_value_;
  const absl::string_view read = joined ? absl::string_view(*scratch) : only;
  if (values_.empty()) return read;
  const auto found = values_.find(read);
  if (found != values_.end()) return found->second;
  if (unlisted != nullptr) *unlisted = unlisted_;
  return read;
}

TimeColumn::TimeColumn(const v1::TimeField& field, const v1::Mapping& mapping, absl::TimeZone zone,
                       const Blanks& blanks, Midnight midnight, ColumnList* columns)
    : place_(columns->Add(field.column(), field.optional())),
      blanks_(blanks),
      reader_(field.formats().empty()
                  ? std::vector<std::string>(mapping.time_formats().begin(), mapping.time_formats().end())
                  : std::vector<std::string>(field.formats().begin(), field.formats().end()),
              zone, field.midnight_is_day() ? midnight : Midnight::kInstant),
      name_(field.column()) {}

}  // namespace redress::importer

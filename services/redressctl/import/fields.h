// The fields of a mapping, bound to the columns of a source: how a row's values become texts, codes and instants.
//
// Made while a mapper is built (each reader asks ColumnList for its columns), immutable afterwards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "libs/ids/codes.h"
#include "redress/import/v1/mapping.pb.h"
#include "services/redressctl/import/source.h"
#include "services/redressctl/import/times.h"

namespace redress::importer {

// What the server takes, so that a dry run tells what an import would: longest reference or code, name of a person, and
// description, in bytes; years between which all times lie.
inline constexpr size_t kMaxCodeBytes = kLongestCode;
inline constexpr size_t kMaxNameBytes = 1024;
inline constexpr size_t kMaxDescriptionBytes = 64 << 10;
inline constexpr size_t kMaxSystemBytes = 64;
inline constexpr int kEarliestYear = 1900;
inline constexpr int kLatestYear = 2199;

// The columns a mapping names, each once: what RowSource::Select wants.
class ColumnList {
 public:
  // Place of the column in Row::values. It is optional if all who ask for it say so.
  int Add(const std::string& name, bool optional);
  const std::vector<Column>& columns() const { return columns_; }

 private:
  std::vector<Column> columns_;
};

// Values that mean "missing", the empty one included.
class Blanks {
 public:
  explicit Blanks(const ::redress::import::v1::Mapping& mapping);
  // The same with those of one field.
  Blanks With(const ::redress::import::v1::TextField& field) const;
  // The value without white space around it, "" if it means "missing".
  absl::string_view Clean(absl::string_view value) const;

 private:
  std::vector<std::string> values_;
};

// A text out of one column or several.
class TextReader {
 public:
  TextReader(const ::redress::import::v1::TextField& field, const Blanks& blanks, ColumnList* columns);

  // Empty when missing without a default. Points into the row, the reader, or `scratch`. `*unlisted`, where given: what
  // the mapping says of a value that its list of values lacks; UNSPECIFIED when there is no list, or it has it.
  absl::string_view Read(const Row& row, std::string* scratch,
                         ::redress::import::v1::Treatment* unlisted = nullptr) const;
  // The columns' names joined by '+', for issues.
  const std::string& name() const { return name_; }

 private:
  std::vector<int> places_;
  Blanks blanks_;
  std::string separator_;
  std::string default_value_;
  bool first_present_;
  absl::flat_hash_map<std::string, std::string> values_;
  ::redress::import::v1::Treatment unlisted_;
  std::string name_;
};

// An instant in a column. Its name is the column's.
class TimeColumn {
 public:
  TimeColumn(const ::redress::import::v1::TimeField& field, const ::redress::import::v1::Mapping& mapping,
             absl::TimeZone zone, const Blanks& blanks, Midnight midnight, ColumnList* columns);

  // What the column holds, "" when missing.
  absl::string_view Text(const Row& row) const { return blanks_.Clean(row.values[place_]); }
  // Nothing when `text` is no time.
  std::optional<ReadTime> Read(absl::string_view text) const { return reader_.Read(text); }
  const std::string& name() const { return name_; }

 private:
  int place_;
  Blanks blanks_;
  TimeReader reader_;
  std::string name_;
};

// A value of a closed list, by the source's words. `Field` is ChannelField, UrgencyField or KindField.
template <typename Enum>
class CodedReader {
 public:
  template <typename Field>
  CodedReader(const Field& field, const Blanks& blanks, ColumnList* columns)
      : place_(field.column().empty() ? -1 : columns->Add(field.column(), field.optional())),
        blanks_(blanks),
        default_value_(field.default_value()),
        name_(field.column()) {
    for (const auto& value : field.values()) {
      values_[std::string(absl::StripAsciiWhitespace(value.from()))] = value.to();
    }
  }

  // Nothing when the value is not listed; then `*text` is it.
  std::optional<Enum> Read(const Row& row, absl::string_view* text) const {
    if (place_ < 0) return default_value_;
    // A listed word counts even if it is a blank one elsewhere.
    *text = absl::StripAsciiWhitespace(row.values[place_]);
    const auto found = values_.find(*text);
    if (found != values_.end()) return found->second;
    *text = blanks_.Clean(*text);
    if (text->empty()) return default_value_;
    return std::nullopt;
  }
  const std::string& name() const { return name_; }

 private:
  int place_;
  Blanks blanks_;
  absl::flat_hash_map<std::string, Enum> values_;
  Enum default_value_;
  std::string name_;
};

}  // namespace redress::importer

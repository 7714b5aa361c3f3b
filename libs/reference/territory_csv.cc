#include "libs/reference/territory_csv.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "libs/reference/csv.h"
#include "libs/reference/territory_check.h"
#include "libs/status/errors.h"
#include "libs/status/utf8.h"

namespace redress::reference {
namespace {

namespace v1 = ::redress::register_::v1;
using Table = TerritoryFault::Table;

constexpr absl::string_view kColumns[] = {"kind", "code",     "name",    "agency",   "office",    "residence",
                                          "zone", "calendar", "commune", "latitude", "longitude", "use"};

struct Row {
  int line = 0;  // where it begins, from 1
  std::vector<std::string> fields;
};

class CsvReader {
 public:
  explicit CsvReader(absl::string_view text) : rest_(text) { absl::ConsumePrefix(&rest_, "\xEF\xBB\xBF"); }

  // False at the end, or at a quote that is not closed (then broken() names its line).
  bool Next(Row* row) {
    *row = Row{line_, {}};
    if (rest_.empty() || broken_ != 0) return false;
    do {
      row->fields.push_back(absl::StartsWith(rest_, "\"") ? Quoted() : Plain());
    } while (broken_ == 0 && absl::ConsumePrefix(&rest_, ","));
    absl::ConsumePrefix(&rest_, "\r");
    if (absl::ConsumePrefix(&rest_, "\n")) ++line_;
    return broken_ == 0;
  }
  int broken() const { return broken_; }

 private:
  std::string Plain() {
    const size_t end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
    const std::string field(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return field;
  }
  std::string Quoted() {
    const int begins = line_;
    std::string field;
    rest_.remove_prefix(1);
    while (true) {
      const size_t quote = rest_.find('"');
      if (quote == absl::string_view::npos) {
        broken_ = begins;
        return field;
      }
      const absl::string_view piece = rest_.substr(0, quote);
      line_ += static_cast<int>(std::count(piece.begin(), piece.end(), '\n'));
      absl::StrAppend(&field, piece);
      rest_.remove_prefix(quote + 1);
      if (!absl::ConsumePrefix(&rest_, "\"")) break;
      field.push_back('"');
    }
    // Something between the closing quote and the comma: the quote was none.
    if (!rest_.empty() && rest_.find_first_of(",\r\n") != 0) broken_ = begins;
    return field;
  }

  absl::string_view rest_;
  int line_ = 1;
  int broken_ = 0;
};

class Parser {
 public:
  absl::StatusOr<v1::Territory> Parse(absl::string_view text) {
    CsvReader reader(text);
    Row row;
    if (reader.Next(&row)) ReadHeader(row);
    while (faults_.empty() && reader.Next(&row)) {
      if (row.fields.size() > 1 || !row.fields[0].empty()) rows_.push_back(row);
    }
    if (reader.broken() != 0) Add(reader.broken(), "", "a quote is not closed as it should be");
    for (const Row& one : rows_) CheckText(one);
    if (columns_.empty() && faults_.empty()) Add(1, "", "there is no first row with the names of the columns");
    if (faults_.empty()) {
      for (const Row& one : rows_) ReadRow(one);
      for (const TerritoryFault& fault : CheckTerritory(territory_)) {
        Add(lines_[static_cast<int>(fault.table)][fault.index], fault.field, fault.description);
      }
    }
    if (!faults_.empty()) return InvalidFields(ByLine());
    return std::move(territory_);
  }

 private:
  void Add(int line, absl::string_view column, absl::string_view description) {
    faults_.emplace_back(line, column.empty() ? std::string(description) : absl::StrCat(column, " ", description));
  }
  std::vector<FieldViolation> ByLine() {
    std::stable_sort(faults_.begin(), faults_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<FieldViolation> violations;
    for (auto& [line, description] : faults_) {
      violations.push_back({absl::StrCat("line ", line), std::move(description)});
    }
    return violations;
  }

  // Every field is UTF-8: another encoding is another file.
  void CheckText(const Row& row) {
    for (size_t i = 0; i < row.fields.size(); ++i) {
      const size_t bad = FirstInvalidUtf8(row.fields[i]);
      if (bad == absl::string_view::npos) continue;
      const auto named =
          std::find_if(columns_.begin(), columns_.end(), [i](const auto& column) { return column.second == i; });
      Add(row.line, named == columns_.end() ? absl::StrCat("column ", i + 1) : named->first,
          absl::StrCat("is not valid UTF-8 at byte ", bad));
    }
  }

  void ReadHeader(const Row& row) {
    CheckText(row);
    if (!faults_.empty()) return;
    for (size_t i = 0; i < row.fields.size(); ++i) {
      const std::string name(absl::StripAsciiWhitespace(row.fields[i]));
      if (std::find(std::begin(kColumns), std::end(kColumns), name) == std::end(kColumns)) {
        Add(row.line, "", absl::StrCat("'", name, "' is no column of a territory"));
      } else if (!columns_.emplace(name, i).second) {
        Add(row.line, "", absl::StrCat("column '", name, "' is there twice"));
      }
    }
    for (const char* needed : {"kind", "code"}) {
      if (!columns_.contains(needed)) Add(row.line, "", absl::StrCat("column '", needed, "' is missing"));
    }
  }

  std::string Get(const Row& row, absl::string_view column) const {
    const auto it = columns_.find(column);
    if (it == columns_.end() || it->second >= row.fields.size()) return "";
    return std::string(absl::StripAsciiWhitespace(row.fields[it->second]));
  }
  double Degrees(const Row& row, absl::string_view column) {
    const std::string text = Get(row, column);
    double value = 0;
    if (!text.empty() && !absl::SimpleAtod(text, &value))
      Add(row.line, column, absl::StrCat("'", text, "' is no number"));
    return value;
  }

  void ReadRow(const Row& row) {
    if (row.fields.size() > columns_.size()) {
      return Add(row.line, "", absl::StrCat("has ", row.fields.size(), " fields, ", columns_.size(), " are named"));
    }
    const std::string kind = Get(row, "kind");
    if (kind == "agency") return ReadAgency(row);
    if (kind == "office") return ReadOffice(row);
    if (kind == "residence") return ReadResidence(row);
    if (kind == "unit") return ReadUnit(row);
    Add(row.line, "kind", absl::StrCat("'", kind, "' is none of agency, office, residence, unit"));
  }
  void ReadAgency(const Row& row) {
    lines_[static_cast<int>(Table::kAgencies)].push_back(row.line);
    v1::Agency* agency = territory_.add_agencies();
    agency->set_code(Get(row, "code"));
    agency->set_name(Get(row, "name"));
    agency->set_zone(Get(row, "zone"));
    agency->set_calendar(Get(row, "calendar"));
    agency->set_latitude(Degrees(row, "latitude"));
    agency->set_longitude(Degrees(row, "longitude"));
  }
  void ReadOffice(const Row& row) {
    lines_[static_cast<int>(Table::kOffices)].push_back(row.line);
    v1::Office* office = territory_.add_offices();
    office->set_code(Get(row, "code"));
    office->set_name(Get(row, "name"));
    office->set_agency(Get(row, "agency"));
    office->set_parent_office(Get(row, "office"));
  }
  void ReadResidence(const Row& row) {
    lines_[static_cast<int>(Table::kResidences)].push_back(row.line);
    v1::Residence* residence = territory_.add_residences();
    residence->set_code(Get(row, "code"));
    residence->set_name(Get(row, "name"));
    residence->set_office(Get(row, "office"));
    residence->set_commune(Get(row, "commune"));
    residence->set_latitude(Degrees(row, "latitude"));
    residence->set_longitude(Degrees(row, "longitude"));
  }
  void ReadUnit(const Row& row) {
    lines_[static_cast<int>(Table::kUnits)].push_back(row.line);
    v1::Unit* unit = territory_.add_units();
    unit->set_code(Get(row, "code"));
    unit->set_residence(Get(row, "residence"));
    const std::string use = Get(row, "use");
    if (use.empty() || use == "dwelling") unit->set_kind(v1::Unit::KIND_DWELLING);
    if (use == "parking") unit->set_kind(v1::Unit::KIND_PARKING);
    if (use == "shop") unit->set_kind(v1::Unit::KIND_SHOP);
    if (use == "land") unit->set_kind(v1::Unit::KIND_LAND);
  }

  std::map<std::string, size_t, std::less<>> columns_;
  std::vector<Row> rows_;
  v1::Territory territory_;
  std::vector<int> lines_[4];  // by table: where each node stands
  std::vector<std::pair<int, std::string>> faults_;
};

// As few digits as give the same number again; nothing for 0, which is what a missing one is.
std::string Degrees(double value) {
  if (value == 0) return "";
  for (int digits = 6; digits < 17; ++digits) {
    const std::string text = absl::StrFormat("%.*g", digits, value);
    double again = 0;
    if (absl::SimpleAtod(text, &again) && again == value) return text;
  }
  return absl::StrFormat("%.17g", value);
}

std::string UseOf(v1::Unit::Kind kind) {
  switch (kind) {
    case v1::Unit::KIND_PARKING: return "parking";
    case v1::Unit::KIND_SHOP: return "shop";
    case v1::Unit::KIND_LAND: return "land";
    default: return "dwelling";
  }
}

}  // namespace

std::string FormatTerritoryCsv(const v1::Territory& territory) {
  std::string csv = absl::StrCat(absl::StrJoin(kColumns, ","), "\n");
  // In the order of kColumns.
  const auto add = [&csv](std::initializer_list<std::string> fields) {
    absl::StrAppend(
        &csv,
        absl::StrJoin(fields, ",",
                      [](std::string* out, const std::string& text) { absl::StrAppend(out, CsvField(text)); }),
        "\n");
  };
  for (const v1::Agency& agency : territory.agencies()) {
    add({"agency", agency.code(), agency.name(), "", "", "", agency.zone(), agency.calendar(), "",
         Degrees(agency.latitude()), Degrees(agency.longitude()), ""});
  }
  for (const v1::Office& office : territory.offices()) {
    add({"office", office.code(), office.name(), office.agency(), office.parent_office(), "", "", "", "", "", "", ""});
  }
  for (const v1::Residence& residence : territory.residences()) {
    add({"residence", residence.code(), residence.name(), "", residence.office(), "", "", "", residence.commune(),
         Degrees(residence.latitude()), Degrees(residence.longitude()), ""});
  }
  for (const v1::Unit& unit : territory.units()) {
    add({"unit", unit.code(), "", "", "", unit.residence(), "", "", "", "", "", UseOf(unit.kind())});
  }
  return csv;
}

absl::StatusOr<v1::Territory> ParseTerritoryCsv(absl::string_view text) { return Parser().Parse(text); }

}  // namespace redress::reference

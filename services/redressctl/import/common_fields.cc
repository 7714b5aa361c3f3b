#include "services/redressctl/import/common_fields.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "libs/ids/codes.h"

namespace redress::importer {

namespace v1 = ::redress::import::v1;
namespace types = ::redress::types::v1;

Plausible::Plausible(const v1::Mapping& mapping, absl::TimeZone zone, Millis now) : now_(now) {
  const int year = mapping.earliest_year() == 0 ? 1970 : mapping.earliest_year();
  const auto begin_of = [](int of_year, absl::TimeZone in) {
    return absl::ToUnixMillis(absl::FromCivil(absl::CivilSecond(of_year, 1, 1), in));
  };
  earliest_ = std::max(begin_of(year, zone), begin_of(kEarliestYear, absl::UTCTimeZone()));
  latest_ = std::min(now + 100 * 365 * kDay + 25 * kDay, begin_of(kLatestYear + 1, absl::UTCTimeZone()));
}

bool CheckLength(absl::string_view value, size_t limit, int64_t line, const std::string& column,
                 const Treatments& treatments, std::vector<Issue>* issues) {
  if (value.size() <= limit) return true;
  treatments.Add({.oddity = v1::ODDITY_VALUE_TOO_LONG,
                  .line = line,
                  .column = column,
                  .detail = absl::StrCat(value.size(), " bytes, at most ", limit)},
                 issues);
  return false;
}

bool CheckCode(absl::string_view value, int64_t line, const std::string& column, const Treatments& treatments,
               std::vector<Issue>* issues) {
  if (!CheckLength(value, kMaxCodeBytes, line, column, treatments, issues)) return false;
  if (CodeFault(value).empty()) return true;
  treatments.Add({.oddity = v1::ODDITY_CONTROL_CHARACTER, .line = line, .column = column, .detail = Quoted(value)},
                 issues);
  return false;
}

absl::string_view ReadCode(const TextReader& reader, const Row& row, std::string* scratch, const Treatments& treatments,
                           std::vector<Issue>* issues) {
  v1::Treatment unlisted;
  const absl::string_view value = reader.Read(row, scratch, &unlisted);
  if (!CheckCode(value, row.line, reader.name(), treatments, issues)) return "";
  if (unlisted != v1::TREATMENT_UNSPECIFIED) {
    Treatments::AddTreated(
        {.oddity = v1::ODDITY_UNKNOWN_VALUE, .line = row.line, .column = reader.name(), .detail = Quoted(value)},
        unlisted, issues);
  }
  return value;
}

CommonFields::CommonFields(const v1::Mapping& mapping, const Blanks& blanks, ColumnList* columns)
    : treatments_(mapping),
      system_(mapping.system()),
      zone_(mapping.zone()),
      category_(mapping.category(), blanks, columns),
      residence_(mapping.residence(), blanks, columns),
      agency_(mapping.agency(), blanks, columns),
      office_(mapping.office(), blanks, columns),
      description_(mapping.description(), blanks, columns),
      has_residence_(mapping.has_residence()),
      channel_(mapping.channel(), blanks, columns),
      urgency_(mapping.urgency(), blanks, columns),
      kind_(mapping.kind(), blanks, columns) {}

template <typename Enum>
Enum CommonFields::ReadCoded(const CodedReader<Enum>& reader, const Row& row, std::vector<Issue>* issues) const {
  absl::string_view text;
  const std::optional<Enum> value = reader.Read(row, &text);
  if (value.has_value()) return *value;
  treatments_.Add(
      {.oddity = v1::ODDITY_UNKNOWN_VALUE, .line = row.line, .column = reader.name(), .detail = Quoted(text)}, issues);
  return Enum{};
}

void CommonFields::Read(const Row& row, Complaint* complaint, std::vector<Issue>* issues) const {
  std::string scratch;
  const auto code = [&](const TextReader& reader) {
    return std::string(ReadCode(reader, row, &scratch, treatments_, issues));
  };
  complaint->set_system(system_);
  complaint->set_zone(zone_);
  complaint->set_category(code(category_));
  complaint->set_residence(code(residence_));
  complaint->set_agency(code(agency_));
  complaint->set_office(code(office_));
  const absl::string_view description = description_.Read(row, &scratch);
  if (CheckLength(description, kMaxDescriptionBytes, row.line, description_.name(), treatments_, issues)) {
    complaint->set_description(std::string(description));
  }
  complaint->set_channel(ReadCoded(channel_, row, issues));
  complaint->set_urgency(ReadCoded(urgency_, row, issues));
  const types::ComplaintKind kind = ReadCoded(kind_, row, issues);
  complaint->set_kind(kind == types::COMPLAINT_KIND_UNSPECIFIED ? types::COMPLAINT_KIND_COMPLAINT : kind);
  if (has_residence_ && residence_.Read(row, &scratch).empty()) {
    treatments_.Add({.oddity = v1::ODDITY_MISSING_RESIDENCE, .line = row.line, .column = residence_.name()}, issues);
  }
}

}  // namespace redress::importer

// What both shapes read from a row in the same way: all of a complaint but its reference, its facts and its due
// instant.
#pragma once

#include <vector>

#include "redress/import/v1/mapping.pb.h"
#include "redress/intake/v1/import.pb.h"
#include "services/redressctl/import/fields.h"
#include "services/redressctl/import/oddity.h"

namespace redress::importer {

// Which times make sense, as of one instant.
class Plausible {
 public:
  Plausible(const ::redress::import::v1::Mapping& mapping, absl::TimeZone zone, Millis now);

  // Before the mapping's earliest year, more than a century ahead, or outside the years that the server takes.
  bool Impossible(Millis at) const { return at < earliest_ || at > latest_; }
  bool InFuture(Millis at) const { return at > now_; }

 private:
  Millis earliest_;
  Millis latest_;
  Millis now_;
};

// Immutable.
class CommonFields {
 public:
  CommonFields(const ::redress::import::v1::Mapping& mapping, const Blanks& blanks, ColumnList* columns);

  // Fills `complaint` from the row, and adds what is odd about it.
  void Read(const Row& row, ::redress::intake::v1::ImportedComplaint* complaint, std::vector<Issue>* issues) const;

 private:
  using Complaint = ::redress::intake::v1::ImportedComplaint;

  template <typename Enum>
  Enum ReadCoded(const CodedReader<Enum>& reader, const Row& row, std::vector<Issue>* issues) const;

  Treatments treatments_;
  std::string system_;
  std::string zone_;
  TextReader category_;
  TextReader residence_;
  TextReader agency_;
  TextReader office_;
  TextReader description_;
  bool has_residence_;
  CodedReader<::redress::types::v1::Channel> channel_;
  CodedReader<::redress::types::v1::Urgency> urgency_;
  CodedReader<::redress::types::v1::ComplaintKind> kind_;
};

// VALUE_TOO_LONG if `value` is longer than `limit`; whether it is short enough.
bool CheckLength(absl::string_view value, size_t limit, int64_t line, const std::string& column,
                 const Treatments& treatments, std::vector<Issue>* issues);

// The same for a reference or code, which also must have no control character (CONTROL_CHARACTER).
bool CheckCode(absl::string_view value, int64_t line, const std::string& column, const Treatments& treatments,
               std::vector<Issue>* issues);

// The code that `reader` finds in the row, with what is odd about it; "" for one that does not fit.
absl::string_view ReadCode(const TextReader& reader, const Row& row, std::string* scratch, const Treatments& treatments,
                           std::vector<Issue>* issues);

}  // namespace redress::importer

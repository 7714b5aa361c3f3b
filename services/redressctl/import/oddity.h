// What can be odd about a row, and what is done about it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "redress/import/v1/mapping.pb.h"

namespace redress::importer {

// One odd thing about one row.
struct Issue {
  ::redress::import::v1::Oddity oddity = ::redress::import::v1::ODDITY_UNSPECIFIED;
  // Whether it refuses the row (or case); else it flags it.
  bool refuses = false;
  int64_t line = 0;
  // Several joined by '+'; empty when it concerns the row as a whole.
  std::string column;
  // For people; quotes codes and times of the row, never a description or a name.
  std::string detail;

  bool operator==(const Issue&) const = default;
};

// "closed_before_received" for ODDITY_CLOSED_BEFORE_RECEIVED.
std::string NameOf(::redress::import::v1::Oddity oddity);

// The treatment an oddity has of itself.
::redress::import::v1::Treatment OwnTreatment(::redress::import::v1::Oddity oddity);

// Whether a mapping may choose this treatment for it.
bool MayChoose(::redress::import::v1::Oddity oddity, ::redress::import::v1::Treatment treatment);

// A mapping's treatments. Immutable.
class Treatments {
 public:
  explicit Treatments(const ::redress::import::v1::Mapping& mapping);

  // Adds the issue, unless this mapping finds nothing odd about it. Whether it refuses is decided here.
  void Add(Issue issue, std::vector<Issue>* issues) const;
  // The same where a field says itself what is done.
  static void AddTreated(Issue issue, ::redress::import::v1::Treatment treatment, std::vector<Issue>* issues);

 private:
  std::map<::redress::import::v1::Oddity, ::redress::import::v1::Treatment> chosen_;
};

// Whether any of them refuses.
bool Refused(const std::vector<Issue>& issues);

// Their names, sorted, each once.
std::vector<std::string> FlagsOf(const std::vector<Issue>& issues);

// The value as it may stand in a detail: escaped, cut to 64 bytes between characters, in quotes.
std::string Quoted(absl::string_view value);

}  // namespace redress::importer

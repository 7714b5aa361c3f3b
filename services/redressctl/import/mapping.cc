#include "services/redressctl/import/mapping.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/textproto.h"
#include "services/redressctl/import/fields.h"
#include "services/redressctl/import/oddity.h"
#include "services/redressctl/import/times.h"

namespace redress::importer {
namespace {

namespace v1 = ::redress::import::v1;
namespace types = ::redress::types::v1;

// Facts that a shape's rules make, or that need more than a time.
const std::set<types::FactKind> kMadeByRules = {types::FACT_KIND_RECEIVED,  types::FACT_KIND_ASSIGNED,
                                                types::FACT_KIND_RESOLVED,  types::FACT_KIND_REOPENED,
                                                types::FACT_KIND_WITHDRAWN, types::FACT_KIND_EXTENSION_NOTIFIED};

// Collects what is wrong, field by field.
class Check {
 public:
  explicit Check(const v1::Mapping& mapping) : mapping_(mapping) {}

  absl::Status Run() {
    Whole();
    if (mapping_.has_row()) Row(mapping_.row());
    if (mapping_.has_event()) Event(mapping_.event());
    Treat();
    return faults_.empty() ? absl::OkStatus() : InvalidFields(faults_);
  }

 private:
  void Fault(absl::string_view field, absl::string_view description) {
    faults_.push_back({std::string(field), std::string(description)});
  }

  void Whole() {
    const bool visible = std::all_of(mapping_.system().begin(), mapping_.system().end(), absl::ascii_isgraph);
    if (mapping_.system().empty()) {
      Fault("system", "is required");
    } else if (mapping_.system().size() > kMaxSystemBytes || !visible) {
      Fault("system", absl::StrCat("must be 1 to ", kMaxSystemBytes, " visible ASCII characters"));
    }
    if (!mapping_.delimiter().empty() &&
        (mapping_.delimiter().size() != 1 || !absl::ascii_isascii(mapping_.delimiter()[0]) ||
         absl::string_view("\"\r\n").find(mapping_.delimiter()[0]) != absl::string_view::npos)) {
      Fault("delimiter", "must be one ASCII character, no quote or line end");
    }
    if (!LoadZone(mapping_.zone()).ok()) Fault("zone", absl::StrCat("no time zone is named ", Quoted(mapping_.zone())));
    Formats("time_formats", mapping_.time_formats());
    if (mapping_.earliest_year() != 0 &&
        (mapping_.earliest_year() < kEarliestYear || mapping_.earliest_year() > kLatestYear)) {
      Fault("earliest_year", absl::StrCat("must be ", kEarliestYear, " to ", kLatestYear));
    }
    if (!mapping_.has_reference()) Fault("reference", "is required");
    Text("reference", mapping_.reference(), mapping_.has_reference());
    Code("category", mapping_.category(), mapping_.has_category());
    Code("residence", mapping_.residence(), mapping_.has_residence());
    Code("agency", mapping_.agency(), mapping_.has_agency());
    Code("office", mapping_.office(), mapping_.has_office());
    Code("team", mapping_.team(), mapping_.has_team());
    Text("handler", mapping_.handler(), mapping_.has_handler());
    Text("description", mapping_.description(), mapping_.has_description());
    Coded("channel", mapping_.channel());
    Coded("urgency", mapping_.urgency());
    Coded("kind", mapping_.kind());
    if (mapping_.shape_case() == v1::Mapping::SHAPE_NOT_SET) Fault("row", "a shape is required: row or event");
  }

  template <typename List>
  void Formats(const std::string& field, const List& formats) {
    for (int i = 0; i < formats.size(); ++i) {
      const std::string fault = FormatFault(formats[i]);
      if (!fault.empty()) Fault(absl::StrCat(field, "[", i, "]"), fault);
    }
  }

  // A text that is a code here, whatever the source calls it.
  void Code(const std::string& field, const v1::TextField& text, bool present) {
    Text(field, text, present, /*translated=*/true);
    if (text.unlisted() != v1::TREATMENT_UNSPECIFIED && text.values().empty()) {
      Fault(absl::StrCat(field, ".unlisted"), "goes with values alone");
    }
    std::set<std::string> seen;
    for (int i = 0; i < text.values_size(); ++i) {
      const std::string at = absl::StrCat(field, ".values[", i, "]");
      const std::string from(absl::StripAsciiWhitespace(text.values(i).from()));
      if (from.empty()) Fault(absl::StrCat(at, ".from"), "is required; default_value stands for missing ones");
      if (!seen.insert(from).second) Fault(absl::StrCat(at, ".from"), "stands there twice");
      if (text.values(i).to().empty()) Fault(absl::StrCat(at, ".to"), "is required; blank_values are taken as missing");
      const std::string fault = CodeFault(text.values(i).to());
      if (!fault.empty()) Fault(absl::StrCat(at, ".to"), fault);
    }
  }

  void Text(const std::string& field, const v1::TextField& text, bool present, bool translated = false) {
    if (!translated && (!text.values().empty() || text.unlisted() != v1::TREATMENT_UNSPECIFIED)) {
      Fault(absl::StrCat(field, ".values"), "are for codes: category, residence, agency, office and team");
    }
    if (present && text.columns().empty() && text.default_value().empty()) {
      Fault(absl::StrCat(field, ".columns"), "a column or a default_value is required");
    }
    for (const std::string& column : text.columns()) {
      if (column.empty()) Fault(absl::StrCat(field, ".columns"), "must not be empty");
    }
  }

  template <typename Field>
  void Coded(const std::string& field, const Field& coded) {
    if (coded.column().empty() && !coded.values().empty())
      Fault(absl::StrCat(field, ".column"), "is required for values");
    std::set<std::string> seen;
    for (const auto& value : coded.values()) {
      if (!seen.insert(value.from()).second)
        Fault(absl::StrCat(field, ".values"), absl::StrCat(Quoted(value.from()), " twice"));
      if (value.to() == 0) Fault(absl::StrCat(field, ".values"), absl::StrCat(Quoted(value.from()), " needs a `to`"));
    }
  }

  void Time(const std::string& field, const v1::TimeField& time) {
    if (time.column().empty()) Fault(absl::StrCat(field, ".column"), "is required");
    Formats(absl::StrCat(field, ".formats"), time.formats());
    if (time.formats().empty() && mapping_.time_formats().empty()) {
      Fault(absl::StrCat(field, ".formats"), "are required where there are no time_formats");
    }
  }

  void Meaning(const std::string& field, v1::StateMeaning::Meaning meaning, types::Outcome outcome) {
    if (meaning == v1::StateMeaning::MEANING_UNSPECIFIED) Fault(absl::StrCat(field, ".meaning"), "is required");
    const bool ended = meaning == v1::StateMeaning::MEANING_ENDED;
    if (ended && outcome == types::OUTCOME_UNSPECIFIED)
      Fault(absl::StrCat(field, ".outcome"), "is required with MEANING_ENDED");
    if (!ended && outcome != types::OUTCOME_UNSPECIFIED)
      Fault(absl::StrCat(field, ".outcome"), "goes with MEANING_ENDED alone");
  }

  void Stage(const std::string& field, types::FactKind fact, uint32_t stage) {
    if (stage > 2) Fault(absl::StrCat(field, ".stage"), "must be 1 or 2");
    if (stage != 0 && fact != types::FACT_KIND_ANSWERED)
      Fault(absl::StrCat(field, ".stage"), "goes with ANSWERED alone");
  }

  void Row(const v1::RowShape& row) {
    Time("row.received", row.received());
    if (row.has_resolved()) Time("row.resolved", row.resolved());
    if (row.has_due()) Time("row.due", row.due());
    Text("row.state", row.state(), row.has_state());
    if (row.has_state() == row.states().empty()) Fault("row.states", "go with row.state, and it with them");
    std::set<std::string> seen;
    for (int i = 0; i < row.states_size(); ++i) {
      const std::string field = absl::StrCat("row.states[", i, "]");
      if (!seen.insert(row.states(i).value()).second) Fault(absl::StrCat(field, ".value"), "stands there twice");
      Meaning(field, row.states(i).meaning(), row.states(i).outcome());
      if (row.states(i).meaning() != v1::StateMeaning::MEANING_OPEN && !row.has_resolved()) {
        Fault("row.resolved", "is required where a state is an end");
      }
    }
    for (int i = 0; i < row.end_rules_size(); ++i) {
      const std::string field = absl::StrCat("row.end_rules[", i, "]");
      if (row.end_rules(i).column().empty()) Fault(absl::StrCat(field, ".column"), "is required");
      if (row.end_rules(i).contains().empty()) Fault(absl::StrCat(field, ".contains"), "is required");
      Meaning(field, row.end_rules(i).meaning(), row.end_rules(i).outcome());
      if (row.end_rules(i).meaning() == v1::StateMeaning::MEANING_OPEN)
        Fault(absl::StrCat(field, ".meaning"), "must be an end");
    }
    for (int i = 0; i < row.facts_size(); ++i) {
      const std::string field = absl::StrCat("row.facts[", i, "]");
      Time(absl::StrCat(field, ".time"), row.facts(i).time());
      const types::FactKind fact = row.facts(i).fact();
      if (fact == types::FACT_KIND_UNSPECIFIED || fact == types::FACT_KIND_UNASSIGNED || kMadeByRules.count(fact) > 0) {
        Fault(absl::StrCat(field, ".fact"), "cannot come from a column of its own");
      }
      Stage(field, row.facts(i).fact(), row.facts(i).stage());
    }
  }

  void Event(const v1::EventShape& event) {
    Time("event.time", event.time());
    if (event.time().midnight_is_day())
      Fault("event.time.midnight_is_day", "times make the order of events: a day is not enough");
    if (event.time().optional()) Fault("event.time.optional", "it is required");
    Text("event.activity", event.activity(), true);
    if (event.activities().empty()) Fault("event.activities", "are required");
    std::set<std::string> seen;
    for (int i = 0; i < event.activities_size(); ++i) {
      const v1::Activity& activity = event.activities(i);
      const std::string field = absl::StrCat("event.activities[", i, "]");
      if (!seen.insert(activity.name()).second) Fault(absl::StrCat(field, ".name"), "stands there twice");
      const types::FactKind fact = activity.fact();
      if (fact == types::FACT_KIND_RECEIVED || fact == types::FACT_KIND_ASSIGNED || fact == types::FACT_KIND_REOPENED) {
        Fault(absl::StrCat(field, ".fact"), "follows from the order of rows and from who is in charge");
      }
      if (fact == types::FACT_KIND_EXTENSION_NOTIFIED)
        Fault(absl::StrCat(field, ".fact"), "needs a new due time, which no row has");
      const bool resolves = fact == types::FACT_KIND_RESOLVED;
      if (resolves != (activity.outcome() != types::OUTCOME_UNSPECIFIED)) {
        Fault(absl::StrCat(field, ".outcome"), "goes with RESOLVED, and it with an outcome");
      }
      Stage(field, fact, activity.stage());
      const bool ends = resolves || fact == types::FACT_KIND_WITHDRAWN;
      if (activity.until() != types::FACT_KIND_UNSPECIFIED && (fact == types::FACT_KIND_UNSPECIFIED || ends)) {
        Fault(absl::StrCat(field, ".until"), "needs a fact that begins a wait");
      }
      if (kMadeByRules.count(activity.until()) > 0) Fault(absl::StrCat(field, ".until"), "must be a fact of its own");
      if (activity.note() && fact != types::FACT_KIND_UNSPECIFIED) Fault(absl::StrCat(field, ".note"), "has no fact");
    }
  }

  void Treat() {
    for (int i = 0; i < mapping_.treatments_size(); ++i) {
      const v1::OddityTreatment& choice = mapping_.treatments(i);
      if (choice.oddity() != v1::ODDITY_UNSPECIFIED && MayChoose(choice.oddity(), choice.treatment())) continue;
      Fault(absl::StrCat("treatments[", i, "]"),
            absl::StrCat(NameOf(choice.oddity()), " cannot be treated with ", v1::Treatment_Name(choice.treatment())));
    }
  }

  const v1::Mapping& mapping_;
  std::vector<FieldViolation> faults_;
};

}  // namespace

absl::Status CheckMapping(const v1::Mapping& mapping) { return Check(mapping).Run(); }

absl::StatusOr<v1::Mapping> ParseMapping(absl::string_view text) {
  v1::Mapping mapping;
  RETURN_IF_ERROR(ParseTextproto(text, "BAD_MAPPING", &mapping));
  RETURN_IF_ERROR(CheckMapping(mapping));
  return mapping;
}

absl::StatusOr<v1::Mapping> LoadMapping(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read mapping ", path));
  absl::StatusOr<v1::Mapping> mapping = ParseMapping(text.str());
  if (!mapping.ok()) return Annotate(mapping.status(), path);
  return mapping;
}

}  // namespace redress::importer

// Territory files.
#include <google/protobuf/util/message_differencer.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/reference/territory_check.h"
#include "libs/reference/territory_csv.h"
#include "libs/reference/territory_index.h"
#include "libs/status/errors.h"
#include "redress/register/v1/territory.pb.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

using google::protobuf::util::MessageDifferencer;
using register_::v1::Territory;

std::string Quote(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) absl::StrAppend(&quoted, c == '"' ? "\"\"" : absl::string_view(&c, 1));
  return quoted + "\"";
}

std::string UseOf(const register_::v1::Unit& unit) {
  switch (unit.kind()) {
    case register_::v1::Unit::KIND_PARKING: return "parking";
    case register_::v1::Unit::KIND_SHOP: return "shop";
    case register_::v1::Unit::KIND_LAND: return "land";
    default: return "dwelling";
  }
}

// The same territory as a table of our own.
std::string Write(const Territory& territory) {
  std::string text = "kind,code,name,agency,office,residence,zone,calendar,commune,latitude,longitude,use\n";
  const auto row = [&text](std::initializer_list<std::string> fields) {
    for (const std::string& field : fields) absl::StrAppend(&text, Quote(field), ",");
    text.back() = '\n';
  };
  const auto number = [](double value) { return value == 0 ? std::string() : absl::StrFormat("%.17g", value); };
  for (const auto& one : territory.agencies()) {
    row({"agency", one.code(), one.name(), "", "", "", one.zone(), one.calendar(), "", number(one.latitude()),
         number(one.longitude()), ""});
  }
  for (const auto& one : territory.offices()) {
    row({"office", one.code(), one.name(), one.agency(), one.parent_office(), "", "", "", "", "", "", ""});
  }
  for (const auto& one : territory.residences()) {
    row({"residence", one.code(), one.name(), "", one.office(), "", "", "", one.commune(), number(one.latitude()),
         number(one.longitude()), ""});
  }
  for (const auto& one : territory.units()) {
    row({"unit", one.code(), "", "", "", one.residence(), "", "", "", "", "", UseOf(one)});
  }
  return text;
}

void Run(absl::string_view bytes) {
  const auto territory = reference::ParseTerritoryCsv(bytes);
  if (!territory.ok()) {
    Check(ReasonOf(territory.status()) == "INVALID_FIELDS" && !ViolationsOf(territory.status()).empty(),
          "what is wrong is said");
    return;
  }
  Check(reference::CheckTerritory(*territory).empty(), "what was read holds together");
  const auto again = reference::ParseTerritoryCsv(Write(*territory));
  Check(again.ok() && MessageDifferencer::Equals(*again, *territory), "what was read is written and read");

  const auto counts = reference::Count(*territory);
  Check(counts.agencies() == territory->agencies_size() && counts.offices() == territory->offices_size() &&
            counts.residences() == territory->residences_size() && counts.units() == territory->units_size(),
        "every node counts once");
  const reference::TerritoryIndex index(*territory);
  for (const auto& office : territory->offices()) {
    Check(!index.AgencyOf(office.code()).empty(), "an office has its agency");
  }
  for (const size_t most : {size_t{1}, size_t{64}, size_t{1} << 20}) {
    Territory joined;
    for (const Territory& page : reference::Split(*territory, most)) {
      const int nodes = page.agencies_size() + page.offices_size() + page.residences_size() + page.units_size();
      Check(nodes == 1 || page.ByteSizeLong() <= most, "a page is bounded");
      Check(nodes > 0, "and holds something");
      reference::Join(page, &joined);
    }
    Check(MessageDifferencer::Equals(joined, *territory), "pages joined are the territory");
  }
}

const Target kTarget("territory", Run);

}  // namespace
}  // namespace redress::fuzz

#include "services/redressctl/judgement_table.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::simulate::v1;
using Align = TextTable::Align;

// Columns of one table of seeds.
constexpr int kSeedsAcross = 8;

std::string Mean(v1::Unit unit, const v1::Estimate& estimate, bool difference = false) {
  return FormatFigure(unit, estimate.has_mean(), estimate.mean(), difference);
}

std::string Interval(v1::Unit unit, const v1::Estimate& estimate, bool difference = false) {
  if (!estimate.has_lower() || !estimate.has_upper()) return "-";
  return absl::StrCat(FormatFigure(unit, true, estimate.lower(), difference), " … ",
                      FormatFigure(unit, true, estimate.upper(), difference));
}

// Of how many seeds, where it is not all of them.
std::string OfSeeds(int seeds, int all) { return seeds == all ? "" : absl::StrCat(seeds, " of ", all); }

void ShowOne(const v1::Judgement& judgement, Printer& printer) {
  TextTable table({"figure", "mean", "95 % interval", "least", "most", "seeds"},
                  {Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight, Align::kRight});
  for (const v1::Figure& figure : judgement.figures()) {
    std::vector<double> values;
    for (const v1::SeedFigure& seed : figure.seeds()) {
      if (seed.has_setup()) values.push_back(seed.setup());
    }
    std::sort(values.begin(), values.end());
    const auto end = [&](bool last) {
      return FormatFigure(figure.unit(), !values.empty(), values.empty() ? 0 : last ? values.back() : values.front());
    };
    table.Add({figure.name(), Mean(figure.unit(), figure.setup()), Interval(figure.unit(), figure.setup()), end(false),
               end(true), OfSeeds(figure.setup().seeds(), judgement.seeds())});
  }
  printer.Table(table);
}

void ShowTwo(const v1::Judgement& judgement, Printer& printer) {
  printer.Line(absl::StrCat("A: ", judgement.setup()));
  printer.Line(absl::StrCat("B: ", judgement.against()));
  TextTable table({"figure", "A", "B", "B - A", "95 % interval", "B better", "A better", "seeds"},
                  {Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight, Align::kRight,
                   Align::kRight, Align::kRight});
  for (const v1::Figure& figure : judgement.figures()) {
    const bool judged = figure.better() != v1::BETTER_NEITHER;
    table.Add({figure.name(), Mean(figure.unit(), figure.setup()), Mean(figure.unit(), figure.against()),
               Mean(figure.unit(), figure.difference(), true), Interval(figure.unit(), figure.difference(), true),
               judged ? absl::StrCat(figure.against_better()) : "", judged ? absl::StrCat(figure.setup_better()) : "",
               OfSeeds(figure.difference().seeds(), judgement.seeds())});
  }
  printer.Table(table);
}

void ShowSeeds(const v1::Judgement& judgement, Printer& printer) {
  for (int from = 0; from < judgement.seeds(); from += kSeedsAcross) {
    const int to = std::min(from + kSeedsAcross, judgement.seeds());
    std::vector<std::string> headings = {"B - A"};
    for (int i = from; i < to; ++i) headings.push_back(absl::StrCat("seed ", judgement.first_seed() + i));
    std::vector<Align> aligns(headings.size(), Align::kRight);
    aligns[0] = Align::kLeft;
    TextTable table(std::move(headings), std::move(aligns));
    for (const v1::Figure& figure : judgement.figures()) {
      if (figure.better() == v1::BETTER_NEITHER) continue;
      std::vector<std::string> row = {figure.name()};
      for (int i = from; i < to; ++i) {
        const v1::SeedFigure& seed = figure.seeds(i);
        row.push_back(FormatFigure(figure.unit(), seed.has_difference(), seed.difference(), true));
      }
      table.Add(std::move(row));
    }
    printer.Line("");
    printer.Table(table);
  }
}

}  // namespace

std::string FormatFigure(v1::Unit unit, bool present, double value, bool difference) {
  if (!present) return "-";
  int digits = 1;
  const char* what = "";
  if (unit == v1::UNIT_HOURS) what = " h";
  if (unit == v1::UNIT_KILOMETRES) what = " km";
  if (unit == v1::UNIT_KILOMETRES && std::abs(value) >= 100) digits = 0;
  if (unit == v1::UNIT_RATIO) digits = 3;
  if (unit == v1::UNIT_SHARE) {
    value *= 100;
    what = difference ? " pt" : " %";
  }
  std::string text = difference ? absl::StrFormat("%+.*f", digits, value) : absl::StrFormat("%.*f", digits, value);
  // Rounded to nothing, it has no sign.
  if (text.find_first_of("123456789") == std::string::npos && (text[0] == '-' || text[0] == '+')) text.erase(0, 1);
  return absl::StrCat(text, what);
}

void ShowJudgement(const v1::Judgement& judgement, Printer& printer) {
  printer.Line(absl::StrCat(judgement.against().empty() ? absl::StrCat(judgement.setup(), ", ") : "", judgement.homes(),
                            " homes, ", judgement.days(), " days until ", printer.Format(judgement, "end_time"), ", ",
                            judgement.seeds(), " seed", judgement.seeds() == 1 ? "" : "s", " from ",
                            judgement.first_seed()));
  if (judgement.against().empty()) return ShowOne(judgement, printer);
  ShowTwo(judgement, printer);
  ShowSeeds(judgement, printer);
}

}  // namespace redress::ctl

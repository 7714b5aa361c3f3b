#include "services/redressctl/simulate/comparison.h"

#include <string>

#include "absl/strings/match.h"
#include "libs/stats/student.h"

namespace redress::simulate {
namespace {

std::optional<double> Find(const Figures& figures, const std::string& name) {
  for (const FigureValue& figure : figures) {
    if (figure.name == name) return figure.value;
  }
  if (absl::StartsWith(name, "waiting_share.")) return 0;
  return std::nullopt;
}

void Estimate(const std::vector<double>& values, v1::Estimate* estimate) {
  estimate->set_seeds(static_cast<int32_t>(values.size()));
  const auto sample = stats::MeanOf(values);
  if (!sample.has_value()) return;
  estimate->set_mean(sample->mean);
  if (!sample->bounds.has_value()) return;
  estimate->set_lower(sample->bounds->lower);
  estimate->set_upper(sample->bounds->upper);
}

v1::Figure CompareOne(const FigureValue& what, const std::vector<SeedFigures>& seeds) {
  v1::Figure figure;
  figure.set_name(what.name);
  figure.set_unit(what.unit);
  figure.set_better(what.better);
  std::vector<double> setup;
  std::vector<double> against;
  std::vector<double> paired_setup;
  std::vector<double> paired_against;
  std::vector<double> differences;
  for (const SeedFigures& seed : seeds) {
    v1::SeedFigure* one = figure.add_seeds();
    one->set_seed(seed.seed);
    const std::optional<double> first = Find(seed.setup, what.name);
    const std::optional<double> second = seed.against.has_value() ? Find(*seed.against, what.name) : std::nullopt;
    if (first.has_value()) {
      one->set_setup(*first);
      setup.push_back(*first);
    }
    if (second.has_value()) {
      one->set_against(*second);
      against.push_back(*second);
    }
    if (!first.has_value() || !second.has_value()) continue;
    one->set_difference(*second - *first);
    paired_setup.push_back(*first);
    paired_against.push_back(*second);
    differences.push_back(*second - *first);
    if (*second == *first || what.better == v1::BETTER_NEITHER) continue;
    if ((*second < *first) == (what.better == v1::BETTER_LOWER)) {
      figure.set_against_better(figure.against_better() + 1);
    } else {
      figure.set_setup_better(figure.setup_better() + 1);
    }
  }
  // Means of different seeds next to each other would show a difference that is not one.
  const bool paired = !differences.empty();
  Estimate(paired ? paired_setup : setup, figure.mutable_setup());
  if (seeds.front().against.has_value()) {
    Estimate(paired ? paired_against : against, figure.mutable_against());
    Estimate(differences, figure.mutable_difference());
  }
  return figure;
}

}  // namespace

std::vector<v1::Figure> Compare(const std::vector<SeedFigures>& seeds) {
  std::vector<FigureValue> names;
  const auto add = [&](const Figures& figures) {
    size_t place = 0;  // behind the one before it
    for (const FigureValue& figure : figures) {
      size_t at = 0;
      while (at < names.size() && names[at].name != figure.name) ++at;
      if (at == names.size()) {
        names.insert(names.begin() + static_cast<std::ptrdiff_t>(place), figure);
        at = place;
      }
      place = at + 1;
    }
  };
  for (const SeedFigures& seed : seeds) {
    add(seed.setup);
    if (seed.against.has_value()) add(*seed.against);
  }
  std::vector<v1::Figure> compared;
  compared.reserve(names.size());
  for (const FigureValue& name : names) compared.push_back(CompareOne(name, seeds));
  return compared;
}

}  // namespace redress::simulate

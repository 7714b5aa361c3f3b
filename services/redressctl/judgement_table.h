// A judgement of set-ups as people read it.
#pragma once

#include <string>

#include "redress/simulate/v1/judgement.pb.h"
#include "services/redressctl/output.h"

namespace redress::ctl {

// "31.4 h", "87.5 %", "12.0", "1.234", "431 km"; with a sign for differences, whose shares are in points. "-" without
// a value.
std::string FormatFigure(simulate::v1::Unit unit, bool present, double value, bool difference = false);

// Means and intervals; for two set-ups also the differences, and those that are better or worse seed by seed.
void ShowJudgement(const simulate::v1::Judgement& judgement, Printer& printer);

}  // namespace redress::ctl

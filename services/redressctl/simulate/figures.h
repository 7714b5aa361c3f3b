// What the simulated time came to, asked of the services that lived it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/clock/fake_clock.h"
#include "libs/rpc/client.h"
#include "redress/simulate/v1/judgement.pb.h"
#include "services/redressctl/simulate/landlord_model.h"

namespace redress::simulate {

struct FigureValue {
  std::string name;
  v1::Unit unit = v1::UNIT_UNSPECIFIED;
  v1::Better better = v1::BETTER_UNSPECIFIED;
  std::optional<double> value;
};

// In the order in which people read them:
//
//   complaints                           in the figures: praise and its like are not
//   ttr_p50_hours, ttr_p90_hours         provisional time to resolution (Kaplan-Meier), wall clock
//   censored                             still open, withdrawn or duplicate
//   on_time_rate.LINE                    of each line of the packs
//   promises_due, promises_kept          visit_figures.h; kept as a share
//   no_access, kilometres, kilometres_per_visit
//   visits_per_complaint                 visits made for each complaint visited
//   waiting_share.STATE[.PAUSE]          of all complaints' time
using Figures = std::vector<FigureValue>;

// As of the end of `model`. Asks sla and scheduling through `client`, whose services run on `executor`. Errors are the
// services'.
absl::StatusOr<Figures> AskFigures(const LandlordModel& model, double detour_factor, rpc::Client* client,
                                   FakeExecutor* executor);

}  // namespace redress::simulate

// Turns the rows of one case, in order of time, into facts. Pure.
//
//   open    --RESOLVED, WITHDRAWN-->   ended: the fact
//   ended   --RESOLVED, WITHDRAWN-->   ended: nothing, a note
//   ended   --any other------------>   open:  REOPENED, then what the activity says
//   open    --any other------------>   open:  what the activity says
//   either  --note----------------->   the same: nothing
//
// What an activity says: ASSIGNED if somebody else is in charge now, then its fact. A fact that begins a wait stands
// once, until a row of another activity ends the wait with a fact of its own. Facts of one row bear the row's time, in
// the order named here.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/clock/clock.h"
#include "redress/import/v1/mapping.pb.h"
#include "redress/intake/v1/import.pb.h"

namespace redress::importer {

class CaseFold {
 public:
  struct Event {
    Millis at = 0;
    // What the mapping says of it; one made of the name alone for an activity it does not know.
    const ::redress::import::v1::Activity* activity = nullptr;
    // Empty when the row says nothing of them.
    absl::string_view team;
    absl::string_view handler;
  };

  // Facts go to the end of `complaint`, which outlives the fold.
  explicit CaseFold(::redress::intake::v1::ImportedComplaint* complaint) : complaint_(*complaint) {}

  // Applies the next event, not before the last one. Returns how many facts came of it.
  int Apply(const Event& event);

 private:
  ::redress::intake::v1::ImportedFact* Emit(::redress::types::v1::FactKind kind, Millis at);
  void Assign(const Event& event);

  ::redress::intake::v1::ImportedComplaint& complaint_;
  bool open_ = true;
  const ::redress::import::v1::Activity* wait_ = nullptr;
  std::string team_;
  std::string handler_;
};

}  // namespace redress::importer

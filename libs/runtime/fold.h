// The one way that state changes: an accepted decision folded into rows, by the tail for good and by the writer on
// trial.
#pragma once

#include "libs/log/log.h"
#include "libs/runtime/logic.h"
#include "libs/store/store.h"
#include "redress/log/v1/record.pb.h"

namespace redress::runtime {

// Aggregates of the runtime's own events begin so.
inline constexpr absl::string_view kInputsPrefix = "inputs/";

// Whether this build can read `event` of `stream`: the runtime's own, or one that the service knows.
bool Knows(const Logic& logic, log::Stream stream, const log::v1::Event& event);

// Folds `body` into `rows`: its events, the versions of their aggregates, and `source` when it has one.
// On a view that is not speculative also remembers the request, answered at offset `next` - 1.
void FoldDecision(const Logic& logic, const ApplyContext& context, const log::v1::Source* source, int64_t next,
                  store::View* rows);

}  // namespace redress::runtime

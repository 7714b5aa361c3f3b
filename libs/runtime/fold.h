// The one way that state changes: an accepted decision folded into rows, by the tail for good and by the writer on
// trial.
#pragma once

#include "libs/log/log.h"
#include "libs/runtime/logic.h"
#include "libs/runtime/rows.h"
#include "libs/store/store.h"
#include "redress/log/v1/record.pb.h"

namespace redress::runtime {

// Aggregates of the runtime's own events begin so.
inline constexpr absl::string_view kInputsPrefix = "inputs/";

// Whether this build can read `event` of `stream`: the runtime's own, or one that the service knows.
bool Knows(const Logic& logic, log::Stream stream, const log::v1::Event& event);

// Folds `body` into `rows`: its events, the versions of their aggregates, and `source` when it has one.
// On a view that is not speculative also remembers the request, answered at offset `next` - 1; `oldest` belongs to the
// rows, and spares them a look when it is there.
void FoldDecision(const Logic& logic, const ApplyContext& context, const log::v1::Source* source, int64_t next,
                  store::View* rows, OldestRequest* oldest = nullptr);

}  // namespace redress::runtime

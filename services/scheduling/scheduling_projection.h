// Folds scheduling's events into the rows of their shard.
#pragma once

#include "libs/runtime/logic.h"
#include "libs/store/store.h"
#include "redress/log/v1/record.pb.h"

namespace redress::scheduling {

// Folds one event. Total: what it does not know changes nothing.
void Project(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows);

}  // namespace redress::scheduling

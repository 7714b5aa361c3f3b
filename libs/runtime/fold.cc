#include "libs/runtime/fold.h"

#include <vector>

#include "absl/strings/match.h"
#include "libs/runtime/knows.h"
#include "libs/runtime/rows.h"

namespace redress::runtime {
namespace {

void FoldRuntimeEvent(const ApplyContext& context, const log::v1::Event& event, store::View* rows) {
  log::v1::RuntimeEvent runtime;
  if (!runtime.ParseFromString(event.payload())) return;
  switch (runtime.kind_case()) {
    case log::v1::RuntimeEvent::kInputParked: {
      v1::ParkedRow row;
      *row.mutable_input() = runtime.input_parked();
      row.set_parked_at(context.recorded_at());
      Park(rows, context.shard, row);
      break;
    }
    case log::v1::RuntimeEvent::kInputReplayed:
      Unpark(rows, context.shard, runtime.input_replayed().stream(), runtime.input_replayed().aggregate(),
             runtime.input_replayed().version());
      break;
    case log::v1::RuntimeEvent::kInputSkipped:
      Unpark(rows, context.shard, runtime.input_skipped().stream(), runtime.input_skipped().aggregate(),
             runtime.input_skipped().version());
      break;
    case log::v1::RuntimeEvent::KIND_NOT_SET: break;
  }
}

}  // namespace

bool Knows(const Logic& logic, log::Stream stream, const log::v1::Event& event) {
  if (absl::StartsWith(event.aggregate(), kInputsPrefix)) return KnowsAs<log::v1::RuntimeEvent>(event);
  return logic.Knows(stream, event);
}

void FoldDecision(const Logic& logic, const ApplyContext& context, const log::v1::Source* source, int64_t next,
                  store::View* rows, OldestRequest* oldest) {
  const log::v1::Body& body = *context.body;
  std::vector<const log::v1::Event*> of_service;
  for (const log::v1::Event& event : body.events()) {
    if (absl::StartsWith(event.aggregate(), kInputsPrefix)) {
      FoldRuntimeEvent(context, event, rows);
    } else {
      of_service.push_back(&event);
    }
    SetVersion(rows, context.shard, event.aggregate(), event.version());
  }
  logic.ApplyAll(context, of_service, rows);
  if (source != nullptr) SaveSource(rows, context.shard, *source);
  if (rows->speculative() || body.request_id().empty() || body.events().empty()) return;
  v1::RequestRow row;
  row.set_aggregate(body.events(0).aggregate());
  row.set_version(body.events(0).version());
  for (const log::v1::Event& event : body.events()) {
    if (event.aggregate() == row.aggregate()) row.set_version(event.version());
  }
  // The runtime's own events mean nothing to the service.
  if (!absl::StartsWith(row.aggregate(), kInputsPrefix)) row.set_result(logic.ResultOf(context, *rows));
  row.set_fingerprint(body.fingerprint());
  row.set_fingerprint_key(body.fingerprint_key());
  row.set_recorded_at(body.recorded_at());
  row.set_next(next);
  OldestRequest unknown;
  RememberRequest(rows, context.shard, body, row, oldest != nullptr ? oldest : &unknown);
}

}  // namespace redress::runtime

#include "services/intake/intake_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "services/intake/limits.h"

namespace redress::intake {

IntakeService::IntakeService(IntakeOptions options)
    : runtime_(options.runtime),
      keys_(options.keys),
      lookups_(options.lookups),
      ids_(options.ids),
      executor_(options.executor),
      ready_(options.ready ? std::move(options.ready)
                           : std::function<bool()>([runtime = options.runtime] { return runtime->Ready(); })),
      sealer_(options.runtime->info().installation, options.ids),
      opener_(options.runtime->info().installation, options.keys, options.audit),
      tries_(&options.runtime->clock(), kMaxTries, kTriesPer) {}

std::optional<IntakeService::Target> IntakeService::Locate(absl::string_view collection, absl::string_view id) const {
  const auto parts = ParseId(id);
  if (!parts.ok()) return std::nullopt;
  return Target{absl::StrCat(collection, "/", id), std::string(id),
                static_cast<uint16_t>(ShardOf(parts->placement, shard_count()))};
}

runtime::v1::Receipt IntakeService::ReceiptOf(uint16_t shard, const runtime::v1::RequestRow& row) const {
  runtime::v1::Receipt receipt;
  receipt.set_aggregate(row.aggregate());
  receipt.set_version(row.version());
  receipt.set_result(row.result());
  receipt.set_known(true);
  receipt.set_recorded(true);
  receipt.mutable_position()->set_log_id(runtime_->info().log_id);
  receipt.mutable_position()->set_stream(std::string(log::StreamName(log::Stream::kIntake)));
  receipt.mutable_position()->set_shard(shard);
  receipt.mutable_position()->set_next(row.next());
  return receipt;
}

}  // namespace redress::intake

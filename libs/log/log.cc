#include "libs/log/log.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/log/acceptance.h"
#include "libs/status/errors.h"

namespace redress::log {

absl::string_view StreamName(Stream stream) {
  switch (stream) {
    case Stream::kRegister: return "register";
    case Stream::kIntake: return "intake";
    case Stream::kRouting: return "routing";
    case Stream::kScheduling: return "scheduling";
    case Stream::kSla: return "sla";
  }
  return "";
}

absl::StatusOr<Stream> ParseStream(absl::string_view name) {
  for (const Stream stream : kAllStreams) {
    if (StreamName(stream) == name) return stream;
  }
  return InvalidFields({{"stream", absl::StrCat("'", absl::CHexEscape(name), "' is no stream")}});
}

std::string ToString(const ShardId& id) { return absl::StrCat(StreamName(id.stream), "/", id.shard); }

std::string EncodeGenesis(const LogInfo& info, ShardId shard, uint32_t level, int64_t created_at) {
  v1::Genesis genesis;
  genesis.set_log_id(info.log_id);
  genesis.set_installation(info.installation);
  genesis.set_stream(std::string(StreamName(shard.stream)));
  genesis.set_shard(shard.shard);
  genesis.set_shard_count(info.ShardsOf(shard.stream));
  genesis.set_level(level);
  genesis.set_created_at(created_at);
  v1::Record record;
  record.set_rule_version(kRuleVersion);
  record.set_kind(v1::KIND_GENESIS);
  record.set_body(genesis.SerializeAsString());
  return record.SerializeAsString();
}

std::string Hex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

}  // namespace redress::log

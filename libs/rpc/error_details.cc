#include "libs/rpc/error_details.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/utf8.h"

namespace redress::rpc {
namespace {

// As many violations as fit in `limit` bytes, and one that counts the rest.
std::string CutBadRequest(const std::string& bytes, size_t limit) {
  google::rpc::BadRequest all;
  if (bytes.size() <= limit || !all.ParseFromString(bytes)) return bytes;
  constexpr size_t kRoomForTheLast = 80;
  google::rpc::BadRequest cut;
  size_t size = 0;
  for (const auto& violation : all.field_violations()) {
    size += violation.ByteSizeLong() + 4;
    if (size + kRoomForTheLast > limit) break;
    *cut.add_field_violations() = violation;
  }
  auto* last = cut.add_field_violations();
  last->set_field("…");
  last->set_description(absl::StrCat("and ", all.field_violations_size() - cut.field_violations_size() + 1, " more"));
  return cut.SerializeAsString();
}

std::string ReasonFromCode(absl::StatusCode code) { return absl::StatusCodeToString(code); }

}  // namespace

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status out;
  out.set_code(static_cast<int>(status.code()));
  out.set_message(CutUtf8(EscapeInvalidUtf8(status.message()), kMaxMessageBytes));
  std::vector<std::pair<std::string, std::string>> payloads;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    payloads.emplace_back(std::string(url), std::string(payload));
  });
  if (status.GetPayload(kErrorInfoUrl) == absl::nullopt) {
    google::rpc::ErrorInfo info;
    info.set_reason(ReasonFromCode(status.code()));
    info.set_domain(std::string(kErrorDomain));
    payloads.emplace_back(kErrorInfoUrl, info.SerializeAsString());
  }
  // The reason first: it must not fall to the limit.
  std::sort(payloads.begin(), payloads.end(),
            [](const auto& a, const auto& b) { return (a.first == kErrorInfoUrl) > (b.first == kErrorInfoUrl); });
  size_t room = kMaxDetailsBytes;
  for (auto& [url, bytes] : payloads) {
    if (url == kBadRequestUrl) bytes = CutBadRequest(bytes, room);
    if (bytes.size() > room) continue;
    room -= bytes.size();
    auto* detail = out.add_details();
    detail->set_type_url(url);
    detail->set_value(std::move(bytes));
  }
  return out;
}

absl::Status MessageUnreadable(absl::string_view type) {
  return MakeError(absl::StatusCode::kInvalidArgument, "MESSAGE_UNREADABLE",
                   absl::StrCat("the bytes are no ", type, ", or one of its texts is not valid UTF-8"));
}

absl::Status FromRpcStatus(const google::rpc::Status& status) {
  absl::Status out(static_cast<absl::StatusCode>(status.code()), status.message());
  for (const auto& detail : status.details()) out.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  return out;
}

}  // namespace redress::rpc

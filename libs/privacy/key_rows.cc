// A stored key, version 1:
//
//   row        = version kind state made_at month wrapped_by secret
//   version    = %x01
//   kind       = %x01 (person) / %x02 (text) / %x03 (index) / %x04 (staff)
//   state      = %x01 (living) / %x02 (destroyed: secret is empty)
//   made_at    = 8 bytes, milliseconds since 1970, big endian
//   month      = short          "2026-03" for index keys, else empty
//   wrapped_by = short          id of the master key; empty: the secret lies open
//   secret     = short          32 bytes open, more when wrapped
//   short      = length(1 byte) bytes
//
// Worked: the index key of March 2026, made at 2026-03-01T00:00:00Z (0x019CA6B1DC00), open, all bytes of the secret
// 0xAA:
//
//   01 03 01 0000019CA6B1DC00 07 "2026-03" 00 20 AA×32
#include "libs/privacy/key_rows.h"

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

constexpr char kVersion = 1;
constexpr char kLiving = 1;
constexpr char kDestroyed = 2;

void AppendShort(std::string* out, absl::string_view bytes) {
  out->push_back(static_cast<char>(bytes.size()));
  absl::StrAppend(out, bytes);
}

bool TakeShort(absl::string_view* in, std::string* bytes) {
  if (in->empty()) return false;
  const size_t length = static_cast<uint8_t>(in->front());
  if (in->size() < 1 + length) return false;
  *bytes = std::string(in->substr(1, length));
  in->remove_prefix(1 + length);
  return true;
}

}  // namespace

std::string EncodeKeyRow(const KeyRow& row) {
  std::string out;
  out.push_back(kVersion);
  out.push_back(static_cast<char>(row.kind));
  out.push_back(row.destroyed ? kDestroyed : kLiving);
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(row.made_at >> shift));
  AppendShort(&out, row.month);
  AppendShort(&out, row.wrapped_by);
  AppendShort(&out, row.destroyed ? "" : row.secret);
  return out;
}

absl::StatusOr<KeyRow> DecodeKeyRow(absl::string_view id, absl::string_view bytes) {
  const auto unreadable = [&](absl::string_view what) {
    return MakeError(absl::StatusCode::kDataLoss, "KEY_ROW_UNREADABLE", absl::StrCat("key ", id, ": ", what));
  };
  if (bytes.empty() || bytes[0] != kVersion) return unreadable("its row has a version that this build does not know");
  if (bytes.size() < 11) return unreadable("its row is cut short");
  KeyRow row;
  row.id = std::string(id);
  row.kind = static_cast<KeyKind>(bytes[1]);
  if (row.kind < KeyKind::kPerson || row.kind > KeyKind::kStaff) return unreadable("its kind is unknown");
  if (bytes[2] != kLiving && bytes[2] != kDestroyed) return unreadable("its state is unknown");
  row.destroyed = bytes[2] == kDestroyed;
  uint64_t made_at = 0;
  for (int i = 3; i < 11; ++i) made_at = made_at << 8 | static_cast<uint8_t>(bytes[i]);
  row.made_at = static_cast<Millis>(made_at);
  bytes.remove_prefix(11);
  if (!TakeShort(&bytes, &row.month) || !TakeShort(&bytes, &row.wrapped_by) || !TakeShort(&bytes, &row.secret) ||
      !bytes.empty()) {
    return unreadable("its row has the wrong length");
  }
  if (row.destroyed != row.secret.empty()) return unreadable("its state and its secret contradict each other");
  return row;
}

}  // namespace redress

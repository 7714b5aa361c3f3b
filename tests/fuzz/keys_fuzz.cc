// Keys and rows of what is stored: built piece by piece, read back, and read from bytes that nobody has built.
#include <string>
#include <vector>

#include "libs/log/embedded/keys.h"
#include "libs/privacy/key_rows.h"
#include "libs/status/errors.h"
#include "libs/store/keys.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

struct Pieces {
  uint8_t u8;
  int64_t i64;
  std::string text;
  uint32_t u32;
  std::string raw;
  friend auto operator<=>(const Pieces&, const Pieces&) = default;
};

Pieces Take(Input* input) {
  // What follows a text begins with no FF.
  return {input->U8(), input->I64(), input->Text(), input->U32() & 0x7FFFFFFF, input->Text()};
}

std::string KeyOf(const Pieces& pieces) {
  return store::Key(7, 1).U8(pieces.u8).I64(pieces.i64).Str(pieces.text).U32(pieces.u32).Raw(pieces.raw).Take();
}

void CheckPieces(Input* input) {
  const Pieces a = Take(input);
  const Pieces b = Take(input);
  const std::string key_a = KeyOf(a);
  Check((key_a < KeyOf(b)) == (a < b), "keys sort as what they are made of");
  store::KeyReader reader(key_a);
  Check(reader.U16() == 7 && reader.U8() == 1, "shard and table");
  Pieces back;
  back.u8 = reader.U8();
  back.i64 = reader.I64();
  back.text = reader.Str();
  back.u32 = reader.U32();
  back.raw = reader.Raw();
  Check(reader.ok() && back == a, "a key gives back its pieces");
  const std::string after = store::After(key_a);
  Check(after.empty() || (after > key_a && after > key_a + "\xFF\xFF\xFF"), "what comes after all that begin so");
}

void CheckForeign(absl::string_view bytes) {
  store::KeyReader reader(bytes);
  reader.U16();
  const std::string text = reader.Str();
  Check(text.size() <= bytes.size(), "no more than there is");
  reader.I64();
  reader.U64();
  if (!reader.ok()) Check(reader.U32() == 0 && reader.Raw().empty(), "a key that is too short reads as zeros");
  const std::string after = store::After(bytes);
  Check(after.empty() || after > bytes, "after it");
}

void CheckEntries(absl::string_view bytes) {
  const log::ShardId shard{log::Stream::kScheduling, 2};
  int64_t offset = 0;
  if (!log::ParseEntryKey(bytes, shard, &offset)) return;
  Check(log::EntryKey(shard, offset) == bytes, "an entry has one key");
  Check(bytes < log::ShardEndKey(shard) || offset == -1, "within its shard");
}

void CheckKeyRow(absl::string_view bytes) {
  const auto row = DecodeKeyRow("id", bytes);
  if (!row.ok()) return Check(ReasonOf(row.status()) == "KEY_ROW_UNREADABLE", "the reason told");
  Check(EncodeKeyRow(*row) == bytes, "a row is written in one way");
  Check(!row->destroyed || row->secret.empty(), "what is destroyed is gone");
}

void Run(absl::string_view bytes) {
  Input input(bytes);
  CheckPieces(&input);
  CheckForeign(bytes);
  CheckEntries(bytes);
  CheckKeyRow(bytes);
}

const Target kTarget("keys", Run);

}  // namespace
}  // namespace redress::fuzz

// RocksDB's record format (its doc/log_format), as far as it is written here: no recycling, no compression of the log.
//
//   file    = block*            of 32768 bytes, the last one shorter
//   block   = record* trailer   trailer: up to 6 zero bytes
//   record  = crc:4 length:2 type:1 payload     little-endian; crc is the masked CRC-32C of type and payload
//   type    = 1 whole | 2 first | 3 middle | 4 last of a record that is longer than its block
//
// The crc does not cover the length. So a length that seems to reach beyond the end of the file is a cut record only if
// the payload fails the crc where the file ends, and no whole record follows.
#include "libs/log/embedded/wal_check.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::log {
namespace {

constexpr size_t kBlockBytes = 32768;
constexpr size_t kHeaderBytes = 7;
enum Type : uint8_t { kZero = 0, kWhole = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
    table[i] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

uint32_t MaskedCrc(absl::string_view bytes) {
  uint32_t crc = ~0u;
  for (const char byte : bytes) crc = kCrcTable[(crc ^ static_cast<unsigned char>(byte)) & 0xff] ^ crc >> 8;
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

uint32_t LittleEndian(absl::string_view bytes, size_t count) {
  uint32_t value = 0;
  for (size_t i = count; i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return value;
}

// The header at the beginning of `bytes`, which has at least kHeaderBytes.
struct Header {
  explicit Header(absl::string_view bytes)
      : crc(LittleEndian(bytes, 4)), length(LittleEndian(bytes.substr(4), 2)), type(static_cast<uint8_t>(bytes[6])) {}
  uint32_t crc;
  size_t length;
  uint8_t type;

  size_t size() const { return kHeaderBytes + length; }
  bool Fits(absl::string_view bytes) const { return size() <= bytes.size(); }
  // Whether the crc holds when the record ends at `end`.
  bool Matches(absl::string_view bytes, size_t end) const { return crc == MaskedCrc(bytes.substr(6, end - 6)); }
};

bool HoldsAWholeRecord(absl::string_view bytes) {
  for (; bytes.size() > kHeaderBytes; bytes.remove_prefix(1)) {
    const Header header(bytes);
    if (header.type < kWhole || header.type > kLast || header.length == 0 || !header.Fits(bytes)) continue;
    if (header.Matches(bytes, header.size())) return true;
  }
  return false;
}

class Checker {
 public:
  Checker(absl::string_view file, absl::string_view bytes) : file_(file), bytes_(bytes) {}

  absl::StatusOr<WalEnd> Check() {
    for (size_t begin = 0; begin < bytes_.size() && !torn_; begin += kBlockBytes) {
      RETURN_IF_ERROR(CheckBlock(begin, std::min(begin + kBlockBytes, bytes_.size())));
    }
    return WalEnd{good_, torn_ || in_record_ ? bytes_.size() - good_ : 0};
  }

 private:
  absl::Status CheckBlock(size_t at, size_t end) {
    const bool full = end % kBlockBytes == 0;
    while (end - at >= kHeaderBytes) {
      const absl::string_view rest = bytes_.substr(at, end - at);
      const Header header(rest);
      if (header.type == kZero && header.length == 0 && header.crc == 0) return CheckZeros(at);
      if (!header.Fits(rest)) {
        if (full || end != bytes_.size()) return Damaged(at, "a record that is longer than its block");
        return CheckTear(at, rest, header);
      }
      if (!header.Matches(rest, header.size())) return Damaged(at, "a record whose checksum does not hold");
      RETURN_IF_ERROR(CheckOrder(at, header.type));
      at += header.size();
      in_record_ = header.type == kFirst || header.type == kMiddle;
      if (!in_record_) good_ = at;
    }
    // Too short for a header: the block's trailer, or a header that was cut.
    if (!full && at < end) torn_ = true;
    return absl::OkStatus();
  }

  absl::Status CheckTear(size_t at, absl::string_view rest, const Header& header) {
    if (header.Matches(rest, rest.size())) return Damaged(at, "a whole record whose length field is damaged");
    if (HoldsAWholeRecord(rest.substr(1))) return Damaged(at, "a damaged record before whole ones");
    torn_ = true;
    return absl::OkStatus();
  }

  // Space that was reserved and never written, to the end of the file. RocksDB would skip a page of zeros anywhere.
  absl::Status CheckZeros(size_t at) {
    if (bytes_.find_first_not_of('\0', at) != absl::string_view::npos) return Damaged(at, "zeros before data");
    torn_ = in_record_;
    return absl::OkStatus();
  }

  absl::Status CheckOrder(size_t at, uint8_t type) {
    const bool begins = type == kWhole || type == kFirst;
    if (type == kZero || type > kLast) return Damaged(at, absl::StrCat("a record of unknown type ", type));
    if (begins && in_record_) return Damaged(at, "a record inside another");
    if (!begins && !in_record_) return Damaged(at, "the rest of a record whose beginning is missing");
    return absl::OkStatus();
  }

  absl::Status Damaged(size_t at, absl::string_view what) const {
    return MakeError(absl::StatusCode::kDataLoss, "LOG_CORRUPT", absl::StrCat(file_, " byte ", at, ": ", what),
                     {{"file", std::string(file_)}, {"offset", absl::StrCat(at)}});
  }

  const absl::string_view file_;
  const absl::string_view bytes_;
  uint64_t good_ = 0;
  bool torn_ = false;
  bool in_record_ = false;
};

}  // namespace

absl::StatusOr<WalEnd> CheckWal(absl::string_view file, absl::string_view bytes) {
  return Checker(file, bytes).Check();
}

}  // namespace redress::log

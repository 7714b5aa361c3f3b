// Identifiers: where they come from and how they read.
//
//   complaint id   26 Crockford symbols of 128 bits: 48 of milliseconds of receipt ‖ 16 of placement ‖ 64 random ones.
//                  Sorts by time and names its shard (placement mod shard count).
//   person id      the same shape; its placement is that of the person's first complaint.
//   tracking code  10 Crockford symbols (50 random bits) and a check symbol: what a resident reads out on the phone.
//   request id     the caller's own, 1-64 visible ASCII characters.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace redress {

// Random bytes, injected so that a simulation is repeatable. Thread-safe unless said otherwise.
class IdSource {
 public:
  virtual ~IdSource() = default;
  virtual uint64_t Random64() = 0;
};

// From the operating system.
class SystemIdSource : public IdSource {
 public:
  uint64_t Random64() override;
};

// From a seed (SplitMix64); not thread-safe.
class SeededIdSource : public IdSource {
 public:
  explicit SeededIdSource(uint64_t seed) : state_(seed) {}
  uint64_t Random64() override;

 private:
  uint64_t state_;
};

// 16 bits of a stable hash: placement of `key` for life. Frozen: BLAKE2b-128 of the bytes, first two, big endian.
uint16_t PlacementOf(absl::string_view key);

// 26 symbols. `at_ms` must lie in 0 .. 2^48-1.
std::string MakeId(int64_t at_ms, uint16_t placement, uint64_t random);

// The random part of an id of an imported complaint, so that the same row is the same id. Frozen:
//
//   bits := first 8 bytes, big endian, of BLAKE2b-128(system ‖ 00 ‖ reference), without the 00 if `reference` is empty
//   "crm", "A-17"  ─▶  4cf6e668655413c0
uint64_t ImportedIdBits(absl::string_view system, absl::string_view reference);

// 16 bytes that name a content: BLAKE2b of it. Frozen. Under no key: never of personal data.
std::string ContentHash(absl::string_view bytes);

struct IdParts {
  int64_t at_ms = 0;
  uint16_t placement = 0;
  uint64_t random = 0;
};
// INVALID_ARGUMENT unless `id` is 26 Crockford symbols as MakeId writes them (upper case, no I L O U).
absl::StatusOr<IdParts> ParseId(absl::string_view id);

// Shard of an id among `shard_count` (a power of two).
inline uint32_t ShardOf(uint16_t placement, uint32_t shard_count) { return placement % shard_count; }

// "XXXXX-XXXXX-C": what MakeTrackingCode returns, and ParseTrackingCode accepts with or without dashes and spaces, in
// any case, reading O as 0 and I or L as 1. INVALID_ARGUMENT when the length, a symbol or the check symbol is wrong.
std::string MakeTrackingCode(uint64_t random);
// Returns the 11 symbols without dashes.
absl::StatusOr<std::string> ParseTrackingCode(absl::string_view text);
// With its dashes again; `symbols` as ParseTrackingCode returns them.
std::string FormatTrackingCode(absl::string_view symbols);

}  // namespace redress

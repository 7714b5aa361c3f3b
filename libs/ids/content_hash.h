// A hash of fields in order, for "is it the same content?". Not keyed: never of personal data (libs/privacy has keyed
// ones).
//
//   hash   := BLAKE2b-128 under the key `version` of: field*
//   field  := number: int64, little endian | text: uint32 length, little endian, bytes
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace redress {

class ContentHash {
 public:
  // 1-64 bytes that name what is hashed and how, so that another encoding gives other hashes.
  explicit ContentHash(absl::string_view version);
  ~ContentHash();
  ContentHash(const ContentHash&) = delete;
  ContentHash& operator=(const ContentHash&) = delete;

  // The next field. One that is absent is added all the same, as 0 or "": fields are told apart by their place.
  ContentHash& Number(int64_t value);
  ContentHash& Text(absl::string_view text);
  // 16 bytes. Nothing may be added afterwards.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace redress

// Fingerprint of a request: tells a retry (same id, same content) from a mistake (same id, other content) without
// keeping the content. A keyed hash, so that whoever holds the log alone cannot guess texts against it.
//
//   FingerprintBuilder builder(text_key.secret);
//   builder.Add(1, request.category());
//   for (const auto& a : request.attachments()) builder.Begin(2).Add(1, a.uri()).Add(2, a.sha256()).End();
//   const std::string fingerprint = builder.Finish();
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "libs/privacy/key.h"

namespace redress {

// Fields are added in the order of their tags, the same for ever: proto field numbers serve. Not thread-safe.
class FingerprintBuilder {
 public:
  explicit FingerprintBuilder(const SecretKey& key);
  ~FingerprintBuilder();

  FingerprintBuilder& Add(uint32_t tag, absl::string_view value);
  template <typename T>
  requires std::is_integral_v<T> || std::is_enum_v<T> FingerprintBuilder& Add(uint32_t tag, T value) {
    if constexpr (std::is_same_v<T, bool>) {
      return AddBool(tag, value);
    } else {
      return AddInteger(tag, static_cast<int64_t>(value));
    }
  }
  // A nested message: what is added between belongs to it. An element of a repeated field is one Begin … End, or one
  // Add.
  FingerprintBuilder& Begin(uint32_t tag);
  FingerprintBuilder& End();

  // 17 bytes: version of the encoding, then the hash. Once, with every Begin ended.
  std::string Finish();

 private:
  struct State;
  FingerprintBuilder& AddInteger(uint32_t tag, int64_t value);
  FingerprintBuilder& AddBool(uint32_t tag, bool value);
  void Append(uint32_t tag, char type, absl::string_view value);

  std::unique_ptr<State> state_;
};

enum class FingerprintMatch {
  kSame,
  kDifferent,
  kNotComparable,  // made by another version: nothing can be said
};
FingerprintMatch CompareFingerprints(absl::string_view stored, absl::string_view computed);

}  // namespace redress

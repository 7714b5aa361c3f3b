// Keys that personal data is sealed under: 32 random bytes with an opaque random name.
//
//   person   seals name, contacts, dwelling, care needs of one person
//   text     seals description, messages, notes, access codes of one complaint
//   index    makes the keyed hashes of look-ups, one a month
//   staff    makes staff ids of names in imports: one for ever
//
// Whose a key is stands in the event that binds it, never beside the key.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/ids/ids.h"

namespace redress {

// Stored: numbers are only ever added.
enum class KeyKind : uint8_t { kPerson = 1, kText = 2, kIndex = 3, kStaff = 4 };

inline constexpr int kSecretBytes = 32;

// The secret part of a key. Every copy wipes itself when it goes; cannot be printed, compared or hashed.
class SecretKey {
 public:
  explicit SecretKey(const std::array<uint8_t, kSecretBytes>& bytes) : bytes_(bytes) {}
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();

  bool operator==(const SecretKey&) const = delete;
  template <typename Stream>
  friend Stream& operator<<(Stream&, const SecretKey&) = delete;
  template <typename H>
  friend H AbslHashValue(H, const SecretKey&) = delete;

  // For the primitives of this folder and for storing; valid while this lives.
  const uint8_t* data() const { return bytes_.data(); }

 private:
  std::array<uint8_t, kSecretBytes> bytes_;
};

struct Key {
  std::string id;
  KeyKind kind;
  SecretKey secret;
};

// 22 symbols of URL-safe base64: 128 random bits.
std::string MakeKeyId(IdSource& random);
bool IsKeyId(absl::string_view text);

SecretKey MakeSecretKey(IdSource& random);

}  // namespace redress

#include "libs/ids/content_hash.h"

#include <sodium.h>

namespace redress {

struct ContentHash::State {
  crypto_generichash_state hash;
};

namespace {
constexpr size_t kHashBytes = 16;

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
}  // namespace

ContentHash::ContentHash(absl::string_view version) : state_(std::make_unique<State>()) {
  crypto_generichash_init(&state_->hash, Bytes(version), version.size(), kHashBytes);
}

ContentHash::~ContentHash() = default;

ContentHash& ContentHash::Number(int64_t value) {
  unsigned char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(static_cast<uint64_t>(value) >> (8 * i));
  crypto_generichash_update(&state_->hash, bytes, sizeof(bytes));
  return *this;
}

ContentHash& ContentHash::Text(absl::string_view text) {
  unsigned char length[4];
  for (int i = 0; i < 4; ++i) length[i] = static_cast<unsigned char>(text.size() >> (8 * i));
  crypto_generichash_update(&state_->hash, length, sizeof(length));
  crypto_generichash_update(&state_->hash, Bytes(text), text.size());
  return *this;
}

std::string ContentHash::Finish() {
  std::string hash(kHashBytes, '\0');
  crypto_generichash_final(&state_->hash, reinterpret_cast<unsigned char*>(hash.data()), hash.size());
  return hash;
}

}  // namespace redress

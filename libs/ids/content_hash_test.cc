#include "libs/ids/content_hash.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace redress {
namespace {

TEST(ContentHash, IsFrozen) {
  // From Python: hashlib.blake2b(b"\5\0\0\0lift1" + (-2).to_bytes(8, "little", signed=True), key=b"test 1",
  // digest_size=16)
  ContentHash hash("test 1");
  hash.Text("lift1").Number(-2);
  EXPECT_EQ(absl::BytesToHexString(hash.Finish()), "55adf9c0d0772efc908e257f3f898300");
}

TEST(ContentHash, TellsBoundariesVersionsAndOrder) {
  const auto of = [](absl::string_view version, absl::string_view a, absl::string_view b) {
    return ContentHash(version).Text(a).Text(b).Finish();
  };
  EXPECT_EQ(of("v1", "ab", "c"), of("v1", "ab", "c"));
  EXPECT_NE(of("v1", "ab", "c"), of("v1", "a", "bc"));
  EXPECT_NE(of("v1", "ab", "c"), of("v2", "ab", "c"));
  EXPECT_NE(of("v1", "ab", "c"), of("v1", "c", "ab"));
}

}  // namespace
}  // namespace redress

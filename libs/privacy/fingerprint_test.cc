#include "libs/privacy/fingerprint.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"

namespace redress {
namespace {

SecretKey KeyOf(uint8_t byte) {
  std::array<uint8_t, kSecretBytes> bytes;
  bytes.fill(byte);
  return SecretKey(bytes);
}

std::string Print(int64_t number, absl::string_view text) {
  FingerprintBuilder builder(KeyOf(1));
  return builder.Add(1, number).Add(2, text).Finish();
}

TEST(Fingerprint, SameFieldsSameFingerprint) {
  EXPECT_EQ(Print(1, "a").size(), 17u);
  EXPECT_EQ(Print(1, "a")[0], 1);
  EXPECT_EQ(CompareFingerprints(Print(1, "a"), Print(1, "a")), FingerprintMatch::kSame);
  EXPECT_EQ(CompareFingerprints(Print(1, "a"), Print(2, "a")), FingerprintMatch::kDifferent);
  EXPECT_EQ(CompareFingerprints(Print(1, "a"), Print(1, "b")), FingerprintMatch::kDifferent);
  EXPECT_NE(Print(1, "a"), FingerprintBuilder(KeyOf(2)).Add(1, 1).Add(2, "a").Finish());
}

TEST(Fingerprint, BoundariesTagsTypesAndNestingCount) {
  const auto print = [](auto fill) {
    FingerprintBuilder builder(KeyOf(1));
    fill(builder);
    return builder.Finish();
  };
  const std::vector<std::string> all = {
      print([](auto& b) { b.Add(1, "ab").Add(2, "c"); }),
      print([](auto& b) { b.Add(1, "a").Add(2, "bc"); }),
      print([](auto& b) { b.Add(2, "ab").Add(1, "c"); }),
      print([](auto& b) { b.Add(1, true); }),
      print([](auto& b) { b.Add(1, 1); }),
      print([](auto& b) { b.Add(1, "\1"); }),
      print([](auto& b) { b.Begin(1).Add(1, "a").Add(1, "b").End(); }),
      print([](auto& b) { b.Begin(1).Add(1, "a").End().Begin(1).Add(1, "b").End(); }),
      print([](auto&) {}),
  };
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
}

TEST(Fingerprint, OtherVersionsAreNotCompared) {
  std::string other = Print(1, "a");
  other[0] = 2;
  EXPECT_EQ(CompareFingerprints(other, Print(1, "a")), FingerprintMatch::kNotComparable);
  EXPECT_EQ(CompareFingerprints("", Print(1, "a")), FingerprintMatch::kNotComparable);
}

// Stored in the log: computed once by another implementation (Python's hashlib) from the grammar.
TEST(Fingerprint, IsFrozen) {
  EXPECT_EQ(absl::BytesToHexString(FingerprintBuilder(KeyOf(1)).Add(1, "lift").Add(2, true).Finish()),
            "01d537577d6c3027ab1a3ee3042e08df5c");
}

}  // namespace
}  // namespace redress

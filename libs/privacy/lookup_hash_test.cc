#include "libs/privacy/lookup_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace redress {
namespace {

using testing::HasSubstr;
using testing::Not;

SecretKey KeyOf(uint8_t byte) {
  std::array<uint8_t, kSecretBytes> bytes;
  bytes.fill(byte);
  return SecretKey(bytes);
}

TEST(LookupHash, DependsOnKeyKindAndValue) {
  const std::string hash = LookupHash(KeyOf(1), LookupKind::kPhone, "+33612345678");
  EXPECT_EQ(hash.size(), 16u);
  EXPECT_EQ(hash, LookupHash(KeyOf(1), LookupKind::kPhone, "+33612345678"));
  EXPECT_NE(hash, LookupHash(KeyOf(2), LookupKind::kPhone, "+33612345678"));
  EXPECT_NE(hash, LookupHash(KeyOf(1), LookupKind::kMail, "+33612345678"));
  EXPECT_NE(hash, LookupHash(KeyOf(1), LookupKind::kPhone, "+33612345679"));
}

// Stored rows are found by it: computed once by another implementation (Python's hashlib).
TEST(LookupHash, IsFrozen) {
  EXPECT_EQ(absl::BytesToHexString(LookupHash(KeyOf(1), LookupKind::kPhone, "+33612345678")),
            "d25d01dda4ec3ab20e8bc2c706d44830");
}

TEST(NormalisePhone, SpellingsOfANumberAreOne) {
  for (const char* text : {"+33612345678", "0033 6 12 34 56 78", "06 12 34 56 78", "06.12.34.56.78", " 06-12-34-56-78 ",
                           "+33 (0)6 12 34 56 78", "(06) 12/34/56/78", "0612\u00A03456\u202F78", "612345678"}) {
    const auto phone = NormalisePhone(text, "33");
    ASSERT_TRUE(phone.ok()) << text << phone.status();
    EXPECT_EQ(*phone, "+33612345678") << text;
  }
  EXPECT_EQ(*NormalisePhone("0661-234567", "212"), "+212661234567");
}

TEST(NormalisePhone, WhatIsNoneIsRefusedWithoutRepeatingIt) {
  for (const char* text : {"", "+", "0", "06 12 34 56 78 poste 3", "+1234567890123456", "+0612345678", "call me"}) {
    const auto phone = NormalisePhone(text, "33");
    EXPECT_EQ(phone.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_THAT(NormalisePhone("0612345678x", "33").status().ToString(), Not(HasSubstr("0612345678")));
}

TEST(NormaliseMail, TrimsAndLowers) {
  EXPECT_EQ(*NormaliseMail("  Jeanne.Dupont@Example.ORG\n"), "jeanne.dupont@example.org");
  for (const char* text : {"", "a", "@b", "a@", "a@b@c", "a b@c"}) {
    EXPECT_EQ(NormaliseMail(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(NormaliseDwelling, SpellingsOfACodeAreOne) {
  EXPECT_EQ(*NormaliseDwelling(" lgt  0042 b "), "LGT 0042 B");
  EXPECT_FALSE(NormaliseDwelling("  ").ok());
}

}  // namespace
}  // namespace redress

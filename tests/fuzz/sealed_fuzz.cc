// Sealed texts: changed, cut, moved elsewhere, made up; and the texts that look-ups hash.
//
//   input   = change(1) place(1) byte(1) text
#include <string>

#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/privacy/in_memory_key_store.h"
#include "libs/privacy/lookup_hash.h"
#include "libs/privacy/sealer.h"
#include "libs/status/errors.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

constexpr char kOwner[] = "complaints/1";
constexpr char kField[] = "description";

void CheckBoxes(Input input) {
  const uint8_t change = input.U8();
  const size_t place = input.U8();
  const auto byte = static_cast<char>(input.U8());
  const std::string text(input.Rest());
  FakeClock clock(1'790'000'000'000);
  SeededIdSource ids(1);
  InMemoryKeyStore keys(&ids, &clock, 4);
  InMemoryReadAudit audit;
  const auto key = keys.TakeKey(KeyKind::kText);
  Check(key.ok(), "there is a key");
  const Sealed sealed = Sealer("fuzz", &ids).Seal(*key, kOwner, kField, text);
  const Opener opener("fuzz", &keys, &audit);
  const Reader reader{"ana", "complaint"};
  const auto opened = opener.Open(sealed, kOwner, kField, reader);
  Check(opened.ok() && *opened == text, "what was closed opens");
  Check(audit.lines().size() == 1, "and the audit knows");

  types::v1::Sealed changed = sealed.proto();
  std::string owner = kOwner;
  std::string field = kField;
  std::string* const parts[] = {changed.mutable_box(), changed.mutable_key_id(), &owner, &field};
  std::string& part = *parts[change % 4];
  const std::string before = part;
  if (change / 4 % 4 == 0 && !part.empty()) part[place % part.size()] = byte;
  if (change / 4 % 4 == 1) part.resize(std::min(part.size(), place));
  if (change / 4 % 4 == 2) part.push_back(byte);
  if (change / 4 % 4 == 3) part = text;
  if (part == before) return;
  const auto wrong = opener.Open(changed, owner, field, reader);
  Check(!wrong.ok() && !ReasonOf(wrong.status()).empty(), "what is changed in any part stays shut, and says why");
  // With the box alone changed, nothing of the text is where a message could take it from but the box.
  if (change % 4 == 0) Check(wrong.status().message().size() < 100, "without the text");
}

void CheckLookUps(absl::string_view text) {
  const auto phone = NormalisePhone(text, "33");
  if (phone.ok()) {
    const auto again = NormalisePhone(*phone, "33");
    Check(again.ok() && *again == *phone, "a normal number is normal");
  } else {
    Check(phone.status() == NormalisePhone("x", "33").status() || phone.status() == NormalisePhone("1", "33").status(),
          "told without the number");
  }
  const auto email = NormaliseMail(text);
  if (email.ok()) {
    const auto again = NormaliseMail(*email);
    Check(again.ok() && *again == *email, "a normal address is normal");
  }
}

void Run(absl::string_view bytes) {
  CheckBoxes(Input(bytes));
  CheckLookUps(bytes);
}

const Target kTarget("sealed", Run);

}  // namespace
}  // namespace redress::fuzz

#include "services/intake/person.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress::intake {
namespace {

using ::testing::HasSubstr;

TEST(ErasePerson, NamesTheFirstFortyOpenComplaintsAndCountsAll) {
  rows::v1::Person person;
  person.set_registered_at(1);
  std::vector<std::string> open;
  for (int i = 0; i < 130; ++i) open.push_back(absl::StrCat("complaints/", i));
  commands::v1::ErasePerson command;
  const auto refused = DecideErasePerson(person, "people/1", command, open, {});
  const std::string message(refused.status().message());
  EXPECT_EQ(ReasonOf(refused.status()), "OPEN_COMPLAINTS");
  EXPECT_THAT(message, HasSubstr("has 130 open complaints: complaints/0, "));
  EXPECT_THAT(message, HasSubstr("complaints/39 and 90 more"));
  const Metadata expected = {{"count", "130"}};
  EXPECT_THAT(MetadataOf(refused.status()), ::testing::IsSupersetOf(expected));
  for (const auto& [key, value] : MetadataOf(refused.status())) {
    EXPECT_EQ(std::count(value.begin(), value.end(), ','), key == "complaints" ? 39 : 0) << key;
  }
  command.set_until_closed(true);
  const auto delayed = DecideErasePerson(person, "people/1", command, open, {});
  ASSERT_TRUE(delayed.ok()) << delayed.status();
  EXPECT_EQ(delayed->front().person_erasure_requested().open_complaints_size(), 100);
}

rows::v1::Person Known() {
  rows::v1::Person person;
  person.set_registered_at(1);
  person.set_person_key("person-key");
  return person;
}

TEST(ErasePerson, ForcedItGoesThoughComplaintsAreOpenAndSaysWhich) {
  commands::v1::ErasePerson command;
  command.set_reason("court-order");
  command.set_force(true);
  command.add_open_elsewhere("complaints/2");
  const auto erased = DecideErasePerson(Known(), "people/1", command, {"complaints/1"}, {});
  ASSERT_TRUE(erased.ok()) << erased.status();
  ASSERT_EQ(erased->size(), 1u);
  const auto& event = erased->front().person_erased();
  EXPECT_EQ(event.reason(), "court-order");
  EXPECT_EQ(event.person_key(), "person-key");
  EXPECT_THAT(event.open_complaints(), ::testing::ElementsAre("complaints/1", "complaints/2"));
}

TEST(ErasePerson, AHoldRefusesItWhateverElseIsSaid) {
  const auto reason_of = [](const rows::v1::Person& person, const commands::v1::ErasePerson& command,
                            const std::vector<std::string>& held) {
    const auto decided = DecideErasePerson(person, "people/1", command, {}, held);
    return decided.ok() ? "" : absl::StrCat(ReasonOf(decided.status()), " ", MetadataOf(decided.status())[1].second);
  };
  rows::v1::Person held = Known();
  held.add_legal_holds()->set_matter("case-1");
  commands::v1::ErasePerson command;
  EXPECT_EQ(reason_of(held, command, {}), "LEGAL_HOLD people/1");
  EXPECT_EQ(reason_of(Known(), command, {"complaints/1"}), "LEGAL_HOLD complaints/1");
  command.set_force(true);
  EXPECT_EQ(reason_of(held, command, {}), "LEGAL_HOLD people/1");
  command.set_force(false);
  command.set_until_closed(true);
  EXPECT_EQ(reason_of(held, command, {}), "LEGAL_HOLD people/1");
  command.add_held_elsewhere("complaints/2");
  EXPECT_EQ(reason_of(Known(), command, {}), "LEGAL_HOLD complaints/2");
}

TEST(ExpirePerson, GoesWhenNothingIsKept) {
  commands::v1::ExpirePerson command;
  const auto erased = DecideExpirePerson(Known(), "people/1", command, {}, {});
  ASSERT_EQ(erased.size(), 1u);
  EXPECT_EQ(erased[0].person_erased().reason(), "retention");
  EXPECT_EQ(erased[0].person_erased().person_key(), "person-key");
  rows::v1::Person held = Known();
  held.add_legal_holds()->set_matter("case-1");
  command.add_kept_elsewhere("complaints/2");
  EXPECT_THAT(DecideExpirePerson(held, "people/1", command, {"complaints/1"}, {})[0].person_kept().kept(),
              ::testing::ElementsAre("people/1", "complaints/1", "complaints/2"));
  held.set_erased_at(1);
  EXPECT_TRUE(DecideExpirePerson(held, "people/1", command, {}, {}).empty());
  EXPECT_TRUE(DecideNoteTextsExpired(held, "complaints/1").empty());
  EXPECT_TRUE(DecideExpirePerson(std::nullopt, "people/1", command, {}, {}).empty());
  EXPECT_EQ(DecideNoteTextsExpired(Known(), "complaints/1")[0].person_expiry_due().complaint(), "complaints/1");
}

TEST(ExpirePerson, StaysWhileAComplaintIsOpenThoughItsTextsHaveExpired) {
  commands::v1::ExpirePerson command;
  command.add_open_elsewhere("complaints/2");
  const auto kept = DecideExpirePerson(Known(), "people/1", command, {}, {"complaints/1"});
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_TRUE(kept[0].person_kept().kept().empty());
  EXPECT_THAT(kept[0].person_kept().open(), ::testing::ElementsAre("complaints/1", "complaints/2"));
}

TEST(ErasePerson, OneThatWaitsWaitsForHoldsToo) {
  rows::v1::Person held = Known();
  held.add_legal_holds()->set_matter("case-1");
  commands::v1::ErasePerson command;
  command.set_until_closed(true);
  command.set_again(true);
  command.set_reason("asked");
  const auto waits = DecideErasePerson(held, "people/1", command, {}, {"complaints/1"});
  ASSERT_TRUE(waits.ok()) << waits.status();
  EXPECT_THAT(waits->front().person_erasure_requested().held(), ::testing::ElementsAre("people/1", "complaints/1"));
  EXPECT_EQ(waits->front().person_erasure_requested().reason(), "asked");
  held.clear_legal_holds();
  const auto erased = DecideErasePerson(held, "people/1", command, {}, {});
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_TRUE(erased->front().has_person_erased());
}

}  // namespace
}  // namespace redress::intake

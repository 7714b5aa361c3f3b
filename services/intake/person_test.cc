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
  const auto refused = DecideErasePerson(person, "people/1", command, open);
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
  const auto delayed = DecideErasePerson(person, "people/1", command, open);
  ASSERT_TRUE(delayed.ok()) << delayed.status();
  EXPECT_EQ(delayed->front().person_erasure_requested().open_complaints_size(), 100);
}

}  // namespace
}  // namespace redress::intake

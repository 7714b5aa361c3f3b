#include "services/redressctl/json_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/status/errors.h"
#include "redress/intake/v1/intake_service.pb.h"

namespace redress::ctl {
namespace {

using intake::v1::SubmitComplaintRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> BadFields(const std::string& text) {
  SubmitComplaintRequest request;
  const absl::Status read = ReadJson(text, &request);
  EXPECT_FALSE(read.ok()) << text;
  EXPECT_EQ(request.ByteSizeLong(), 0u);
  std::vector<std::string> fields;
  for (const FieldViolation& violation : ViolationsOf(read)) fields.push_back(violation.field);
  return fields;
}

std::string Message(const std::string& text) {
  SubmitComplaintRequest request;
  const absl::Status read = ReadJson(text, &request);
  EXPECT_EQ(ReasonOf(read), "BAD_JSON") << text;
  return std::string(read.message());
}

TEST(ReadJson, ReadsProtoJson) {
  SubmitComplaintRequest request;
  ASSERT_TRUE(ReadJson(R"({"requestId":"r1","channel":"CHANNEL_PHONE","urgency":2,"care_level":1,
                           "receivedTime":"2026-03-01T14:30:00Z","newPerson":{"fullName":"Zoé"},
                           "attachments":[{"uri":"x","sizeBytes":"5"}]})",
                       &request)
                  .ok());
  EXPECT_EQ(request.request_id(), "r1");
  EXPECT_EQ(request.channel(), types::v1::CHANNEL_PHONE);
  EXPECT_EQ(request.urgency(), types::v1::URGENCY_URGENT);
  EXPECT_EQ(request.care_level(), 1u);
  EXPECT_EQ(request.received_time().seconds(), 1772375400);
  EXPECT_EQ(request.new_person().full_name(), "Zoé");
  EXPECT_EQ(request.attachments(0).size_bytes(), 5);
}

TEST(ReadJson, ListsEveryUnknownFieldAndEnumValue) {
  EXPECT_THAT(BadFields(R"({"requestID":"r1","channel":"PHONE","urgency":9,"kind":1.5,"newPerson":{"nme":"x"},
                            "attachments":[{},{"url":"x"}]})"),
              ElementsAre("attachments[1].url", "channel", "kind", "newPerson.nme", "requestID", "urgency"));
  EXPECT_THAT(BadFields(R"({"channel":"channel_phone"})"), ElementsAre("channel"));
}

TEST(ReadJson, NamesTheChoicesOfAnEnum) {
  SubmitComplaintRequest request;
  const auto violations = ViolationsOf(ReadJson(R"({"urgency":"URGENCY_SOON"})", &request));
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_THAT(violations[0].description, HasSubstr("\"URGENCY_SOON\" is none of redress.types.v1.Urgency: "));
  EXPECT_THAT(violations[0].description, HasSubstr("URGENCY_EMERGENCY"));
}

TEST(ReadJson, RefusesAFieldGivenTwice) {
  EXPECT_THAT(BadFields(R"({"category":"a","category":"b"})"), ElementsAre("category"));
}

TEST(ReadJson, SaysWhereItIsNoJson) {
  EXPECT_THAT(Message("{\n  \"category\": \"a\",\n  oops}"), HasSubstr("line 3, column 3"));
  EXPECT_THAT(Message("{\"category\": \"a\""), HasSubstr("line 1"));
  EXPECT_THAT(Message("{} {}"), HasSubstr("line 1"));
  EXPECT_THAT(Message(""), HasSubstr("line 1"));
  EXPECT_THAT(Message("[]"), HasSubstr("an object was expected"));
  EXPECT_THAT(Message("{\"category\": \"\xff\"}"), HasSubstr("UTF-8"));
}

TEST(ReadJson, RefusesValuesOfAnotherType) {
  EXPECT_THAT(Message(R"({"category":5.5})"), Not(IsEmpty()));
  EXPECT_THAT(Message(R"({"careLevel":"much"})"), HasSubstr("care_level"));
  EXPECT_THAT(Message(R"({"receivedTime":"yesterday"})"), HasSubstr("received"));
  EXPECT_THAT(Message(R"({"newPerson":"Zoé"})"), Not(IsEmpty()));
}

TEST(ReadJson, BoundsNesting) {
  std::string text = "{\"category\":";
  for (int i = 0; i < 100000; ++i) text += '[';
  EXPECT_THAT(Message(text), HasSubstr("nested too deeply"));
}

}  // namespace
}  // namespace redress::ctl

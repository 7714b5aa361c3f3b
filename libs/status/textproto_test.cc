#include "libs/status/textproto.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <gtest/gtest.h>

#include <string>

#include "google/rpc/status.pb.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

TEST(ParseTextproto, ReadsOneOfItsType) {
  google::protobuf::Duration read;
  ASSERT_TRUE(ParseTextproto("# a comment\nseconds: 3", "BAD_FILE", &read).ok());
  EXPECT_EQ(read.seconds(), 3);
}

TEST(ParseTextproto, SaysWhereItCannotBeReadOn) {
  google::protobuf::Duration read;
  const absl::Status bad = ParseTextproto("seconds: three\nnanos: four", "BAD_FILE", &read);
  EXPECT_EQ(bad.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(bad), "BAD_FILE");
  EXPECT_NE(std::string(bad.message()).find("line 1, column 10: "), std::string::npos) << bad;
}

TEST(ParseTextproto, NamesEachTextThatIsNotUtf8) {
  google::rpc::BadRequest read;
  const absl::Status bad = ParseTextproto(
      "field_violations { field: \"caf\xE9\" }\nfield_violations {\n  description: \"caf\\351\"\n}", "BAD_FILE", &read);
  EXPECT_EQ(ReasonOf(bad), "BAD_FILE");
  EXPECT_EQ(bad.message(), "line 1, column 20: field is not UTF-8; line 3, column 3: description is not UTF-8");
  EXPECT_TRUE(ParseTextproto("field_violations { field: \"caf\xC3\xA9\" } # \xE9", "BAD_FILE", &read).ok());
}

TEST(ParseTextproto, BytesMayBeAnything) {
  google::protobuf::Any read;
  EXPECT_TRUE(ParseTextproto("value: \"\\377\"", "BAD_FILE", &read).ok());
}

TEST(ParseTextproto, NamesATextInARepeatedFieldByItsPlace) {
  google::protobuf::FieldMask read;
  const absl::Status bad = ParseTextproto("paths: \"a\"\npaths: \"\\xFF\"", "BAD_FILE", &read);
  EXPECT_EQ(bad.message(), "line 2, column 1: paths is not UTF-8");
}

}  // namespace
}  // namespace redress

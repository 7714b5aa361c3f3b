#include "libs/status/textproto.h"

#include <google/protobuf/duration.pb.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/status/errors.h"

namespace redress {
namespace {

TEST(ParseTextproto, ReadsOneOfItsType) {
  google::protobuf::Duration read;
  ASSERT_TRUE(ParseTextproto("# a comment\nseconds: 3", "BAD_FILE", &read).ok());
  EXPECT_EQ(read.seconds(), 3);
}

TEST(ParseTextproto, NamesEachFaultWithItsPlace) {
  google::protobuf::Duration read;
  const absl::Status bad = ParseTextproto("seconds: three\nnanos: four", "BAD_FILE", &read);
  EXPECT_EQ(bad.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(bad), "BAD_FILE");
  EXPECT_NE(std::string(bad.message()).find("line 1, column 10: "), std::string::npos) << bad;
}

}  // namespace
}  // namespace redress

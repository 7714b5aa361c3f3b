#include "libs/status/errors.h"

#include <gtest/gtest.h>

namespace redress {
namespace {

TEST(Errors, InvalidFieldsListsEveryField) {
  const absl::Status status = InvalidFields({{"a", "is missing"}, {"b[1]", "is too long"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "a: is missing; b[1]: is too long");
  EXPECT_EQ(ViolationsOf(status).size(), 2u);
  EXPECT_EQ(ReasonOf(status), "INVALID_FIELDS");
}

TEST(Errors, AnnotateKeepsCodeAndDetails) {
  const absl::Status status = Annotate(MakeError(absl::StatusCode::kAborted, "ETAG_MOVED", "moved"), "complaints/1");
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(status.message(), "complaints/1: moved");
  EXPECT_EQ(ReasonOf(status), "ETAG_MOVED");
}

TEST(Errors, MetadataComesBackByKey) {
  const absl::Status status = MakeError(absl::StatusCode::kAborted, "X", "x", {{"b", "2"}, {"a", "1"}});
  EXPECT_EQ(MetadataOf(status), (Metadata{{"a", "1"}, {"b", "2"}}));
  EXPECT_TRUE(MetadataOf(absl::NotFoundError("x")).empty());
  const absl::Status more = WithMetadata(status, {{"c", "3"}});
  EXPECT_EQ(MetadataOf(more), (Metadata{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  EXPECT_EQ(ReasonOf(more), ReasonOf(status));
  EXPECT_EQ(WithMetadata(absl::NotFoundError("x"), {{"c", "3"}}), absl::NotFoundError("x"));
}

TEST(Errors, DetailsCanBeReadWhateverWasGiven) {
  const absl::Status status =
      WithMetadata(InvalidFields({{"a\xFF", "'\xC3' is no zone, \xC3\xA9 is no place"}}), {{"k", "\xE2"}});
  EXPECT_EQ(status.message(), "a\\xff: '\\xc3' is no zone, \xC3\xA9 is no place");
  const auto violations = ViolationsOf(status);
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, "a\\xff");
  EXPECT_EQ(violations[0].description, "'\\xc3' is no zone, \xC3\xA9 is no place");
  EXPECT_EQ(ReasonOf(status), "INVALID_FIELDS");
  EXPECT_EQ(MetadataOf(status), (Metadata{{"k", "\\xe2"}}));
  EXPECT_EQ(Annotate(status, "\xFF").message().substr(0, 5), "\\xff:");
}

TEST(Errors, StatusMadeElsewhereHasNoReason) { EXPECT_EQ(ReasonOf(absl::NotFoundError("x")), ""); }

}  // namespace
}  // namespace redress

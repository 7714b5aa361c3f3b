#include "services/redressctl/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redress/intake/v1/intake_service.pb.h"
#include "redress/sla/v1/sla_service.pb.h"

namespace redress::ctl {
namespace {

using intake::v1::ListComplaintsRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const calendar::Zone kUtc = absl::UTCTimeZone();

// What the field shows after it was set to the text, or the error.
template <typename Message>
std::string RoundTrip(absl::string_view path, absl::string_view text) {
  Message message;
  const absl::Status set = SetField(&message, path, text, kUtc);
  return set.ok() ? FormatField(message, path, kUtc) : std::string(set.message());
}

TEST(Fields, ReadAndShowEachType) {
  using intake::v1::AddAttachmentRequest;
  using sla::v1::GetTimeToResolutionRequest;
  EXPECT_EQ(RoundTrip<ListComplaintsRequest>("agency", "north"), "north");
  EXPECT_EQ(RoundTrip<ListComplaintsRequest>("page_size", "-5"), "-5");
  EXPECT_EQ(RoundTrip<ListComplaintsRequest>("order", "newest-first"), "newest_first");
  EXPECT_EQ(RoundTrip<ListComplaintsRequest>("states", "COMPLAINT_STATE_IN_PROGRESS"), "in_progress");
  EXPECT_EQ(RoundTrip<ListComplaintsRequest>("received_from_time", "1969-12-31T23:59:59.5Z"),
            "1969-12-31T23:59:59.500Z");
  EXPECT_EQ(RoundTrip<ListComplaintsRequest>("external_reference.system", "crm"), "crm");
  EXPECT_EQ(RoundTrip<AddAttachmentRequest>("attachment.sha256", "00FFab"), "00ffab");
  EXPECT_EQ(RoundTrip<GetTimeToResolutionRequest>("scope.group_by", "agency"), "agency");
  EXPECT_EQ(RoundTrip<GetTimeToResolutionRequest>("scope.at_receipt", "true"), "true");
  EXPECT_EQ(RoundTrip<sla::v1::CaseAtRisk>("time_left", "1h5s"), "1h 5s");
}

TEST(Fields, ReadPositionsAsTheyAreShown) {
  const std::string position = "000102030405060708090a0b0c0d0e0f:intake:3:1234";
  EXPECT_EQ(RoundTrip<ListComplaintsRequest>("position", position), position);
  EXPECT_EQ(RoundTrip<ListComplaintsRequest>(
                "position", R"({"logId":"AAECAwQFBgcICQoLDA0ODw==","stream":"intake","shard":3,"next":"1234"})"),
            position);
  for (const char* wrong : {"x", "00:intake:3:4", "000102030405060708090a0b0c0d0e0f:intake:-1:4",
                            "000102030405060708090a0b0c0d0e0g:intake:3:4", "000102030405060708090a0b0c0d0e0f::3:4"}) {
    EXPECT_THAT(RoundTrip<ListComplaintsRequest>("position", wrong), HasSubstr("LOG_ID:STREAM:SHARD:NEXT")) << wrong;
  }
}

TEST(Fields, SayWhatIsWrong) {
  EXPECT_THAT(RoundTrip<ListComplaintsRequest>("order", "sideways"),
              HasSubstr("is none of oldest_first, newest_first"));
  // The zero value is "not given", and no choice.
  EXPECT_THAT(RoundTrip<ListComplaintsRequest>("order", "unspecified"), HasSubstr("is none of"));
  EXPECT_THAT(RoundTrip<ListComplaintsRequest>("page_size", "3000000000"), HasSubstr("no whole number from"));
  EXPECT_THAT(RoundTrip<intake::v1::RecordFactRequest>("until_time", "soon"), HasSubstr("is no instant"));
  EXPECT_THAT(RoundTrip<intake::v1::AddAttachmentRequest>("attachment.sha256", "xyz"), HasSubstr("is no hex"));
}

TEST(Fields, ShowNothingForWhatIsNotSet) {
  const intake::v1::Complaint complaint;
  EXPECT_EQ(FormatField(complaint, "state", kUtc), "");
  EXPECT_EQ(FormatField(complaint, "received_time", kUtc), "");
  EXPECT_EQ(FormatField(complaint, "external_reference.system", kUtc), "");
  EXPECT_EQ(FormatField(complaint, "reopenings", kUtc), "0");
}

TEST(Fields, ShowListsMessagesAndUnknownEnumValues) {
  intake::v1::Complaint complaint;
  complaint.add_flags("a");
  complaint.add_flags("b");
  EXPECT_EQ(FormatField(complaint, "flags", kUtc), "a, b");
  auto* visit = complaint.add_visits();
  visit->set_intervention("interventions/1");
  visit->set_stage(intake::v1::Visit::STAGE_BOOKED);
  EXPECT_EQ(FormatField(complaint, "visits", kUtc), "intervention=interventions/1 stage=booked");
  // Of a newer server.
  complaint.set_state(static_cast<intake::v1::ComplaintState>(77));
  EXPECT_EQ(FormatField(complaint, "state", kUtc), "77");
}

TEST(Fields, ShowMapsByKey) {
  intake::v1::HistoryEntry entry;
  (*entry.mutable_details())["team"] = "front-desk";
  (*entry.mutable_details())["agency"] = "north";
  EXPECT_EQ(FormatField(entry, "details", kUtc), "agency=north team=front-desk");
}

TEST(Fields, NameEveryChoice) {
  EXPECT_THAT(ShortNames(*sla::v1::View_descriptor()), ElementsAre("provisional", "settled"));
}

}  // namespace
}  // namespace redress::ctl

#include "libs/store/keys.h"
#include "services/intake/intake_fixture.h"
#include "services/intake/limits.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using Response = v1::PushTicketsResponse;

class IntakePushTest : public IntakeTest {
 protected:
  using Stream = FakeStream<v1::PushTicketsRequest, v1::PushTicketsResponse>;

  std::shared_ptr<Stream> Open(const CallContext& call = Everybody("call-centre")) {
    auto stream = std::make_shared<Stream>(&executor_);
    main_->service->PushTickets(call, rpc::BidiStream<v1::PushTicketsRequest, v1::PushTicketsResponse>(stream));
    return stream;
  }
  v1::PushTicketsRequest Ticket(int number, const std::string& residence = "rn") {
    v1::PushTicketsRequest ticket;
    ticket.set_reference(absl::StrCat("ticket-", number));
    *ticket.mutable_complaint() = SubmitRequest("unused");
    ticket.mutable_complaint()->clear_request_id();
    ticket.mutable_complaint()->set_residence(residence);
    return ticket;
  }
  static std::map<Response::Answer, int> Count(const Stream& stream) {
    std::map<Response::Answer, int> counts;
    for (const auto& answer : stream.answers()) ++counts[answer.answer()];
    return counts;
  }
  int64_t Complaints() {
    int64_t count = 0;
    for (uint16_t shard = 0; shard < kShards; ++shard) {
      const std::string from = store::Key(shard, 0x01).Take();
      main_->rows->Scan(from, store::After(from), [&](absl::string_view, absl::string_view) { return ++count > 0; });
    }
    return count;
  }
};

TEST_F(IntakePushTest, EachTicketGetsItsOwnAnswer) {
  const auto stream = Open();
  stream->Send(Ticket(1));
  auto bad = Ticket(2);
  bad.mutable_complaint()->set_category("dragons");
  bad.mutable_complaint()->set_channel(types::v1::CHANNEL_UNSPECIFIED);
  stream->Send(bad);
  stream->Send(Ticket(1));
  stream->Close();
  executor_.RunFor(kSecond);
  ASSERT_EQ(stream->answers().size(), 3u);
  std::map<Response::Answer, Response> by;
  for (const auto& answer : stream->answers()) by[answer.answer()] = answer;
  const Response& accepted = by[Response::ANSWER_ACCEPTED];
  EXPECT_EQ(accepted.reference(), "ticket-1");
  EXPECT_EQ(accepted.tracking_code().size(), 13u);
  EXPECT_EQ(Get(accepted.complaint()).category(), "lift");
  const Response& known = by[Response::ANSWER_ALREADY_KNOWN];
  EXPECT_EQ(known.complaint(), accepted.complaint());
  EXPECT_EQ(known.tracking_code(), accepted.tracking_code());
  const Response& refused = by[Response::ANSWER_REFUSED];
  EXPECT_EQ(refused.reference(), "ticket-2");
  ASSERT_EQ(refused.refusals_size(), 2);
  EXPECT_EQ(refused.refusals(0).field(), "channel");
  EXPECT_EQ(refused.refusals(1).field(), "category");
  EXPECT_EQ(refused.refusals(1).reason(), "INVALID_FIELDS");
  ASSERT_TRUE(stream->finished().has_value());
  EXPECT_TRUE(stream->finished()->ok());
}

TEST_F(IntakePushTest, AReferenceWithOtherContentIsRefused) {
  const auto stream = Open();
  stream->Send(Ticket(1, "rn"));
  stream->Send(Ticket(1, "rs"));
  stream->Close();
  executor_.RunFor(kSecond);
  EXPECT_EQ(Count(*stream)[Response::ANSWER_ACCEPTED], 1);
  EXPECT_EQ(Count(*stream)[Response::ANSWER_REFUSED], 1);
  EXPECT_EQ(stream->answers().back().refusals(0).reason(), "REQUEST_ID_REUSED");
  EXPECT_EQ(Complaints(), 1);
}

TEST_F(IntakePushTest, AReferenceThatIsNoneIsRefused) {
  const auto stream = Open();
  v1::PushTicketsRequest ticket = Ticket(1);
  ticket.set_reference("tab\tinside");
  stream->Send(ticket);
  ticket.clear_complaint();
  stream->Send(ticket);
  stream->Close();
  executor_.RunFor(kSecond);
  ASSERT_EQ(Count(*stream)[Response::ANSWER_REFUSED], 2);
  EXPECT_EQ(stream->answers()[0].reference(), "");
  EXPECT_EQ(stream->answers()[1].refusals_size(), 2);
}

TEST_F(IntakePushTest, AFastSenderIsHeld) {
  const auto stream = Open();
  stream->Hold(true);
  for (int i = 0; i < 1000; ++i) stream->Send(Ticket(i));
  executor_.RunFor(kMinute);
  EXPECT_LE(stream->taken(), static_cast<size_t>(kMaxUndecidedTickets));
  EXPECT_EQ(stream->answers().size(), 1u) << "one is being written";
  stream->Hold(false);
  stream->Close();
  executor_.RunFor(kMinute);
  EXPECT_EQ(Count(*stream)[Response::ANSWER_ACCEPTED], 1000);
  EXPECT_TRUE(stream->finished().has_value());
}

TEST_F(IntakePushTest, OverloadSlowsAndRefusesNothing) {
  // While the log cannot be reached, orders are turned away.
  main_->log->Cut();
  executor_.RunFor(kSecond);
  const auto stream = Open();
  for (int i = 0; i < 50; ++i) stream->Send(Ticket(i));
  stream->Close();
  executor_.RunFor(10 * kSecond);
  EXPECT_TRUE(stream->answers().empty());
  main_->log->Mend();
  executor_.RunFor(kMinute);
  EXPECT_EQ(Count(*stream)[Response::ANSWER_ACCEPTED], 50);
  EXPECT_EQ(Complaints(), 50);
}

TEST_F(IntakePushTest, WaitsForWhatIsAwayForAWhile) {
  for (const bool keys : {false, true}) {
    const auto set_away = [&](bool away) { keys ? void(keys_.away = away) : SetRegisterAway(away); };
    set_away(true);
    const auto stream = Open();
    const int base = keys ? 100 : 0;
    for (int i = 0; i < 20; ++i) stream->Send(Ticket(base + i));
    stream->Close();
    executor_.RunFor(5 * kSecond);
    EXPECT_TRUE(stream->answers().empty()) << base << stream->answers().front().ShortDebugString();
    set_away(false);
    executor_.RunFor(kMinute);
    EXPECT_EQ(Count(*stream)[Response::ANSWER_ACCEPTED], 20);
  }
  EXPECT_EQ(Complaints(), 40);
}

TEST_F(IntakePushTest, NobodyWaitsForABrokenLine) {
  SetRegisterAway(true);
  const auto stream = Open();
  stream->Send(Ticket(1));
  executor_.RunFor(kSecond);
  stream->Break();
  executor_.RunFor(kSecond);
  SetRegisterAway(false);
  executor_.RunFor(kMinute);
  EXPECT_EQ(Complaints(), 0);
}

// A refusal would be taken for the last word on the ticket.
TEST_F(IntakePushTest, TroubleOfTheServersOwnEndsTheStreamAndRefusesNoTicket) {
  keys_.lost_after = 9;
  const auto stream = Open();
  for (int i = 0; i < 20; ++i) stream->Send(Ticket(i));
  executor_.RunFor(kMinute);
  ASSERT_TRUE(stream->finished().has_value());
  EXPECT_EQ(ReasonOf(*stream->finished()), "KEY_STORE_CORRUPT");
  EXPECT_EQ(stream->finished()->code(), absl::StatusCode::kDataLoss);
  const int accepted = Count(*stream)[Response::ANSWER_ACCEPTED];
  EXPECT_GT(accepted, 0) << "those beside it have their answers";
  EXPECT_EQ(stream->answers().size(), static_cast<size_t>(accepted));
  EXPECT_EQ(Complaints(), accepted);
  keys_.lost_after = -1;
  const auto again = Open();
  for (int i = 0; i < 20; ++i) again->Send(Ticket(i));
  again->Close();
  executor_.RunFor(kMinute);
  EXPECT_EQ(Count(*again)[Response::ANSWER_ALREADY_KNOWN], accepted);
  EXPECT_EQ(Count(*again)[Response::ANSWER_ACCEPTED], 20 - accepted);
  EXPECT_TRUE(again->finished().has_value() && again->finished()->ok());
  EXPECT_EQ(Complaints(), 20);
}

TEST_F(IntakePushTest, WhatIsWithTheOwnerIsAnsweredBeforeTheStreamEnds) {
  main_->log->Cut();
  executor_.RunFor(kSecond);
  const auto stream = Open();
  stream->Send(Ticket(1));
  executor_.RunFor(kSecond);
  keys_.lost_after = 0;
  stream->Send(Ticket(2));
  executor_.RunFor(kSecond);
  EXPECT_FALSE(stream->finished().has_value()) << "the first may be decided yet";
  main_->log->Mend();
  executor_.RunFor(kMinute);
  EXPECT_EQ(Count(*stream), (std::map<Response::Answer, int>{{Response::ANSWER_ACCEPTED, 1}}));
  ASSERT_TRUE(stream->finished().has_value());
  EXPECT_EQ(stream->finished()->code(), absl::StatusCode::kDataLoss);
}

TEST_F(IntakePushTest, WhatHasToWaitIsNotWaitedForOnceTheStreamIsToEnd) {
  const auto stream = Open();
  keys_.away = true;
  stream->Send(Ticket(1));
  executor_.RunFor(kSecond);
  EXPECT_FALSE(stream->finished().has_value());
  main_->rows->set_health(MakeError(absl::StatusCode::kDataLoss, "PROJECTION_CORRUPT", "a block that cannot be read"));
  v1::PushTicketsRequest bad = Ticket(2);
  bad.mutable_complaint()->set_category("dragons");
  stream->Send(bad);
  executor_.RunFor(kSecond);
  ASSERT_TRUE(stream->finished().has_value());
  EXPECT_EQ(ReasonOf(*stream->finished()), "PROJECTION_CORRUPT");
  EXPECT_TRUE(stream->answers().empty());
}

TEST_F(IntakePushTest, DamagedRowsRefuseNothing) {
  main_->rows->set_health(MakeError(absl::StatusCode::kDataLoss, "PROJECTION_CORRUPT", "a block that cannot be read"));
  const auto stream = Open();
  v1::PushTicketsRequest ticket = Ticket(1);
  ticket.mutable_complaint()->set_category("dragons");
  stream->Send(ticket);
  executor_.RunFor(kSecond);
  EXPECT_TRUE(stream->answers().empty());
  ASSERT_TRUE(stream->finished().has_value());
  EXPECT_EQ(ReasonOf(*stream->finished()), "PROJECTION_CORRUPT");
}

TEST_F(IntakePushTest, ABrokenLineDoublesNothing) {
  constexpr int kTickets = 600;
  auto stream = Open();
  for (int i = 0; i < kTickets; ++i) stream->Send(Ticket(i, i % 3 == 0 ? "rs" : "rn"));
  while (stream->answers().size() < 200) executor_.RunFor(1);
  stream->Break();
  executor_.RunFor(kSecond);
  std::map<std::string, std::string> names;
  for (const auto& answer : stream->answers()) names[answer.reference()] = answer.complaint();
  const auto again = Open();
  for (int i = 100; i < kTickets; ++i) again->Send(Ticket(i, i % 3 == 0 ? "rs" : "rn"));
  again->Close();
  executor_.RunFor(kMinute);
  EXPECT_EQ(again->answers().size(), 500u);
  for (const auto& answer : again->answers()) {
    EXPECT_NE(answer.answer(), Response::ANSWER_REFUSED);
    const auto [known, first] = names.try_emplace(answer.reference(), answer.complaint());
    EXPECT_EQ(known->second, answer.complaint()) << answer.reference();
  }
  EXPECT_GT(Count(*again)[Response::ANSWER_ALREADY_KNOWN], 0);
  EXPECT_EQ(Complaints(), kTickets);
}

TEST_F(IntakePushTest, TenThousandInOneStream) {
  constexpr int kTickets = 10000;
  const auto stream = Open();
  for (int i = 0; i < kTickets; ++i) stream->Send(Ticket(i, absl::StrCat("place-", i % 7)));
  stream->Close();
  for (int i = 0; i < 10000 && !stream->finished().has_value(); ++i) executor_.RunFor(100);
  ASSERT_TRUE(stream->finished().has_value());
  EXPECT_EQ(Count(*stream)[Response::ANSWER_ACCEPTED], kTickets);
  std::set<std::string> names;
  for (const auto& answer : stream->answers()) names.insert(answer.complaint());
  EXPECT_EQ(names.size(), static_cast<size_t>(kTickets));
}

TEST_F(IntakePushTest, NeedsThePermission) {
  const auto stream = Open(Only(Permission::kTrack));
  ASSERT_TRUE(stream->finished().has_value());
  EXPECT_EQ(stream->finished()->code(), absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace redress::intake

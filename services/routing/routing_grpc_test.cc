#include "services/routing/routing_grpc.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/reference/territory_check.h"
#include "libs/status/errors.h"
#include "services/routing/limits.h"
#include "services/routing/routing_fixture.h"

namespace redress::routing {
namespace {

// A caller that sends what it was given and then nothing more.
class FakeStream : public rpc::RawStream {
 public:
  explicit FakeStream(std::deque<register_v1::UploadTerritoryRequest> requests) : requests_(std::move(requests)) {}
  void Read(google::protobuf::MessageLite* into, std::function<void(bool)> on_read) override {
    if (requests_.empty() || finished.has_value()) return on_read(false);
    into->ParseFromString(requests_.front().SerializeAsString());
    requests_.pop_front();
    on_read(true);
  }
  void Write(const google::protobuf::MessageLite& message, std::function<void(bool)> on_written) override {
    answer.emplace().ParseFromString(message.SerializeAsString());
    on_written(true);
  }
  void Finish(absl::Status status) override {
    if (!finished.has_value()) finished = std::move(status);
  }
  void OnCancel(std::function<void()>) override {}

  std::optional<register_v1::UploadTerritoryResponse> answer;
  std::optional<absl::Status> finished;

 private:
  std::deque<register_v1::UploadTerritoryRequest> requests_;
};

class UploadTest : public testing::RoutingFixture {
 protected:
  void SetUp() override {
    process_ = Boot();
    ASSERT_TRUE(EnterStarterSet(*process_).ok());
  }
  std::shared_ptr<FakeStream> Upload(std::deque<register_v1::UploadTerritoryRequest> requests,
                                     std::shared_ptr<const Caller> caller = nullptr) {
    const rpc::Service service = MakeRpcService(process_->register_service.get());
    EXPECT_THAT(service.Missing(), ::testing::IsEmpty());
    auto stream = std::make_shared<FakeStream>(std::move(requests));
    for (const rpc::Method& method : service.methods()) {
      if (method.kind == rpc::Method::Kind::kBidi) method.stream(Call(std::move(caller)), nullptr, stream);
    }
    for (int i = 0; i < 1000 && !stream->finished.has_value(); ++i) executor_.RunFor(10);
    EXPECT_TRUE(stream->finished.has_value());
    return stream;
  }
  // The small territory, a node a message.
  static std::deque<register_v1::UploadTerritoryRequest> Messages() {
    std::deque<register_v1::UploadTerritoryRequest> messages;
    for (const auto& page : reference::Split(testing::SomeTerritory(), 1)) {
      *messages.emplace_back().mutable_territory() = page;
    }
    messages.front().set_request_id("r1");
    messages.back().set_complete(true);
    return messages;
  }

  std::unique_ptr<Process> process_;
};

TEST_F(UploadTest, JoinsTheMessagesOfOneTerritory) {
  const auto stream = Upload(Messages());
  ASSERT_TRUE(stream->finished->ok()) << *stream->finished;
  EXPECT_EQ(stream->answer->result().version().territory_counts().units(), 1);
  EXPECT_TRUE(process_->view.Current()->FindPlace("rs", 0).has_value());
  // Cut in other places it is the same request.
  auto whole = Messages();
  for (size_t i = 1; i < whole.size(); ++i) {
    reference::Join(whole[i].territory(), whole[0].mutable_territory());
  }
  whole[0].set_complete(true);
  const auto again = Upload({whole[0]});
  ASSERT_TRUE(again->finished->ok()) << *again->finished;
  EXPECT_EQ(again->answer->SerializeAsString(), stream->answer->SerializeAsString());
}

TEST_F(UploadTest, AStreamThatBreaksLeavesNothingBehind) {
  const int64_t before = process_->view.Version();
  auto messages = Messages();
  messages.back().set_complete(false);
  EXPECT_EQ(ReasonOf(*Upload(messages)->finished), "UPLOAD_CUT");
  EXPECT_EQ(ReasonOf(*Upload({})->finished), "UPLOAD_CUT");
  EXPECT_EQ(process_->view.Version(), before);
}

TEST_F(UploadTest, MemoryStaysBounded) {
  auto large = Messages();
  large[0].mutable_territory()->mutable_agencies(0)->set_name(std::string(kMaxTerritoryBytes / 2, 'n'));
  large[1] = large[0];
  EXPECT_EQ(ReasonOf(*Upload(large)->finished), "TERRITORY_TOO_LARGE");
}

TEST_F(UploadTest, AsksForThePermissionBeforeItReads) {
  const auto stream = Upload(Messages(), CallerOf("north", PermissionSet(Permission::kReadRegister)));
  EXPECT_EQ(ReasonOf(*stream->finished), "PERMISSION_MISSING");
}

class DownloadTest : public testing::RoutingFixture {
 protected:
  struct Downloaded : rpc::RawStream {
    void Read(google::protobuf::MessageLite*, std::function<void(bool)> on_read) override { on_read(false); }
    void Write(const google::protobuf::MessageLite& message, std::function<void(bool)> on_written) override {
      messages.emplace_back().ParseFromString(message.SerializeAsString());
      on_written(true);
    }
    void Finish(absl::Status status) override { finished = std::move(status); }
    void OnCancel(std::function<void()>) override {}

    // All nodes.
    register_v1::Territory Joined() const {
      register_v1::Territory joined;
      for (const auto& message : messages) reference::Join(message.territory(), &joined);
      return joined;
    }
    std::vector<register_v1::DownloadTerritoryResponse> messages;
    std::optional<absl::Status> finished;
  };

  void SetUp() override {
    process_ = Boot();
    ASSERT_TRUE(EnterStarterSet(*process_).ok());
  }
  void Enter(const std::string& request_id, const register_v1::Territory& territory) {
    register_v1::UploadTerritoryRequest request;
    request.set_request_id(request_id);
    *request.mutable_territory() = territory;
    const auto entered = Ask(*process_->register_service, &RegisterService::UploadTerritory, request);
    ASSERT_TRUE(entered.ok()) << entered.status();
  }
  std::shared_ptr<Downloaded> Download(const std::string& request, std::shared_ptr<const Caller> caller = nullptr) {
    const auto parsed = testing::Parse<register_v1::DownloadTerritoryRequest>(request);
    const rpc::Service service = MakeRpcService(process_->register_service.get());
    auto stream = std::make_shared<Downloaded>();
    for (const rpc::Method& method : service.methods()) {
      if (method.kind == rpc::Method::Kind::kServerStreaming) method.stream(Call(std::move(caller)), &parsed, stream);
    }
    executor_.RunFor(kSecond);
    EXPECT_TRUE(stream->finished.has_value());
    return stream;
  }

  std::unique_ptr<Process> process_;
};

TEST_F(DownloadTest, GivesBackWhatWasEntered) {
  EXPECT_EQ(ReasonOf(*Download("")->finished), "VERSION_NOT_FOUND");
  auto large = testing::SomeTerritory();
  for (int i = 0; i < 30'000; ++i) {
    auto* unit = large.add_units();
    unit->set_code(absl::StrCat("unit-", i));
    unit->set_residence("rs");
    unit->set_kind(register_v1::Unit::KIND_SHOP);
  }
  Enter("r1", testing::SomeTerritory());
  Enter("r2", large);
  const auto now = Download("");
  ASSERT_TRUE(now->finished->ok()) << *now->finished;
  EXPECT_GT(now->messages.size(), 1u);
  EXPECT_EQ(now->Joined().SerializeAsString(), large.SerializeAsString());
  for (size_t i = 0; i < now->messages.size(); ++i) {
    EXPECT_EQ(now->messages[i].has_version(), i == 0);
    EXPECT_EQ(now->messages[i].complete(), i + 1 == now->messages.size());
  }
  EXPECT_EQ(now->messages[0].version().version(), 2);
  EXPECT_FALSE(now->messages[0].partial());
  EXPECT_EQ(now->messages[0].position().stream(), "register");
  const auto first = Download("version: 1");
  EXPECT_EQ(first->Joined().SerializeAsString(), testing::SomeTerritory().SerializeAsString());
  EXPECT_EQ(ReasonOf(*Download("version: 3")->finished), "VERSION_NOT_FOUND");
  EXPECT_EQ(ReasonOf(*Download("version: -1")->finished), "INVALID_FIELDS");
}

TEST_F(DownloadTest, ShowsNodesOfAgenciesThatTheCallerSees) {
  Enter("r1", testing::SomeTerritory());
  const auto expected = testing::Parse<register_v1::Territory>(R"(
    agencies { code: "north" zone: "Europe/Paris" calendar: "agency" }
    offices { code: "n1" agency: "north" }
    residences { code: "rn" office: "n1" }
    units { code: "u1" residence: "rn" kind: KIND_DWELLING })");
  const auto north = CallerOf("north", PermissionSet(Permission::kReadRegister));
  for (const auto& shown : {Download("", north), Download("agency: 'north'", north), Download("agency: 'north'")}) {
    ASSERT_TRUE(shown->finished->ok()) << *shown->finished;
    EXPECT_TRUE(shown->messages[0].partial());
    EXPECT_EQ(shown->Joined().DebugString(), expected.DebugString());
  }
  const auto none = Download("agency: 'south'", north);
  ASSERT_TRUE(none->finished->ok());
  ASSERT_EQ(none->messages.size(), 1u);
  EXPECT_TRUE(none->messages[0].complete());
  EXPECT_EQ(none->Joined().ByteSizeLong(), 0u);
  EXPECT_EQ(ReasonOf(*Download("", CallerOf("north", PermissionSet(Permission::kTrack)))->finished),
            "PERMISSION_MISSING");
}

TEST(RoutingRpc, EveryMethodHasAHandler) {
  RoutingService service({});
  EXPECT_THAT(MakeRpcService(&service).Missing(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace redress::routing

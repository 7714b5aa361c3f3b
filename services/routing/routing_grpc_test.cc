#include "services/routing/routing_grpc.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

TEST(RoutingRpc, EveryMethodHasAHandler) {
  RoutingService service({});
  EXPECT_THAT(MakeRpcService(&service).Missing(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace redress::routing

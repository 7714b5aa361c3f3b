// The whole process on a disk that forgets, when the power goes, what was not synced: nothing that a caller was told is
// missing afterwards, nothing is there twice, and every text can be read.
//
// POWER_CUTS=n for more than a check; REDRESS_SEED=n for one seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/clock/system_clock.h"
#include "libs/rpc/grpc/grpc_client.h"
#include "libs/status/errors.h"
#include "libs/status/mutex.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "services/standalone/standalone.h"
#include "tests/testing/seeds.h"
#include "tests/testing/storage/fault_file_system.h"
#include "tests/testing/temp_dir.h"

namespace redress {
namespace {

using redress::testing::FaultFileSystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSubmit[] = "redress.intake.v1.IntakeService/SubmitComplaint";
constexpr size_t kInFlight = 24;

int Cuts() {
  const char* set = std::getenv("POWER_CUTS");
  return set == nullptr ? 4 : std::atoi(set);
}

intake::v1::SubmitComplaintRequest RequestOf(const std::string& id) {
  intake::v1::SubmitComplaintRequest request;
  request.set_request_id(id);
  request.set_category("heating");
  request.set_channel(types::v1::CHANNEL_PHONE);
  request.set_description(absl::StrCat("Words of ", id));
  request.mutable_new_person()->set_full_name(absl::StrCat("Name of ", id));
  return request;
}

// Keeps so many submissions in flight, and remembers what it was told. Thread-safe.
class Callers {
 public:
  // First those that were not answered before, then new ones, until `more` are acknowledged; those under way go on.
  void SubmitUntil(rpc::Client* client, size_t more) {
    std::set<std::string> begin;
    MutexLock lock(mutex_);
    client_ = client;
    const size_t wanted = acknowledged_.size() + more;
    begin = unanswered_;
    while (begin.size() < kInFlight) begin.insert(NewId());
    unanswered_.clear();
    for (const std::string& id : begin) Begin(id);
    while (acknowledged_.size() < wanted) changed_.Wait(mutex_);
  }
  // Begins no more; returns when all that were under way are answered, or ended without an answer.
  void Rest() {
    MutexLock lock(mutex_);
    client_ = nullptr;
    while (under_way_ > 0) changed_.Wait(mutex_);
  }

  // By request id: the complaint. At rest.
  std::map<std::string, std::string> acknowledged() {
    MutexLock lock(mutex_);
    return acknowledged_;
  }
  std::set<std::string> unanswered() {
    MutexLock lock(mutex_);
    return unanswered_;
  }

 private:
  std::string NewId() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return absl::StrCat("call-", ++last_); }

  void Begin(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ++under_way_;
    rpc::Client* const client = client_;
    // Answered on another thread, which waits for the lock.
    client->Call<intake::v1::SubmitComplaintResponse>(
        kSubmit, RequestOf(id), {.timeout = 20 * kSecond},
        [this, id](absl::StatusOr<intake::v1::SubmitComplaintResponse> response) { OnAnswer(id, response); });
  }

  void OnAnswer(const std::string& id, const absl::StatusOr<intake::v1::SubmitComplaintResponse>& response) {
    MutexLock lock(mutex_);
    --under_way_;
    if (response.ok()) {
      acknowledged_[id] = response->complaint().name();
    } else {
      unanswered_.insert(id);
    }
    // Who is refused waits for the next life: the power is off.
    if (client_ != nullptr && response.ok()) Begin(NewId());
    changed_.NotifyAll();
  }

  Mutex mutex_;
  CondVar changed_;
  rpc::Client* client_ ABSL_GUARDED_BY(mutex_) = nullptr;
  size_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  int last_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::string> acknowledged_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> unanswered_ ABSL_GUARDED_BY(mutex_);
};

class PowerCut : public ::testing::Test {
 protected:
  void Start() {
    StandaloneOptions options;
    options.dir = dir_ / "data";
    options.listen = "127.0.0.1:0";
    options.logger = &logger_;
    options.env = env_.get();
    // The power is off: nothing is to be done about it.
    options.on_fatal = [](const absl::Status&) {};
    auto started = Standalone::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    standalone_ = *std::move(started);
    client_ = rpc::GrpcClient::Connect(absl::StrCat("127.0.0.1:", standalone_->port()));
    // Until it has caught up it refuses, at once.
    absl::Status status;
    do {
      intake::v1::SubmitComplaintResponse response;
      status = client_->CallAndWait(kSubmit, RequestOf("first"), &response, {.timeout = 20 * kSecond});
    } while (absl::IsUnavailable(status));
    ASSERT_TRUE(status.ok()) << status;
  }

  void CutPower() {
    files_->CutPower();
    callers_.Rest();
    client_ = nullptr;
    standalone_ = nullptr;
    files_->Restore();
  }

  // All complaints there are, by name.
  std::map<std::string, int> List() {
    std::map<std::string, int> seen;
    intake::v1::ListComplaintsRequest request;
    request.set_page_size(500);
    do {
      intake::v1::ListComplaintsResponse page;
      const absl::Status status =
          client_->CallAndWait("redress.intake.v1.IntakeService/ListComplaints", request, &page, {});
      EXPECT_TRUE(status.ok()) << status;
      for (const auto& complaint : page.complaints()) ++seen[complaint.name()];
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return seen;
  }

  // What was acknowledged is there once, under the same name, with its words.
  void ExpectAllIsThere() {
    std::map<std::string, int> listed = List();
    for (const auto& [id, name] : callers_.acknowledged()) {
      intake::v1::SubmitComplaintResponse again;
      absl::Status status = client_->CallAndWait(kSubmit, RequestOf(id), &again, {});
      ASSERT_TRUE(status.ok()) << id << ": " << status;
      EXPECT_EQ(again.complaint().name(), name) << id;
      intake::v1::GetComplaintRequest request;
      request.set_name(name);
      request.set_personal_data(true);
      request.set_purpose("test");
      intake::v1::GetComplaintResponse read;
      status = client_->CallAndWait("redress.intake.v1.IntakeService/GetComplaint", request, &read, {});
      ASSERT_TRUE(status.ok()) << id << ": " << status;
      EXPECT_EQ(read.complaint().personal_data().description(), absl::StrCat("Words of ", id));
      EXPECT_EQ(listed[name], 1) << name;
    }
  }

  const redress::testing::TempDir dir_;
  const std::shared_ptr<FaultFileSystem> files_ = std::make_shared<FaultFileSystem>();
  const std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(files_);
  SystemClock clock_;
  InMemoryLogger logger_{&clock_};
  Callers callers_;
  std::unique_ptr<Standalone> standalone_;
  std::unique_ptr<rpc::GrpcClient> client_;
};

TEST_F(PowerCut, TakesNothingThatACallerWasTold) {
  for (const uint64_t seed : redress::testing::Seeds(0)) {
    SCOPED_TRACE(absl::StrCat("REDRESS_SEED=", seed));
    SeededIdSource random(seed);
    ASSERT_NO_FATAL_FAILURE(Start());
    for (int cut = 0; cut < Cuts(); ++cut) {
      SCOPED_TRACE(absl::StrCat("cut ", cut));
      callers_.SubmitUntil(client_.get(), random.Random64() % 200);
      CutPower();
      ASSERT_NO_FATAL_FAILURE(Start());
    }
    ASSERT_NO_FATAL_FAILURE(ExpectAllIsThere());
    // Those that were not answered happened once or not at all: asked again they are there once.
    callers_.SubmitUntil(client_.get(), kInFlight);
    callers_.Rest();
    EXPECT_TRUE(callers_.unanswered().empty());
    ASSERT_NO_FATAL_FAILURE(ExpectAllIsThere());
    EXPECT_EQ(List().size(), callers_.acknowledged().size() + 1);
    EXPECT_THAT(absl::StrJoin(logger_.lines(), "\n"), Not(HasSubstr("projection_ahead_of_log")));
    std::printf("%zu acknowledged over %d power cuts\n", callers_.acknowledged().size(), Cuts());
  }
}

}  // namespace
}  // namespace redress

// What tests of commands call: a real gRPC server on a free port whose handlers a test sets, and one run of the program
// against it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/auth/authenticator.h"
#include "libs/clock/system_clock.h"
#include "libs/ids/ids.h"
#include "libs/rpc/grpc/server.h"
#include "libs/rpc/service.h"
#include "libs/status/errors.h"
#include "libs/status/mutex.h"
#include "redress/admin/v1/admin_service.pb.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "redress/public/v1/event_stream.pb.h"
#include "services/redressctl/program.h"

namespace redress::ctl {

// A service whose unary methods are all there, and answer UNIMPLEMENTED until a test says otherwise.
class FakeService {
 public:
  explicit FakeService(const std::string& name) : service_(name) {}

  template <typename Request, typename Response>
  void Has(const std::string& method) {
    service_.Unary<Request, Response>(
        method, [this, method](const CallContext&, const Request& request, rpc::Done<Response> done) {
          const auto found = handlers_.find(method);
          if (found == handlers_.end()) return done(absl::UnimplementedError(method));
          Response response;
          const absl::Status status = found->second(request, &response);
          if (status.ok()) {
            done(std::move(response));
          } else {
            done(status);
          }
        });
  }
  template <typename Request, typename Response>
  void On(const std::string& method, std::function<absl::Status(const Request&, Response*)> handler) {
    handlers_[method] = [handler = std::move(handler)](const google::protobuf::Message& request,
                                                       google::protobuf::Message* response) {
      return handler(static_cast<const Request&>(request), static_cast<Response*>(response));
    };
  }
  rpc::Service& service() { return service_; }

 private:
  using Handler = std::function<absl::Status(const google::protobuf::Message&, google::protobuf::Message*)>;
  rpc::Service service_;
  std::map<std::string, Handler> handlers_;
};

// Lets everybody in, and keeps what they showed.
class TokenKeeper : public NoAuth {
 public:
  absl::StatusOr<std::shared_ptr<const Caller>> Authenticate(absl::string_view token) const override {
    MutexLock lock(mutex_);
    last_ = std::string(token);
    return NoAuth::Authenticate("");
  }
  std::string last() const {
    MutexLock lock(mutex_);
    return last_;
  }

 private:
  mutable Mutex mutex_;
  mutable std::string last_ ABSL_GUARDED_BY(mutex_);
};

// A second passes between two looks at it: what takes long is shown at once.
class HurriedClock : public Clock {
 public:
  Millis Now() const override { return real_.Now(); }
  Millis Monotonic() const override { return at_ += kSecond; }

 private:
  const SystemClock real_;
  mutable Millis at_ = 0;
};

struct Ran {
  ExitCode code;
  std::string out;
  std::string err;
};

class CommandTest : public ::testing::Test {
 protected:
  using PushStream = rpc::BidiStream<intake::v1::PushTicketsRequest, intake::v1::PushTicketsResponse>;
  using ImportStream = rpc::BidiStream<intake::v1::ImportComplaintsRequest, intake::v1::ImportComplaintsResponse>;
  using EventWriter = rpc::Writer<public_::v1::SubscribeResponse>;

  CommandTest() {
    AddMethods();
    options_.authenticator = &auth_;
    options_.clock = &clock_;
    StartServer();
  }

  // Where it was before, if it ran already.
  void StartServer() {
    if (server_ != nullptr) {
      options_.address = absl::StrCat("127.0.0.1:", server_->port());
      server_.reset();
    }
    auto server = rpc::Server::Start(options_, {&intake_.service(), &admin_.service(), &events_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  int port() const { return server_->port(); }

  // Words are separated by blanks.
  Ran Run(const std::string& line, const std::string& in = "") {
    return RunWords(absl::StrSplit(line, ' ', absl::SkipEmpty()), in);
  }
  Ran RunWords(std::vector<std::string> words, const std::string& in = "") {
    std::istringstream input(in);
    std::ostringstream out, err;
    Environment environment{program_clock_, &ids_, &input, &out, &err};
    environment.server = absl::StrCat("127.0.0.1:", server_->port());
    const ExitCode code = RunProgram(words, environment);
    return {code, out.str(), err.str()};
  }

  SystemClock clock_;
  // What the program sees.
  const Clock* program_clock_ = &clock_;
  TokenKeeper auth_;
  FakeService intake_{"redress.intake.v1.IntakeService"};
  FakeService admin_{"redress.admin.v1.AdminService"};
  std::function<void(PushStream)> push_;
  std::function<void(ImportStream)> import_;
  std::function<void(const public_::v1::SubscribeRequest&, EventWriter)> subscribe_;

 private:
  void AddMethods() {
    using namespace intake::v1;  // NOLINT: thirty names
    intake_.Has<SubmitComplaintRequest, SubmitComplaintResponse>("SubmitComplaint");
    intake_.Has<AcknowledgeComplaintRequest, AcknowledgeComplaintResponse>("AcknowledgeComplaint");
    intake_.Has<StartComplaintRequest, StartComplaintResponse>("StartComplaint");
    intake_.Has<AnswerComplaintRequest, AnswerComplaintResponse>("AnswerComplaint");
    intake_.Has<ResolveComplaintRequest, ResolveComplaintResponse>("ResolveComplaint");
    intake_.Has<ConfirmComplaintRequest, ConfirmComplaintResponse>("ConfirmComplaint");
    intake_.Has<ContestComplaintRequest, ContestComplaintResponse>("ContestComplaint");
    intake_.Has<ReopenComplaintRequest, ReopenComplaintResponse>("ReopenComplaint");
    intake_.Has<WithdrawComplaintRequest, WithdrawComplaintResponse>("WithdrawComplaint");
    intake_.Has<AmendComplaintRequest, AmendComplaintResponse>("AmendComplaint");
    intake_.Has<AddMessageRequest, AddMessageResponse>("AddMessage");
    intake_.Has<AddNoteRequest, AddNoteResponse>("AddNote");
    intake_.Has<AddAttachmentRequest, AddAttachmentResponse>("AddAttachment");
    intake_.Has<RecordFactRequest, RecordFactResponse>("RecordFact");
    intake_.Has<GetAttachmentKeyRequest, GetAttachmentKeyResponse>("GetAttachmentKey");
    intake_.Has<GetComplaintRequest, GetComplaintResponse>("GetComplaint");
    intake_.Has<ListComplaintsRequest, ListComplaintsResponse>("ListComplaints");
    intake_.Has<ListComplaintHistoryRequest, ListComplaintHistoryResponse>("ListComplaintHistory");
    intake_.Has<LookUpTrackingCodeRequest, LookUpTrackingCodeResponse>("LookUpTrackingCode");
    intake_.Has<GetPersonRequest, GetPersonResponse>("GetPerson");
    intake_.Has<FindPeopleRequest, FindPeopleResponse>("FindPeople");
    intake_.Has<ErasePersonRequest, ErasePersonResponse>("ErasePerson");
    intake_.Has<ExportPersonRequest, ExportPersonResponse>("ExportPerson");
    intake_.Has<RedactTextRequest, RedactTextResponse>("RedactText");
    intake_.Has<SetLegalHoldRequest, SetLegalHoldResponse>("SetLegalHold");
    intake_.Has<LiftLegalHoldRequest, LiftLegalHoldResponse>("LiftLegalHold");
    intake_.Has<ListLegalHoldsRequest, ListLegalHoldsResponse>("ListLegalHolds");
    intake_.service().Bidi<PushTicketsRequest, PushTicketsResponse>(
        "PushTickets", [this](const CallContext&, PushStream stream) { push_(stream); });
    intake_.service().Bidi<ImportComplaintsRequest, ImportComplaintsResponse>(
        "ImportComplaints", [this](const CallContext&, ImportStream stream) { import_(stream); });
    using namespace admin::v1;  // NOLINT
    admin_.Has<GetStatusRequest, GetStatusResponse>("GetStatus");
    admin_.Has<ListDigestsRequest, ListDigestsResponse>("ListDigests");
    admin_.Has<RebuildProjectionRequest, RebuildProjectionResponse>("RebuildProjection");
    admin_.Has<CreateCheckpointRequest, CreateCheckpointResponse>("CreateCheckpoint");
    admin_.Has<ListParkedInputsRequest, ListParkedInputsResponse>("ListParkedInputs");
    admin_.Has<ReplayParkedInputRequest, ReplayParkedInputResponse>("ReplayParkedInput");
    admin_.Has<SkipParkedInputRequest, SkipParkedInputResponse>("SkipParkedInput");
    admin_.Has<CreateBackupRequest, CreateBackupResponse>("CreateBackup");
    admin_.Has<RotateMasterKeyRequest, RotateMasterKeyResponse>("RotateMasterKey");
    events_.ServerStreaming<public_::v1::SubscribeRequest, public_::v1::SubscribeResponse>(
        "Subscribe", [this](const CallContext&, const public_::v1::SubscribeRequest& request, EventWriter writer) {
          subscribe_(request, writer);
        });
  }

  rpc::Service events_{"redress.public.v1.EventStreamService"};
  SystemIdSource ids_;
  rpc::ServerOptions options_;
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace redress::ctl

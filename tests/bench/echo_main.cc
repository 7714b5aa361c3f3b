// redress-bench-echo: the least a gRPC server can do with the same messages: takes a request in, sends back an answer
// that Redress once gave. gRPC's callback API as its manual shows it, nothing of ours but the messages.
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "redress/intake/v1/intake_service.grpc.pb.h"

namespace {

namespace v1 = ::redress::intake::v1;

// False when the file is given and holds no such message.
bool Load(const std::string& path, google::protobuf::Message* message) {
  if (path.empty()) return true;
  std::ifstream in(path, std::ios::binary);
  return in && message->ParseFromString(std::string(std::istreambuf_iterator<char>(in), {}));
}

class Echo final : public v1::IntakeService::CallbackService {
 public:
  v1::SubmitComplaintResponse submitted;
  v1::GetComplaintResponse got;
  v1::ListComplaintsResponse listed;

  grpc::ServerUnaryReactor* SubmitComplaint(grpc::CallbackServerContext* context, const v1::SubmitComplaintRequest*,
                                            v1::SubmitComplaintResponse* response) override {
    return Answer(context, submitted, response);
  }
  grpc::ServerUnaryReactor* GetComplaint(grpc::CallbackServerContext* context, const v1::GetComplaintRequest*,
                                         v1::GetComplaintResponse* response) override {
    return Answer(context, got, response);
  }
  grpc::ServerUnaryReactor* ListComplaints(grpc::CallbackServerContext* context, const v1::ListComplaintsRequest*,
                                           v1::ListComplaintsResponse* response) override {
    return Answer(context, listed, response);
  }

 private:
  template <typename Response>
  static grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const Response& answer,
                                          Response* response) {
    *response = answer;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A bare gRPC server that gives Redress's answers without Redress.", "redress-bench-echo");
  std::string submit;
  std::string get;
  std::string list;
  app.add_option("--submit", submit, "File of a SubmitComplaintResponse");
  app.add_option("--get", get, "File of a GetComplaintResponse");
  app.add_option("--list", list, "File of a ListComplaintsResponse");
  CLI11_PARSE(app, argc, argv);
  Echo echo;
  if (!Load(submit, &echo.submitted) || !Load(get, &echo.got) || !Load(list, &echo.listed)) {
    std::fprintf(stderr, "redress-bench-echo: an answer cannot be read\n");
    return 1;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&echo);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("listening %d\n", port);
  std::fflush(stdout);
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  server->Shutdown();
  return 0;
}

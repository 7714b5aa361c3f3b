// redress-bench-load: one load on one server, over one connection; prints what it found as JSON.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "libs/clock/system_clock.h"
#include "libs/ids/ids.h"
#include "libs/status/macros.h"
#include "redress/public/v1/event_stream.pb.h"
#include "redress/sla/v1/sla_service.pb.h"
#include "tests/bench/connection.h"
#include "tests/bench/requests.h"
#include "tests/bench/settle.h"
#include "tests/bench/stopwatch.h"
#include "tests/bench/wire.h"

namespace redress::bench {
namespace {

namespace v1 = ::redress::intake::v1;

constexpr char kSubmit[] = "redress.intake.v1.IntakeService/SubmitComplaint";
constexpr char kGet[] = "redress.intake.v1.IntakeService/GetComplaint";
constexpr char kList[] = "redress.intake.v1.IntakeService/ListComplaints";
constexpr char kPush[] = "redress.intake.v1.IntakeService/PushTickets";
constexpr char kImport[] = "redress.intake.v1.IntakeService/ImportComplaints";
constexpr char kTtr[] = "redress.sla.v1.SlaService/GetTimeToResolution";
constexpr char kFollow[] = "redress.public.v1.EventStreamService/Subscribe";
// Of an undecided ticket or message: what redressctl keeps on its way.
constexpr int kTickets = 256;
constexpr int kImportMessages = 4;
constexpr Millis kYears = 3 * 365 * kDay;
// Messages of an import that are made before the clock starts.
constexpr size_t kMadeAhead = 64;

struct Options {
  std::string target;
  std::string run;
  std::string save;
  int in_flight = 64;
  double seconds = 0;
  int64_t calls = 0;
  int64_t first = 0;
  int facts = 4;
  int rows_per_message = 500;
  int open_every = 0;
  int page_size = 50;
  double settle_seconds = 0;
};

class Load {
 public:
  Load(const Options& options, std::unique_ptr<Connection> connection)
      : options_(options), connection_(std::move(connection)) {}

  absl::StatusOr<Report> Submit() {
    const Submits submits(options_.run);
    return Unary(kSubmit, [&](int64_t n) { return submits.Submit(options_.first + n); });
  }

  absl::StatusOr<Report> Push() {
    const Submits submits(options_.run);
    StreamOptions stream;
    stream.method = kPush;
    stream.window = kTickets;
    stream.seconds = options_.seconds;
    stream.next = [&, n = options_.first](std::string* message) mutable {
      if (options_.calls > 0 && n == options_.first + options_.calls) return false;
      *message = submits.Ticket(n++);
      return true;
    };
    stream.answered = [](const grpc::ByteBuffer& answer, std::string* error) -> int64_t {
      constexpr int kAnswer = v1::PushTicketsResponse::kAnswerFieldNumber;
      if (LookAt(ToBytes(answer), kAnswer).varint == v1::PushTicketsResponse::ANSWER_ACCEPTED) return 1;
      *error = "not accepted";
      return 0;
    };
    return connection_->Exchange(stream);
  }

  // `calls` complaints; counts rows: one a fact.
  absl::StatusOr<Report> Import() {
    const Millis until = SystemClock().Now() - kHour;
    int64_t made = 0;
    const auto make = [&](std::string* message) {
      v1::ImportComplaintsRequest request;
      for (; made < options_.calls && request.complaints_size() < options_.rows_per_message; ++made) {
        *request.add_complaints() =
            OldComplaint(options_.run, options_.first + made, options_.facts, until, kYears, options_.open_every);
      }
      *message = request.SerializeAsString();
      return request.complaints_size() > 0;
    };
    std::vector<std::string> ahead;
    for (std::string message; ahead.size() < kMadeAhead && make(&message);) ahead.push_back(std::move(message));
    StreamOptions stream;
    stream.method = kImport;
    stream.window = kImportMessages;
    stream.next = [&, next = size_t{0}](std::string* message) mutable {
      if (next == ahead.size()) return make(message);
      *message = std::move(ahead[next++]);
      return true;
    };
    stream.answered = [this](const grpc::ByteBuffer& answer, std::string* error) -> int64_t {
      v1::ImportComplaintsResponse response;
      response.ParseFromString(ToBytes(answer));
      int64_t rows = 0;
      for (const auto& row : response.rows()) {
        if (row.answer() == v1::ImportedRow::ANSWER_ACCEPTED) {
          rows += options_.facts;
        } else {
          *error = row.ShortDebugString();
        }
      }
      return rows;
    };
    return connection_->Exchange(stream);
  }

  absl::StatusOr<Report> Follow() {
    public_::v1::SubscribeRequest request;
    return connection_->Follow(kFollow, request.SerializeAsString(), [](const grpc::ByteBuffer& answer) {
      return LookAt(ToBytes(answer), public_::v1::SubscribeResponse::kEventsFieldNumber).times;
    });
  }

  absl::StatusOr<Report> Get() {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, Names());
    std::vector<std::string> requests;
    for (const std::string& name : names) {
      v1::GetComplaintRequest request;
      request.set_name(name);
      requests.push_back(request.SerializeAsString());
    }
    return Unary(kGet, [&](int64_t n) { return requests[static_cast<size_t>(n) % requests.size()]; });
  }

  absl::StatusOr<Report> List() {
    SeededIdSource dice(11);
    const Millis now = SystemClock().Now();
    return Unary(kList, [&, this](int64_t) { return PageFrom(now, &dice, options_.page_size).SerializeAsString(); });
  }

  absl::StatusOr<Report> TimeToResolution() {
    sla::v1::GetTimeToResolutionRequest request;
    request.mutable_scope()->add_group_by(sla::v1::DIMENSION_AGENCY);
    request.set_view(sla::v1::VIEW_PROVISIONAL);
    return Unary(kTtr, [&](int64_t) { return request.SerializeAsString(); });
  }

  // Nothing but the wait.
  absl::StatusOr<Report> Wait() { return Report(); }

  absl::Status Run(absl::StatusOr<Report> (Load::*load)()) {
    const int64_t begun = NowNanos();
    ASSIGN_OR_RETURN(Report report, (this->*load)());
    nlohmann::json extra = nlohmann::json::object();
    extra["client_cpu_seconds"] = CpuSeconds();
    if (options_.settle_seconds > 0) {
      ASSIGN_OR_RETURN(const int64_t ago, Settle(connection_.get(), options_.settle_seconds));
      extra["settled_seconds"] = SecondsSince(begun + ago) - unmeasured_;
    }
    nlohmann::json json = report.ToJson();
    json.update(extra);
    std::cout << json.dump() << std::endl;
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Report> Unary(const char* method, std::function<std::string(int64_t)> request) {
    LoopOptions loop;
    loop.method = method;
    loop.in_flight = options_.in_flight;
    loop.seconds = options_.seconds;
    loop.calls = options_.calls;
    loop.request = std::move(request);
    std::string last;
    if (!options_.save.empty()) {
      loop.answered = [&](const grpc::ByteBuffer& answer) { last = ToBytes(answer); };
    }
    Report report = connection_->Loop(loop);
    if (!options_.save.empty()) std::ofstream(options_.save, std::ios::binary) << last;
    return report;
  }

  static v1::ListComplaintsRequest PageFrom(Millis now, SeededIdSource* dice, int size) {
    const Millis from = now - static_cast<Millis>(dice->Random64() % static_cast<uint64_t>(kYears));
    v1::ListComplaintsRequest request;
    request.set_page_size(size);
    request.mutable_received_from_time()->set_seconds(from / 1000);
    return request;
  }

  // Of complaints received at any time, in no order.
  absl::StatusOr<std::vector<std::string>> Names() {
    const int64_t begun = NowNanos();
    SeededIdSource dice(13);
    std::vector<std::string> names;
    for (int page = 0; page < 400; ++page) {
      v1::ListComplaintsResponse response;
      RETURN_IF_ERROR(connection_->Call(kList, PageFrom(SystemClock().Now(), &dice, 20), &response));
      for (const auto& complaint : response.complaints()) names.push_back(complaint.name());
    }
    if (names.empty()) return absl::NotFoundError("there are no complaints to get");
    for (size_t i = names.size(); i > 1; --i) std::swap(names[i - 1], names[dice.Random64() % i]);
    unmeasured_ = SecondsSince(begun);
    return names;
  }

  const Options options_;
  const std::unique_ptr<Connection> connection_;
  double unmeasured_ = 0;
};

absl::Status Main(const Options& options, absl::StatusOr<Report> (Load::*load)()) {
  std::unique_ptr<Connection> connection;
  RETURN_IF_ERROR(Connection::Open(options.target, &connection));
  return Load(options, std::move(connection)).Run(load);
}

}  // namespace
}  // namespace redress::bench

int main(int argc, char** argv) {
  using redress::bench::Load;
  redress::bench::Options options;
  CLI::App app("One load on one server.", "redress-bench-load");
  app.require_subcommand(1);
  absl::Status status;
  const auto add = [&](const char* name, const char* what, absl::StatusOr<redress::bench::Report> (Load::*load)()) {
    CLI::App* command = app.add_subcommand(name, what);
    command->add_option("--target", options.target, "host:port")->required();
    command->add_option("--run", options.run, "Tells this load's ids from others'; up to 16 characters");
    command->add_option("--seconds", options.seconds, "How long it sends; 0: until all is sent");
    command->add_option("--calls", options.calls, "How many at most; 0: no bound");
    command->add_option("--first", options.first, "Number of the first");
    command->add_option("--in-flight", options.in_flight, "Calls in flight");
    command->add_option("--facts", options.facts, "Facts of an imported complaint");
    command->add_option("--open-every", options.open_every, "One of so many imported ones is still open; 0: none");
    command->add_option("--page-size", options.page_size, "Of a list");
    command->add_option("--save", options.save, "The last answer goes there, for the echo");
    command->add_option("--settle", options.settle_seconds, "Waits up to so many seconds until all is taken in");
    command->callback([&, load] { status = redress::bench::Main(options, load); });
  };
  add("submit", "Complaints, one call each", &Load::Submit);
  add("push", "Complaints as tickets of one stream", &Load::Push);
  add("import", "Old complaints of one stream; a row is a fact", &Load::Import);
  add("follow", "All events from the beginning", &Load::Follow);
  add("get", "Complaints by name", &Load::Get);
  add("list", "Pages of complaints", &Load::List);
  add("ttr", "The table of times to resolution by agency", &Load::TimeToResolution);
  add("wait", "Until all is taken in", &Load::Wait);
  CLI::App* territory = app.add_subcommand("territory", "Prints the territory that all of it lies in");
  territory->callback([] { std::cout << redress::bench::TerritoryCsv(); });
  CLI11_PARSE(app, argc, argv);
  if (status.ok()) return 0;
  std::cerr << "redress-bench-load: " << status << "\n";
  return 1;
}

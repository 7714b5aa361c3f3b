// import --mapping FILE DATA: old complaints with their original dates
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/exchange.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/import/mapper.h"
#include "services/redressctl/import/mapping.h"
#include "services/redressctl/import_tally.h"
#include "services/redressctl/times.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::intake::v1;

constexpr char kMethod[] = "redress.intake.v1.IntakeService/ImportComplaints";
constexpr int kMaxComplaints = 500;
// A message stays well below the 4 MiB that a server takes.
constexpr size_t kMaxBytes = 1 << 20;
// So that a file of refusals alone does not gather in memory.
constexpr size_t kMaxResults = 5000;
// Messages on their way: the next is there when one is answered.
constexpr size_t kWindow = 4;

struct Arguments {
  Argument* data;
  Argument* mapping;
  Argument* dry_run;
  Argument* report;
  Argument* retry;
};

class Import {
 public:
  // Sets `counting` when the first row is there: the event shape reads the whole file for it.
  Import(Progress* progress, importer::Mapper* mapper, ImportTally* tally, bool* counting)
      : progress_(*progress), mapper_(*mapper), tally_(*tally), counting_(*counting) {}

  absl::StatusOr<ExchangeItem> Next() {
    for (;;) {
      auto request = std::make_unique<v1::ImportComplaintsRequest>();
      std::vector<importer::Result> results;
      RETURN_IF_ERROR(Collect(request.get(), &results));
      if (request->complaints_size() > 0) {
        batches_.emplace(++last_, std::move(results));
        return ExchangeItem{last_, std::move(request)};
      }
      if (results.empty()) return ExchangeItem{};
      // Refusals alone: counted after the message before them, so that all is counted in the order of the file.
      auto& before = batches_.rbegin()->second;
      before.insert(before.end(), std::make_move_iterator(results.begin()), std::make_move_iterator(results.end()));
    }
  }

  // Messages are answered in order.
  absl::StatusOr<uint64_t> Answered(const google::protobuf::Message& message) {
    const auto& answer = static_cast<const v1::ImportComplaintsResponse&>(message);
    const auto first = batches_.begin();
    if (first == batches_.end()) return WrongAnswer("an answer too many");
    int row = 0;
    for (const importer::Result& result : first->second) {
      if (!result.complaint.has_value()) {
        tally_.Refused(result);
      } else if (row < answer.rows_size()) {
        tally_.Answered(result, answer.rows(row++));
      } else {
        return WrongAnswer("fewer rows than were sent");
      }
    }
    if (row != answer.rows_size()) return WrongAnswer("more rows than were sent");
    const uint64_t id = first->first;
    batches_.erase(first);
    return id;
  }

  absl::Status RunDry() {
    for (;;) {
      ASSIGN_OR_RETURN(const std::optional<importer::Result> result, NextResult());
      if (!result.has_value()) return absl::OkStatus();
      if (result->complaint.has_value()) {
        tally_.WouldSend(*result);
      } else {
        tally_.Refused(*result);
      }
      Tick();
    }
  }

  void Tick() {
    const double fraction =
        static_cast<double>(tally_.rows()) / static_cast<double>(std::max<int64_t>(mapper_.rows(), 1));
    progress_.Show(fraction, absl::StrCat(tally_.rows(), " of ", mapper_.rows(), " rows"));
  }

 private:
  absl::StatusOr<std::optional<importer::Result>> NextResult() {
    auto result = mapper_.Next();
    counting_ = true;
    return result;
  }
  // Nothing at the end of the file. Refusals that follow no message are counted at once.
  absl::Status Collect(v1::ImportComplaintsRequest* request, std::vector<importer::Result>* results) {
    size_t bytes = 0;
    while (request->complaints_size() < kMaxComplaints && bytes < kMaxBytes && results->size() < kMaxResults) {
      ASSIGN_OR_RETURN(std::optional<importer::Result> result, NextResult());
      if (!result.has_value()) break;
      if (result->complaint.has_value()) {
        bytes += result->complaint->ByteSizeLong();
        *request->add_complaints() = *std::exchange(result->complaint, v1::ImportedComplaint());
      } else if (results->empty() && batches_.empty()) {
        tally_.Refused(*result);
        Tick();
        continue;
      }
      results->push_back(*std::move(result));
    }
    return absl::OkStatus();
  }
  static absl::Status WrongAnswer(absl::string_view what) {
    return MakeError(absl::StatusCode::kInternal, "WRONG_ANSWER", absl::StrCat("the server's answer has ", what));
  }

  Progress& progress_;
  importer::Mapper& mapper_;
  ImportTally& tally_;
  bool& counting_;
  uint64_t last_ = 0;
  // Not answered. Complaints were moved to the request: an empty one stands for "there was one".
  std::map<uint64_t, std::vector<importer::Result>> batches_;
};

absl::Status Send(const Arguments& arguments, Session& session, Import* import) {
  ExchangeOptions options;
  if (arguments.retry->given()) {
    const auto given = ParseDuration(arguments.retry->value());
    if (!given.ok()) return Usage(Annotate(given.status(), "--retry"));
    options.give_up_after = *given;
  }
  options.method = kMethod;
  options.response = &v1::ImportComplaintsResponse::default_instance();
  options.window = kWindow;
  options.next = [import] { return import->Next(); };
  options.answered = [import](const google::protobuf::Message& message) { return import->Answered(message); };
  options.tick = [import] { import->Tick(); };
  return RunExchange(session, options);
}

// Says how far it came, also when it did not come to the end.
absl::Status Conclude(const importer::Mapper& mapper, const ImportTally& tally, const absl::Status& ended, bool dry,
                      Session& session) {
  Printer& printer = session.printer();
  if (printer.json()) {
    printer.Line(tally.Json());
  } else {
    printer.Raw(tally.Render());
    if (dry) printer.Line("\ndry run: nothing was sent");
  }
  printer.Flush();
  if (tally.refused() > 0) session.SetFindings();
  if (!ended.ok()) {
    session.Note(absl::StrCat("it ended after ", tally.rows(), " of ", mapper.rows(),
                              " rows; run it again to go on: what is there already counts as known"));
    return ended;
  }
  if (tally.rows() == mapper.rows()) return absl::OkStatus();
  return MakeError(absl::StatusCode::kInternal, "COUNTS_DIFFER",
                   absl::StrCat("the file has ", mapper.rows(), " rows, and ", tally.rows(), " were counted"));
}

// A report is never written over what it reports on.
absl::Status CheckReport(const Arguments& arguments) {
  for (const Argument* input : {arguments.data, arguments.mapping}) {
    std::error_code absent;
    if (std::filesystem::equivalent(arguments.report->value(), input->value(), absent)) {
      return Usage(absl::StrCat("--report ", arguments.report->value(), " is the file of ", input->names));
    }
  }
  return absl::OkStatus();
}

absl::Status RunImport(const Arguments& arguments, Session& session) {
  if (arguments.report->given()) RETURN_IF_ERROR(CheckReport(arguments));
  const auto mapping = importer::LoadMapping(arguments.mapping->value());
  if (!mapping.ok()) return Usage(mapping.status());
  Progress progress = session.MakeProgress();
  // Later the rows tell how far it is.
  bool counting = false;
  const auto mapper = importer::OpenMapper(*mapping, arguments.data->value(), session.Now(), [&](double fraction) {
    if (!counting) progress.Show(fraction, absl::StrCat("reading ", arguments.data->value()));
  });
  if (!mapper.ok()) return Usage(mapper.status());
  std::ofstream report;
  if (arguments.report->given()) {
    report.open(arguments.report->value(), std::ios::binary | std::ios::trunc);
    if (!report) return Usage(absl::StrCat("--report ", arguments.report->value(), " cannot be written"));
  }
  ImportTally tally(arguments.report->given() ? &report : nullptr);
  Import import(&progress, mapper->get(), &tally, &counting);
  const bool dry = arguments.dry_run->set();
  absl::Status ended = dry ? import.RunDry() : Send(arguments, session, &import);
  progress.Clear();
  if (arguments.report->given() && !report.flush() && ended.ok()) {
    ended = MakeError(absl::StatusCode::kUnknown, "FILE_NOT_WRITTEN",
                      absl::StrCat("--report ", arguments.report->value(), " cannot be written"));
  }
  return Conclude(**mapper, tally, ended, dry, session);
}

}  // namespace

void AddImportCommand(Command* root) {
  Command* command = root->Add("import", "Imports old complaints with their original dates");
  Arguments arguments;
  arguments.data = command->Positional("DATA", "CSV, NDJSON or a JSON array, plain or gzipped")->Required()->File();
  arguments.mapping =
      command->Option("--mapping", "FILE", "How it reads as complaints: deploy/mappings has some")->Required()->File();
  arguments.dry_run = command->Flag("--dry-run", "Says what would be sent, and sends nothing");
  arguments.report = command->Option("--report", "FILE", "Lists every refused or flagged row there, as CSV")->File();
  arguments.retry = command->Option("--retry", "DURATION", "How long a broken line is tried again; else 1m");
  command->SetNotes(
      "Run again after a failure, it sends everything again: what is there already counts as known, and nothing "
      "doubles.\n"
      "Exit code 7 when rows were refused.");
  command->SetRun([arguments](Session& session) { return RunImport(arguments, session); });
}

}  // namespace redress::ctl

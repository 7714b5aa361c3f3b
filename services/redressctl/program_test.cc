// Commands that make one call: arguments, requests, replies, exit codes.
#include "services/redressctl/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "services/redressctl/completion.h"
#include "services/redressctl/fake_server.h"
#include "tests/testing/temp_dir.h"

namespace redress::ctl {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using namespace intake::v1;  // NOLINT: what is called

class ProgramTest : public CommandTest {};

TEST_F(ProgramTest, OptionsBecomeFieldsOfTheRequest) {
  SubmitComplaintRequest got;
  intake_.On<SubmitComplaintRequest, SubmitComplaintResponse>("SubmitComplaint", [&](const auto& request, auto* reply) {
    got = request;
    reply->mutable_complaint()->set_name("complaints/1");
    reply->mutable_complaint()->set_state(COMPLAINT_STATE_RECEIVED);
    reply->set_tracking_code("ABCDE-FGHJK-1");
    return absl::OkStatus();
  });
  const Ran ran =
      RunWords({"complaint", "submit", "--category", "lift", "--channel", "phone", "--received", "2026-03-01T10:00",
                "--zone", "Europe/Paris", "--person-name", "Zoé", "--attachment", R"({"uri":"a,b"})"});
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(got.request_id(), StartsWith("ctl-"));
  EXPECT_EQ(got.category(), "lift");
  EXPECT_EQ(got.channel(), types::v1::CHANNEL_PHONE);
  EXPECT_EQ(got.received_time().seconds(), 1772355600);
  EXPECT_EQ(got.new_person().full_name(), "Zoé");
  EXPECT_EQ(got.attachments(0).uri(), "a,b");
  EXPECT_EQ(ran.out, "name   complaints/1\nstate  received\ntracking_code  ABCDE-FGHJK-1\n");
}

TEST_F(ProgramTest, JsonInAndOut) {
  SubmitComplaintRequest got;
  intake_.On<SubmitComplaintRequest, SubmitComplaintResponse>("SubmitComplaint", [&](const auto& request, auto* reply) {
    got = request;
    reply->set_tracking_code("X");
    return absl::OkStatus();
  });
  // Options are laid over it.
  const Ran ran = Run("complaint submit --json - --category roof -o json",
                      R"({"requestId":"r1","category":"lift","channel":"CHANNEL_WEB"})");
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_EQ(got.request_id(), "r1");
  EXPECT_EQ(got.category(), "roof");
  EXPECT_EQ(ran.out, "{\"trackingCode\":\"X\"}\n");
}

TEST_F(ProgramTest, BadJsonIsAUsageErrorAndNothingIsSent) {
  bool called = false;
  intake_.On<SubmitComplaintRequest, SubmitComplaintResponse>("SubmitComplaint", [&](const auto&, auto*) {
    called = true;
    return absl::OkStatus();
  });
  const Ran ran = Run("complaint submit --json -", R"({"chanel":"CHANNEL_WEB","kind":"KIND"})");
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("\n  chanel: no field of redress.intake.v1.SubmitComplaintRequest\n"));
  EXPECT_THAT(ran.err, HasSubstr("\n  kind: \"KIND\" is none of"));
  EXPECT_FALSE(called);
}

TEST_F(ProgramTest, ListsEveryBadArgument) {
  const Ran ran = Run("complaint submit --channel pigeon --received soon --care-level -1 --description \xff");
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("--category: is missing"));
  EXPECT_THAT(ran.err, HasSubstr("--channel: \"pigeon\" is none of phone, mail"));
  EXPECT_THAT(ran.err, HasSubstr("--received: \"soon\" is no instant"));
  EXPECT_THAT(ran.err, HasSubstr("--care-level: \"-1\" is no whole number from 0"));
  EXPECT_THAT(ran.err, HasSubstr("--description: is not UTF-8"));
  EXPECT_EQ(ran.out, "");
}

TEST_F(ProgramTest, NamesGetTheirCollection) {
  std::vector<std::string> names;
  intake_.On<GetComplaintRequest, GetComplaintResponse>("GetComplaint", [&](const auto& request, auto*) {
    names.push_back(request.name());
    return absl::OkStatus();
  });
  Run("complaint get 01ABC");
  Run("complaint get complaints/01ABC");
  Run("complaint get clocks/01ABC");
  EXPECT_THAT(names, ElementsAre("complaints/01ABC", "complaints/01ABC", "complaints/01ABC"));
}

TEST_F(ProgramTest, ErrorsOfTheServerAreToldWhole) {
  intake_.On<ResolveComplaintRequest, ResolveComplaintResponse>("ResolveComplaint", [](const auto&, auto*) {
    return InvalidFields({{"reason", "is too long"}, {"outcome", "does not fit"}});
  });
  const Ran ran = Run("complaint resolve 1 --outcome fixed");
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_EQ(ran.err,
            "error: INVALID_ARGUMENT INVALID_FIELDS: these fields are wrong\n"
            "  reason: is too long\n  outcome: does not fit\n");
  intake_.On<StartComplaintRequest, StartComplaintResponse>("StartComplaint", [](const auto&, auto*) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "WRONG_STATE", "it is closed", {{"state", "CLOSED"}});
  });
  EXPECT_EQ(Run("complaint start 1").err, "error: FAILED_PRECONDITION WRONG_STATE: it is closed\n  state = CLOSED\n");
  EXPECT_THAT(Run("complaint start 1 -o json").err,
              AllOf(StartsWith("{\"code\":9,\"message\":\"it is closed\""), HasSubstr("\"reason\":\"WRONG_STATE\"")));
}

TEST_F(ProgramTest, ExitCodesSayWhatHappened) {
  const std::pair<absl::StatusCode, ExitCode> cases[] = {
      {absl::StatusCode::kOk, kExitOk},
      {absl::StatusCode::kInvalidArgument, kExitError},
      {absl::StatusCode::kInternal, kExitError},
      {absl::StatusCode::kDataLoss, kExitError},
      {absl::StatusCode::kUnimplemented, kExitError},
      {absl::StatusCode::kUnavailable, kExitUnavailable},
      {absl::StatusCode::kDeadlineExceeded, kExitUnavailable},
      {absl::StatusCode::kResourceExhausted, kExitError},
      {absl::StatusCode::kNotFound, kExitNotFound},
      {absl::StatusCode::kUnauthenticated, kExitDenied},
      {absl::StatusCode::kPermissionDenied, kExitDenied},
      {absl::StatusCode::kFailedPrecondition, kExitConflict},
      {absl::StatusCode::kAborted, kExitConflict},
      {absl::StatusCode::kAlreadyExists, kExitConflict},
  };
  for (const auto& [code, exit_code] : cases) {
    intake_.On<GetComplaintRequest, GetComplaintResponse>(
        "GetComplaint", [code = code](const auto&, auto*) { return absl::Status(code, "so it is"); });
    EXPECT_EQ(Run("complaint get 1").code, exit_code) << absl::StatusCodeToString(code);
  }
}

TEST_F(ProgramTest, OverloadIsUnavailableAndSaysWhen) {
  intake_.On<GetComplaintRequest, GetComplaintResponse>("GetComplaint", [](const auto&, auto*) {
    return RetryLater(absl::StatusCode::kResourceExhausted, "QUEUE_FULL", "the queue is full", 250);
  });
  const Ran ran = Run("complaint get 1");
  EXPECT_EQ(ran.code, kExitUnavailable);
  EXPECT_THAT(ran.err,
              HasSubstr("RESOURCE_EXHAUSTED QUEUE_FULL: the queue is full\n  may be tried again after 250 ms"));
}

TEST_F(ProgramTest, AServerThatIsNotThereIsUnavailable) {
  const Ran ran = Run("complaint start 1 --server 127.0.0.1:1 --request-id r1 --timeout 10s");
  EXPECT_EQ(ran.code, kExitUnavailable);
  EXPECT_THAT(ran.err, HasSubstr("error: UNAVAILABLE"));
  EXPECT_THAT(ran.err, HasSubstr("to try again safely: --request-id r1"));
}

TEST_F(ProgramTest, WrongLinesAreUsageErrors) {
  for (const char* line :
       {"", "nonsense", "complaint", "complaint nonsense", "complaint get", "complaint get a b",
        "complaint get a --nonsense", "complaint get a --timeout", "complaint get a --timeout soon",
        "complaint get a -o xml", "complaint get a --zone Nowhere/Else", "complaint get a --token-file /nowhere",
        "complaint list --limit -1", "import x", "register pack /nowhere", "push /nowhere", "push ."}) {
    const Ran ran = Run(line);
    EXPECT_EQ(ran.code, kExitUsage) << line;
    EXPECT_THAT(ran.err, StartsWith("error: ")) << line;
    EXPECT_EQ(ran.out, "") << line;
  }
}

TEST_F(ProgramTest, AnUnknownCommandIsNamedWithTheOneThatIsLikeIt) {
  const auto said = [this](const std::string& line) {
    const Ran ran = Run(line);
    EXPECT_EQ(ran.code, kExitUsage) << line;
    return ran.err;
  };
  EXPECT_EQ(said("complaimt get 1"),
            "error: no command of redressctl is called \"complaimt\"; did you mean \"complaint\"?\n"
            "Try: redressctl --help\n");
  EXPECT_EQ(said("--zone UTC admin -o json parked replya"),
            "error: no command of redressctl admin parked is called \"replya\"; did you mean \"replay\"?\n"
            "Try: redressctl admin parked --help\n");
  EXPECT_THAT(said("rep ttr"), HasSubstr("did you mean \"report\"?"));
  EXPECT_THAT(said("nonsense"), HasSubstr("no command of redressctl is called \"nonsense\"\n"));
  EXPECT_THAT(said("complaint"), Not(HasSubstr("is called")));
  // A command that runs by itself and has others below it: its own fault is told.
  EXPECT_THAT(said("simulate --data X --bogus"), Not(HasSubstr("is called")));
  EXPECT_THAT(said("simulate --data X --bogus"), HasSubstr("--bogus"));
  EXPECT_THAT(said("complaint get a --nonsense"), HasSubstr("--nonsense"));
}

TEST_F(ProgramTest, OneOfManyIsAskedForByItsId) {
  for (const std::string kind : {"pack", "calendar"}) {
    const Ran ran = Run("register get " + kind);
    EXPECT_EQ(ran.code, kExitUsage);
    EXPECT_THAT(ran.err, HasSubstr("--id is missing: which " + kind + "?"));
  }
}

TEST_F(ProgramTest, HelpIsNoError) {
  const Ran ran = Run("--help");
  EXPECT_EQ(ran.code, kExitOk);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("complaint"), HasSubstr("Exit codes:"), HasSubstr("--server")));
  EXPECT_THAT(Run("complaint submit --help").out, HasSubstr("--channel CHANNEL"));
  // Of flags too.
  EXPECT_THAT(Run("import --help").out, HasSubstr("--dry-run"));
  const std::string help = Run("person erase --help").out;
  EXPECT_THAT(help, HasSubstr("Waits for open complaints to end instead of refusing")) << help;
}

// Every option of `command` and of those below it says what it is for.
void ExpectHelp(const Command& command, const std::string& path) {
  for (const auto& argument : command.arguments()) EXPECT_NE(argument->help, "") << path << " " << argument->names;
  for (const auto& child : command.children()) {
    EXPECT_NE(child->summary(), "") << path << " " << child->name();
    ExpectHelp(*child, absl::StrCat(path, " ", child->name()));
  }
}

TEST_F(ProgramTest, EveryOptionHasItsHelp) { ExpectHelp(*MakeCommands(), "redressctl"); }

TEST_F(ProgramTest, ListsFollowPagesUpToTheLimit) {
  std::vector<int32_t> sizes;
  intake_.On<ListComplaintsRequest, ListComplaintsResponse>("ListComplaints", [&](const auto& request, auto* reply) {
    sizes.push_back(request.page_size());
    const int from = request.page_token().empty() ? 0 : std::stoi(request.page_token());
    // A page may hold fewer than asked for.
    for (int i = from; i < from + 2 && i < 5; ++i) reply->add_complaints()->set_name(absl::StrCat("complaints/", i));
    if (from + 2 < 5) reply->set_next_page_token(absl::StrCat(from + 2));
    return absl::OkStatus();
  });
  const Ran all = Run("complaint list --limit 0");
  EXPECT_THAT(all.out, HasSubstr("complaints/4"));
  EXPECT_EQ(all.err, "");
  EXPECT_THAT(sizes, ElementsAre(500, 500, 500));
  sizes.clear();
  const Ran some = Run("complaint list --limit 3");
  EXPECT_THAT(sizes, ElementsAre(3, 1));
  EXPECT_EQ(some.err, "more: --page-token 4\n");
  const Ran json = Run("complaint list --limit 4 -o json");
  EXPECT_EQ(json.out,
            "{\"complaints\":[{\"name\":\"complaints/0\"},{\"name\":\"complaints/1\"}],\"nextPageToken\":\"2\"}\n"
            "{\"complaints\":[{\"name\":\"complaints/2\"},{\"name\":\"complaints/3\"}],\"nextPageToken\":\"4\"}\n");
}

TEST_F(ProgramTest, AnExportFollowsPagesToTheEndAndSaysWhatIsLeftOut) {
  std::vector<std::string> tokens;
  std::vector<int64_t> positions;
  intake_.On<ExportPersonRequest, ExportPersonResponse>("ExportPerson", [&](const auto& request, auto* reply) {
    EXPECT_EQ(request.name(), "people/1");
    EXPECT_EQ(request.purpose(), "asked");
    positions.push_back(request.position().next());
    tokens.push_back(request.page_token());
    if (tokens.size() == 1) reply->mutable_person()->set_full_name("Eleanor");
    reply->add_complaints()->mutable_complaint()->set_name(absl::StrCat("complaints/", tokens.size()));
    if (tokens.size() < 3) reply->set_next_page_token(absl::StrCat("after", tokens.size()));
    reply->set_partial(tokens.size() == 2);
    return absl::OkStatus();
  });
  const Ran ran = Run("person export 1 --purpose asked");
  EXPECT_EQ(ran.code, kExitFindings) << ran.err;
  EXPECT_THAT(tokens, ElementsAre("", "after1", "after2"));
  const std::vector<std::string> lines = absl::StrSplit(ran.out, '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 3u) << ran.out;
  EXPECT_THAT(lines[0], HasSubstr("Eleanor"));
  EXPECT_THAT(lines[2], HasSubstr("complaints/3"));
  EXPECT_THAT(ran.err, HasSubstr("left out"));
  EXPECT_EQ(Run("person export 1").code, kExitUsage);

  positions.clear();
  const std::string log_id(32, 'a');
  EXPECT_EQ(Run("person export complaints/1 --purpose asked --position " + log_id + ":intake:0:7").code, 0)
      << "an id in any collection's name, as everywhere";
  EXPECT_THAT(positions, ElementsAre(7));
  const Ran bad = Run("person export 1 --purpose asked --position 7");
  EXPECT_EQ(bad.code, kExitUsage);
  EXPECT_THAT(bad.err, HasSubstr("--position: \"7\" is no position"));
  EXPECT_THAT(positions, ElementsAre(7)) << "it was asked all the same";
}

TEST_F(ProgramTest, ARedactionNamesATextAndWhatIsKeptOfIt) {
  RedactTextRequest got;
  intake_.On<RedactTextRequest, RedactTextResponse>("RedactText", [&](const auto& request, auto* reply) {
    got = request;
    reply->mutable_complaint()->set_name(request.name());
    return absl::OkStatus();
  });
  Ran ran = RunWords({"complaint", "redact", "1", "--entry", "3", "--keep", "hits again", "--reason", "neighbour"});
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_EQ(got.name(), "complaints/1");
  EXPECT_EQ(got.reason(), "neighbour");
  ASSERT_EQ(got.redactions_size(), 1);
  EXPECT_EQ(got.redactions(0).version(), 3);
  EXPECT_EQ(got.redactions(0).field(), Redaction::FIELD_UNSPECIFIED);
  EXPECT_EQ(got.redactions(0).kept_text(), "hits again");
  // Words that a list of processes is not to show.
  ran = Run("complaint redact 1 --entry 1 --field description --keep-file - --reason neighbour", "from a file");
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_EQ(got.redactions(0).field(), Redaction::FIELD_DESCRIPTION);
  EXPECT_EQ(got.redactions(0).kept_text(), "from a file");
  for (const char* line :
       {"complaint redact 1 --reason r", "complaint redact 1 --entry 1", "complaint redact 1 --entry x --reason r",
        "complaint redact 1 --entry 1 --reason r --keep a --keep-file -"}) {
    EXPECT_EQ(Run(line).code, kExitUsage) << line;
  }
  // What was to be kept is not dropped beside others that come as JSON.
  const std::string json = R"({"redactions": [{"version": 2}]})";
  ran = Run("complaint redact 1 --reason r --json - --keep a", json);
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("--entry"));
  EXPECT_EQ(Run("complaint redact 1 --reason r --json -", json).code, kExitOk);
}

TEST_F(ProgramTest, AHoldIsSetOnAComplaintOrAPersonForAMatter) {
  SetLegalHoldRequest set;
  intake_.On<SetLegalHoldRequest, SetLegalHoldResponse>("SetLegalHold", [&](const auto& request, auto* reply) {
    set = request;
    reply->add_legal_holds()->set_matter(request.matter());
    return absl::OkStatus();
  });
  LiftLegalHoldRequest lifted;
  intake_.On<LiftLegalHoldRequest, LiftLegalHoldResponse>("LiftLegalHold", [&](const auto& request, auto*) {
    lifted = request;
    return absl::OkStatus();
  });
  Ran ran = Run("hold set people/1 --matter case-1 --reason dispute");
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("case-1"));
  EXPECT_EQ(set.name(), "people/1");
  EXPECT_EQ(set.reason(), "dispute");
  EXPECT_NE(set.request_id(), "");
  ran = Run("hold lift complaints/2 --matter case-1 --reason settled");
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_EQ(lifted.name(), "complaints/2");
  EXPECT_EQ(lifted.matter(), "case-1");
  intake_.On<ListLegalHoldsRequest, ListLegalHoldsResponse>("ListLegalHolds", [&](const auto& request, auto* reply) {
    auto* hold = reply->add_legal_holds();
    hold->set_matter(request.matter());
    hold->set_name(request.page_token().empty() ? "complaints/2" : "people/3");
    if (request.page_token().empty()) reply->set_next_page_token("more");
    return absl::OkStatus();
  });
  ran = Run("hold list --matter case-9");
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("case-9"));
  EXPECT_THAT(ran.out, HasSubstr("complaints/2"));
  EXPECT_EQ(Run("hold set people/1 --reason dispute").code, kExitUsage);
  EXPECT_EQ(Run("hold lift people/1 --matter case-1").code, kExitUsage);
}

TEST_F(ProgramTest, WhatATerritoryHasNotIsRefused) {
  for (const char* line : {"register get territory --id x", "register get territory --json -",
                           "-o json register get territory --csv", "register get rule_set --csv"}) {
    const Ran ran = Run(line, "{}");
    EXPECT_EQ(ran.code, kExitUsage) << line;
    EXPECT_THAT(ran.err, AnyOf(HasSubstr("--id"), HasSubstr("--csv"))) << line;
  }
}

TEST_F(ProgramTest, ComparesDigestsOfTwoServers) {
  int calls = 0;
  admin_.On<admin::v1::ListDigestsRequest, admin::v1::ListDigestsResponse>(
      "ListDigests", [&](const auto& request, auto* reply) {
        EXPECT_TRUE(request.domain_only());
        auto* digest = reply->add_digests();
        digest->mutable_position()->set_stream("intake");
        digest->mutable_position()->set_next(++calls);
        digest->set_digest(calls < 3 ? "same" : "other");
        return absl::OkStatus();
      });
  const std::string address = absl::StrCat("127.0.0.1:", port());
  EXPECT_EQ(Run("admin digest --domain --compare " + address).code, kExitOk);
  const Ran ran = Run("admin digest --domain --compare " + address);
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  calls = 1;
  EXPECT_EQ(Run("admin digest --domain --compare " + address).code, kExitFindings);
}

TEST_F(ProgramTest, SendsTheToken) {
  testing::TempDir dir;
  std::ofstream(dir / "token") << "secret\n";
  std::ofstream(dir / "two") << "first\nsecond\n";
  intake_.On<GetComplaintRequest, GetComplaintResponse>("GetComplaint",
                                                        [](const auto&, auto*) { return absl::OkStatus(); });
  EXPECT_EQ(Run(absl::StrCat("complaint get 1 --token-file ", dir / "token")).code, kExitOk);
  EXPECT_EQ(auth_.last(), "secret");
  const Ran ran = Run(absl::StrCat("complaint get 1 --token-file ", dir / "two"));
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("must hold one token"), Not(HasSubstr("first"))));
}

TEST_F(ProgramTest, PrintsItsVersion) {
  EXPECT_EQ(Run("version").out, absl::StrCat("redressctl ", kVersion, "\n"));
  EXPECT_EQ(Run("version -o json").out, absl::StrCat("{\"version\":\"", kVersion, "\"}\n"));
}

TEST_F(ProgramTest, PrintsCompletionScripts) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_THAT(Run(absl::StrCat("completion ", shell)).out, HasSubstr(" complete -- ")) << shell;
  }
  EXPECT_EQ(RunWords({"complete", "--", "complaint", "ack"}).out, "acknowledge\n");
  EXPECT_EQ(RunWords({"complete", "--", "complaint", "submit", "--urgency", ""}).out, "emergency\nroutine\nurgent\n");
}

TEST(Complete, KnowsCommandsOptionsAndValues) {
  const auto root = MakeCommands();
  const GlobalArguments global(root.get());
  EXPECT_THAT(Complete(*root, {"repo"}), ElementsAre("report"));
  EXPECT_THAT(Complete(*root, {"report", ""}), ElementsAre("backdating", "on-time", "ttr", "waiting"));
  EXPECT_THAT(Complete(*root, {"-o", "json", "report", "t"}), ElementsAre("ttr"));
  EXPECT_THAT(Complete(*root, {"report", "ttr", "--v"}), ElementsAre("--view"));
  EXPECT_THAT(Complete(*root, {"report", "ttr", "--view", ""}), ElementsAre("provisional", "settled"));
  EXPECT_THAT(Complete(*root, {"report", "ttr", "--by", "agency,te"}), ElementsAre("agency,team"));
  EXPECT_THAT(Complete(*root, {"report", "ttr", "--ser"}), ElementsAre("--server"));
  EXPECT_THAT(Complete(*root, {"complaint", "fact", "1", "made"}), ElementsAre("made_safe"));
  EXPECT_THAT(Complete(*root, {"register", "get", "cal"}), ElementsAre("calendar"));
  EXPECT_THAT(Complete(*root, {"complaint", "get", ""}), IsEmpty());
}

// Every command of the tree can be parsed, says what it is for, and has no two options of one name.
void CheckTree(const Command& command, std::vector<std::string> path) {
  SCOPED_TRACE(command.name());
  EXPECT_FALSE(command.summary().empty());
  EXPECT_TRUE(command.run() != nullptr || !command.children().empty());
  std::set<std::string> names;
  for (const auto& argument : command.arguments()) EXPECT_TRUE(names.insert(argument->names).second) << argument->names;
  for (const auto& child : command.children()) {
    std::vector<std::string> below = path;
    below.push_back(child->name());
    std::ostringstream out, err;
    std::istringstream in;
    SystemClock clock;
    SystemIdSource ids;
    std::vector<std::string> words = below;
    words.push_back("--help");
    EXPECT_EQ(RunProgram(words, Environment{&clock, &ids, &in, &out, &err}), kExitOk) << err.str();
    EXPECT_THAT(out.str(), HasSubstr(child->summary().substr(0, 20)));
    CheckTree(*child, below);
  }
}

TEST(Commands, AreAllThere) { CheckTree(*MakeCommands(), {}); }

TEST_F(ProgramTest, SimulateTakesOnlyWhatMakesSense) {
  const testing::TempDir dir;
  const std::string year = "simulate --data " + (dir / "new") + " ";
  const std::pair<std::string, std::string> bad[] = {
      {year + "--homes nan", "--homes: must be a whole number from 10"},
      {year + "--days 1.5", "--days: must be a whole number from 1"},
      {year + "--homes inf", "--homes: must be a whole number"},
      {year + "--until 2199-01-01", "--until: lies in the future"},
      {year + "--rate 5", "--rate: goes with --target alone"},
      {year + "--seconds 5", "--seconds: goes with --target alone"},
      {"simulate", "--data: is missing"},
      {"simulate judge", "--setup: is missing"},
      {"simulate judge --setup a --seeds 0", "--seeds: must be a whole number from 1 to 1000"},
      {"simulate judge --setup a --data x", "--data: does not go with judge"},
      {"simulate --seed 3 judge --setup a", "--seed: does not go with judge"},
      {"simulate --target 127.0.0.1:1 --rate nan", "--rate: must be a number from 0.01"},
      {"simulate --target 127.0.0.1:1 --homes 100 --days 3 --until 2020-01-01 --data x --shards 2 --config y",
       "--homes: does not go with --target"},
  };
  for (const auto& [line, why] : bad) {
    const Ran ran = Run(line);
    EXPECT_EQ(ran.code, kExitUsage) << line;
    EXPECT_THAT(ran.err, HasSubstr(why)) << line;
  }
  const Ran all = Run(bad[12].first);
  for (const char* name : {"--data", "--homes", "--days", "--until", "--config", "--shards"}) {
    EXPECT_THAT(all.err, HasSubstr(absl::StrCat(name, ": does not go with --target")));
  }
  EXPECT_FALSE(std::filesystem::exists(dir / "new"));
}

TEST_F(ProgramTest, LoadShowsHowFarItIs) {
  intake_.On<SubmitComplaintRequest, SubmitComplaintResponse>("SubmitComplaint",
                                                              [](const auto&, auto*) { return absl::OkStatus(); });
  // The load itself has a clock of its own.
  HurriedClock clock;
  program_clock_ = &clock;
  const Ran ran = Run(absl::StrCat("simulate --target 127.0.0.1:", port(), " --rate 20 --seconds 1 --progress"));
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("20 sent, 20 answered well, 0 not"));
  EXPECT_THAT(ran.err, ::testing::ContainsRegex("[0-9]+ of 20 sent, [0-9]+ answered"));
}

}  // namespace
}  // namespace redress::ctl

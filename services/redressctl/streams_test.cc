// Commands that stream: push, import, events; whole, broken and taken up again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <set>

#include "absl/strings/escaping.h"
#include "services/redressctl/fake_server.h"
#include "tests/testing/temp_dir.h"

namespace redress::ctl {
namespace {

using intake::v1::ImportComplaintsRequest;
using intake::v1::ImportComplaintsResponse;
using intake::v1::ImportedRow;
using intake::v1::PushTicketsRequest;
using intake::v1::PushTicketsResponse;
using public_::v1::SubscribeRequest;
using public_::v1::SubscribeResponse;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class StreamsTest : public CommandTest {
 protected:
  StreamsTest() {
    push_ = [this](PushStream stream) { NextTicket(stream, std::make_shared<int>(0)); };
    import_ = [this](ImportStream stream) { NextRows(stream, std::make_shared<int>(0)); };
  }

  // Answers each ticket; breaks the stream after `break_after_` of them, once.
  void NextTicket(PushStream stream, std::shared_ptr<int> answered) {
    stream.Read([this, stream, answered](std::optional<PushTicketsRequest> request) {
      if (!request.has_value()) return stream.Finish(absl::OkStatus());
      if (*answered == break_after_.load()) {
        break_after_ = -1;
        return stream.Finish(end_);
      }
      ++*answered;
      stream.Write(AnswerOf(*request), [this, stream, answered](bool ok) {
        if (ok) NextTicket(stream, answered);
      });
    });
  }
  PushTicketsResponse AnswerOf(const PushTicketsRequest& request) {
    PushTicketsResponse response;
    response.set_reference(request.reference());
    if (request.complaint().category() == "bad") {
      response.set_answer(PushTicketsResponse::ANSWER_REFUSED);
      response.add_refusals()->set_reason("INVALID_FIELDS");
      response.mutable_refusals(0)->set_field("category");
      response.mutable_refusals(0)->set_description("is not known");
      return response;
    }
    MutexLock lock(mutex_);
    response.set_answer(known_.insert(request.reference()).second ? PushTicketsResponse::ANSWER_ACCEPTED
                                                                  : PushTicketsResponse::ANSWER_ALREADY_KNOWN);
    response.set_complaint("complaints/" + request.reference());
    return response;
  }

  void NextRows(ImportStream stream, std::shared_ptr<int> answered) {
    stream.Read([this, stream, answered](std::optional<ImportComplaintsRequest> request) {
      if (!request.has_value()) return stream.Finish(absl::OkStatus());
      if (*answered == break_after_.load()) {
        break_after_ = -1;
        return stream.Finish(end_);
      }
      ++*answered;
      EXPECT_LE(request->complaints_size(), 500);
      EXPECT_GT(request->complaints_size(), 0);
      ImportComplaintsResponse response;
      for (const auto& complaint : request->complaints()) {
        MutexLock lock(mutex_);
        response.add_rows()->set_answer(known_.insert(complaint.reference()).second ? ImportedRow::ANSWER_ACCEPTED
                                                                                    : ImportedRow::ANSWER_KNOWN);
      }
      stream.Write(response, [this, stream, answered](bool ok) {
        if (ok) NextRows(stream, answered);
      });
    });
  }

  size_t known() {
    MutexLock lock(mutex_);
    return known_.size();
  }

  testing::TempDir dir_;
  std::atomic<int> break_after_{-1};
  // What a break ends push and import with.
  absl::Status end_ = absl::UnavailableError("going away");

 private:
  Mutex mutex_;
  std::set<std::string> known_ ABSL_GUARDED_BY(mutex_);
};

std::string Tickets(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&text, R"({"reference":"t)", i, R"(","complaint":{"category":"lift"}})", "\n");
  }
  return text;
}

TEST_F(StreamsTest, PushCountsEveryTicket) {
  const Ran ran = Run("push -", Tickets(3) + "\n" +
                                    R"({"reference":"t1","complaint":{"category":"lift"}})"
                                    "\n" +
                                    R"({"reference":"t9","complaint":{"category":"bad"}})"
                                    "\n" +
                                    R"({"reference":"t8","complaint":{"categry":"lift"}})"
                                    "\n" +
                                    "oops\n" + "{}\n");
  EXPECT_EQ(ran.code, kExitFindings) << ran.err;
  EXPECT_EQ(ran.err, "accepted 3 + already known 1 + refused 4 = 8 tickets\n");
  EXPECT_THAT(ran.out, HasSubstr("line 6  t9  refused; INVALID_FIELDS category: is not known\n"));
  EXPECT_THAT(ran.out, HasSubstr("line 7    refused; INVALID_FIELDS complaint.categry: no field of"));
  EXPECT_THAT(ran.out, HasSubstr("line 8    refused; BAD_JSON: line 1, column 1"));
  EXPECT_THAT(ran.out, HasSubstr("line 9    refused; INVALID_FIELDS reference: is missing"));
}

TEST_F(StreamsTest, PushListsAnswersAsJson) {
  const Ran ran = Run("push - -o json", Tickets(1));
  EXPECT_EQ(ran.code, kExitOk);
  EXPECT_EQ(ran.out, R"({"reference":"t0","answer":"ANSWER_ACCEPTED","complaint":"complaints/t0"})"
                     "\n");
}

TEST_F(StreamsTest, PushGoesOnAfterABreak) {
  break_after_ = 700;
  const Ran ran = Run("push -", Tickets(2000));
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_EQ(known(), 2000u);
  EXPECT_EQ(break_after_, -1);
  EXPECT_THAT(ran.err, HasSubstr("the stream broke, sending again what was not answered: going away"));
  EXPECT_THAT(ran.err, HasSubstr(" + refused 0 = 2000 tickets\n"));
}

TEST_F(StreamsTest, PushComesBackWhenItWasPutOff) {
  break_after_ = 700;
  end_ = RetryLater(absl::StatusCode::kResourceExhausted, "LOG_FULL", "the log takes nothing now", 10);
  const Ran ran = Run("push -", Tickets(2000));
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_EQ(known(), 2000u);
}

TEST_F(StreamsTest, PushThatEndsSaysHowFarItCameAndIsTakenUpAgain) {
  break_after_ = 700;
  end_ = MakeError(absl::StatusCode::kDataLoss, "PROJECTION_CORRUPT", "a block that cannot be read");
  const Ran ran = Run("push -", Tickets(2000));
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_THAT(ran.err,
              HasSubstr("accepted 700 + already known 0 + refused 0 = 700 tickets\nit ended there; run it again"));
  EXPECT_THAT(ran.err, HasSubstr("DATA_LOSS PROJECTION_CORRUPT: a block that cannot be read"));
  const Ran again = Run("push -", Tickets(2000));
  EXPECT_EQ(again.code, kExitOk) << again.err;
  EXPECT_EQ(again.err, "accepted 1300 + already known 700 + refused 0 = 2000 tickets\n");
}

TEST_F(StreamsTest, PushSaysWhenTheServerLeavesTicketsUnanswered) {
  push_ = [](PushStream stream) { stream.Finish(absl::OkStatus()); };
  const Ran ran = Run("push -", Tickets(1));
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_THAT(ran.err, HasSubstr("NOT_ANSWERED"));
}

TEST_F(StreamsTest, PushDoesNotTryAgainWhatWillFailAgain) {
  push_ = [](PushStream stream) { stream.Finish(absl::PermissionDeniedError("no")); };
  EXPECT_EQ(Run("push -", Tickets(1)).code, kExitDenied);
}

constexpr char kMapping[] = R"(
  system: "old" zone: "Europe/Paris" time_formats: "%Y-%m-%d %H:%M"
  reference { columns: "key" }
  row { received { column: "in" } resolved { column: "out" } state { columns: "state" }
        states { value: "Open" meaning: MEANING_OPEN } states { value: "Done" meaning: MEANING_ENDED outcome: OUTCOME_FIXED } }
)";

class ImportTest : public StreamsTest {
 protected:
  // 2,504 rows: one refused at the front, one in the middle, two at the end, one flagged.
  ImportTest() {
    std::ofstream(dir_ / "mapping") << kMapping;
    std::ofstream data(dir_ / "data");
    data << "key,in,out,state\n,2020-01-01 10:00,,Open\n";
    for (int i = 0; i < 2500; ++i) {
      if (i == 1000) data << ",2020-01-01 10:00,,Open\n";
      data << "k" << i << ",2020-01-01 10:00," << (i == 7 ? "2019-01-01 10:00" : "2020-01-02 10:00") << ",Done\n";
    }
    data << ",2020-01-01 10:00,,Open\n,2020-01-01 10:00,,Open\n";
  }
  Ran Import(const std::string& more) {
    return Run(absl::StrCat("import --mapping ", dir_ / "mapping", " ", dir_ / "data", " ", more));
  }
};

TEST_F(ImportTest, CountsAddUpAndTheListIsInOrder) {
  const Ran ran = Import("--report " + dir_ / "report");
  EXPECT_EQ(ran.code, kExitFindings) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("accepted 2500 (flagged 1 among them) + known 0 + refused 4 = 2504 rows\n"));
  EXPECT_EQ(known(), 2500u);
  EXPECT_THAT(ReadFile(dir_ / "report"), ::testing::ContainsRegex("line,column,outcome,reason,detail\n"
                                                                  "2,key,refused,missing_reference,[^\n]*\n"
                                                                  "10,out,flagged,closed_before_received,[^\n]*\n"
                                                                  "1003,key,refused,missing_reference,[^\n]*\n"
                                                                  "2504,key,refused,missing_reference,[^\n]*\n"
                                                                  "2505,key,refused,missing_reference,[^\n]*\n"));
}

TEST_F(ImportTest, AgainItChangesNothing) {
  Import("");
  const Ran ran = Import("-o json");
  EXPECT_THAT(ran.out, HasSubstr(R"({"rows":2504,"accepted":0,"flagged":0,"extended":0,"known":2500,"refused":4,)"));
  EXPECT_EQ(known(), 2500u);
}

TEST_F(ImportTest, GoesOnAfterABreak) {
  break_after_ = 3;
  const Ran ran = Import("");
  EXPECT_EQ(ran.code, kExitFindings) << ran.err;
  EXPECT_EQ(break_after_, -1);
  EXPECT_THAT(ran.out, HasSubstr("accepted 2500 (flagged 1 among them) + known 0 + refused 4 = 2504 rows\n"));
}

TEST_F(ImportTest, OneThatEndsKeepsWhatWasAnsweredAndIsTakenUpAgain) {
  break_after_ = 3;
  end_ = MakeError(absl::StatusCode::kDataLoss, "PROJECTION_CORRUPT", "a block that cannot be read");
  const Ran ran = Import("--report " + (dir_ / "report"));
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_THAT(ran.err, ContainsRegex("it ended after 150[0-9] of 2504 rows; run it again to go on"));
  EXPECT_THAT(ran.err, HasSubstr("DATA_LOSS PROJECTION_CORRUPT: a block that cannot be read"));
  EXPECT_THAT(ran.out, ContainsRegex("accepted 1[45][0-9]* \\(flagged 1 among them\\) \\+ known 0 \\+ refused [12] ="));
  EXPECT_THAT(ReadFile(dir_ / "report"), HasSubstr("10,out,flagged,closed_before_received,"));
  const size_t before = known();
  const Ran again = Import("");
  EXPECT_EQ(again.code, kExitFindings) << again.err;
  EXPECT_THAT(again.out, HasSubstr(absl::StrCat("+ known ", before, " + refused 4 = 2504 rows\n")));
  EXPECT_EQ(known(), 2500u);
}

TEST_F(ImportTest, ADryRunSendsNothing) {
  const Ran ran = Import("--dry-run");
  EXPECT_EQ(ran.code, kExitFindings) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("accepted 2500 (flagged 1 among them) + known 0 + refused 4 = 2504 rows\n"));
  EXPECT_THAT(ran.out, HasSubstr("nothing was sent"));
  EXPECT_EQ(known(), 0u);
}

TEST_F(ImportTest, AWrongMappingIsAUsageError) {
  std::ofstream(dir_ / "mapping") << kMapping << " team { columns: \"crew\" }";
  const Ran ran = Import("");
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("crew"));
  EXPECT_EQ(known(), 0u);
}

TEST_F(ImportTest, AReportOverItsOwnInputIsRefused) {
  const std::string before = ReadFile(dir_ / "data");
  const Ran data = Import("--report " + (dir_ / "data"));
  EXPECT_EQ(data.code, kExitUsage);
  EXPECT_THAT(data.err, HasSubstr("is the file of DATA"));
  EXPECT_EQ(ReadFile(dir_ / "data"), before);
  EXPECT_EQ(Import("--report " + (dir_ / "mapping")).code, kExitUsage);
  EXPECT_EQ(ReadFile(dir_ / "mapping"), kMapping);
}

TEST_F(ImportTest, NotesAreJsonAmongJson) {
  import_ = [](ImportStream stream) { stream.Finish(absl::PermissionDeniedError("no")); };
  const Ran ran = Import("-o json");
  EXPECT_THAT(ran.err, ContainsRegex(R"(\{"note":"it ended after [01] of 2504 rows; )"));
  for (const absl::string_view line : absl::StrSplit(ran.err, '\n', absl::SkipEmpty())) {
    EXPECT_EQ(line.front(), '{') << line;
  }
}

// Reading alone can take minutes.
TEST_F(ImportTest, ProgressIsShownFromTheFirstByte) {
  HurriedClock clock;
  program_clock_ = &clock;
  std::ofstream data(dir_ / "data", std::ios::app);
  for (int i = 0; i < 60000; ++i) data << "more" << i << ",2020-01-01 10:00,,Open\n";
  data.close();
  const Ran ran = Import("--dry-run --progress");
  EXPECT_THAT(ran.err, HasSubstr("reading " + (dir_ / "data")));
  EXPECT_LT(ran.err.find("reading "), ran.err.find(" rows"));
}

TEST_F(ImportTest, SaysHowFarItCame) {
  import_ = [](ImportStream stream) { stream.Finish(absl::PermissionDeniedError("no")); };
  const Ran ran = Import("");
  EXPECT_EQ(ran.code, kExitDenied);
  // One row is refused on this side, which may be before or after the stream's end is known.
  EXPECT_THAT(ran.err, ContainsRegex("it ended after [01] of 2504 rows"));
}

class EventsTest : public StreamsTest {
 protected:
  // Five events, two a message; the cursor is the number of events seen.
  EventsTest() {
    subscribe_ = [this](const SubscribeRequest& request, EventWriter writer) {
      cursors_.push_back(request.cursor());
      from_now_.push_back(request.from_now());
      if (away_-- > 0) return writer.Finish(absl::UnavailableError("still away"));
      Send(writer, request.cursor().empty() ? 0 : std::stoi(request.cursor()));
    };
  }
  void Send(EventWriter writer, int from) {
    if (from == break_after_.load()) {
      break_after_ = -1;
      away_ = away_after_break_;
      return writer.Finish(absl::UnavailableError("going away"));
    }
    if (from >= 5) return writer.Finish(absl::OkStatus());
    SubscribeResponse response;
    int at = from;
    for (; at < std::min(from + 2, 5); ++at) {
      auto* event = response.add_events();
      event->set_id(absl::StrCat("e", at));
      event->set_type("redress.complaint.resolved.v1");
      event->set_complaint("complaints/1");
      event->mutable_complaint_resolved()->set_outcome(types::v1::OUTCOME_FIXED);
    }
    response.set_cursor(absl::StrCat(at));
    writer.Write(response, [this, writer, at](bool ok) {
      if (ok) Send(writer, at);
    });
  }
  std::string Cursor() {
    std::string cursor;
    EXPECT_TRUE(absl::Base64Unescape(absl::StripAsciiWhitespace(ReadFile(dir_ / "cursor")), &cursor));
    return cursor;
  }

  std::vector<std::string> cursors_;
  std::vector<bool> from_now_;
  // How many attempts fail after the stream has broken.
  int away_after_break_ = 0;
  int away_ = 0;
};

TEST_F(EventsTest, PrintsALineAnEvent) {
  const Ran ran = Run("events");
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(std::vector<std::string>(absl::StrSplit(ran.out, '\n', absl::SkipEmpty())), SizeIs(5));
  EXPECT_THAT(ran.out, HasSubstr("  redress.complaint.resolved.v1  complaints/1  outcome=fixed\n"));
}

TEST_F(EventsTest, SavesTheCursorAndGoesOnThere) {
  const std::string with_cursor = absl::StrCat("events -o json --cursor ", dir_ / "cursor");
  EXPECT_EQ(Run(with_cursor).code, kExitOk);
  EXPECT_EQ(Cursor(), "5");
  const Ran again = Run(with_cursor);
  EXPECT_EQ(again.out, "");
  EXPECT_THAT(cursors_, ElementsAre("", "5"));
  EXPECT_THAT(Run(with_cursor + " --from-beginning").out, HasSubstr("\"id\":\"e0\""));
}

TEST_F(EventsTest, ABrokenStreamIsTakenUpWhereItEnded) {
  break_after_ = 2;
  const Ran ran = Run("events -o json");
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(cursors_, ElementsAre("", "2"));
  for (int i = 0; i < 5; ++i) EXPECT_THAT(ran.out, HasSubstr(absl::StrCat("\"id\":\"e", i, "\""))) << ran.out;
}

TEST_F(EventsTest, AnOutageIsSaidOnceAndItsEndToo) {
  break_after_ = 2;
  away_after_break_ = 2;
  const Ran ran = Run("events -o json");
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(cursors_, ElementsAre("", "2", "2", "2"));
  EXPECT_EQ(ran.err,
            "{\"note\":\"the stream broke, trying to go on where it ended: going away\"}\n"
            "{\"note\":\"the stream goes on\"}\n");
}

TEST_F(EventsTest, FromNowOnLeavesASavedCursorAside) {
  std::ofstream(dir_ / "cursor") << absl::Base64Escape("4");
  EXPECT_EQ(Run(absl::StrCat("events --from-now --cursor ", dir_ / "cursor")).code, kExitOk);
  EXPECT_THAT(cursors_, ElementsAre(""));
  EXPECT_THAT(from_now_, ElementsAre(true));
  EXPECT_EQ(Cursor(), "5");
  EXPECT_EQ(Run("events --from-now --from-beginning").code, kExitUsage);
}

TEST_F(EventsTest, ACursorThatCannotBeSavedIsSaidBeforeAnythingIsAsked) {
  const Ran ran = Run(absl::StrCat("events --cursor ", dir_ / "nowhere", "/cursor"));
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_THAT(ran.err, HasSubstr("nowhere/cursor.new"));
  EXPECT_EQ(Run(absl::StrCat("events --cursor ", dir_ / "")).code, kExitError);
  EXPECT_TRUE(cursors_.empty());
}

TEST_F(EventsTest, ACursorFileThatHoldsNoneIsRefused) {
  std::ofstream(dir_ / "cursor") << "not base 64!";
  EXPECT_EQ(Run(absl::StrCat("events --cursor ", dir_ / "cursor")).code, kExitUsage);
  std::ofstream(dir_ / "cursor", std::ios::trunc).close();
  EXPECT_EQ(Run(absl::StrCat("events --cursor ", dir_ / "cursor")).code, kExitUsage);
}

}  // namespace
}  // namespace redress::ctl

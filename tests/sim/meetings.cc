#include "tests/sim/meetings.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace redress::sim {
namespace {

struct Row {
  const char* stream;
  const char* commands;  // separated by blanks
  const char* states;    // "*": all
  Meets meets;
  const char* why;
};

constexpr Row kRows[] = {
    {"intake", "submit_complaint", "RECEIVED ACKNOWLEDGED IN_PROGRESS RESOLVED CLOSED WITHDRAWN", Meets::kNever,
     "each submit draws a new id, and a retry is answered before it is decided"},
    {"intake", "erase_texts", "*", Meets::kNever, "it is decided inside of erase_texts_of_person, and is no order"},
    {"intake",
     "acknowledge_complaint start_complaint answer_complaint resolve_complaint confirm_complaint contest_complaint "
     "reopen_complaint withdraw_complaint amend_complaint add_message add_note add_attachment record_fact "
     "redact_text",
     "NONE", Meets::kByChance,
     "the handler looks the complaint up first: only an owner that was taken over does not know it"},
    {"intake", "note_assignment note_visit note_alarm", "NONE", Meets::kByChance,
     "other services learn of a complaint from intake's own record of it, which an owner that was taken over does not "
     "know"},
    {"intake", "set_legal_hold lift_legal_hold", "NONE", Meets::kByChance,
     "names come out of answers: only an owner that was taken over does not know them"},
    {"intake", "close_complaint expire_texts", "NONE", Meets::kNever, "a timer of the complaint's own"},
    {"intake", "expire_texts", "RECEIVED ACKNOWLEDGED IN_PROGRESS", Meets::kByChance,
     "the timer goes with the re-opening: one that is on its way meets what has just changed"},
    {"intake", "expire_texts", "RESOLVED", Meets::kByChance,
     "texts are kept until it is closed: both are due at the same instant"},
    {"intake", "note_keys_destroyed", "NONE", Meets::kByChance,
     "a reaction to its erasure, at an owner that was taken over and does not know it"},
    {"intake", "close_complaint", "RECEIVED ACKNOWLEDGED IN_PROGRESS CLOSED WITHDRAWN", Meets::kByChance,
     "the timer goes with the resolution: one that is on its way meets what has just changed"},
    {"intake", "import_complaint", "WITHDRAWN", Meets::kByChance, "no source says more of one that was withdrawn"},
    {"intake", "note_alarm", "RESOLVED CLOSED WITHDRAWN", Meets::kByChance,
     "alarms are raised while it is open: it has just ended"},
    {"intake", "note_assignment note_visit", "CLOSED", Meets::kByChance,
     "a fortnight after the resolution: something was very late"},
    {"intake", "note_keys_destroyed", "RECEIVED ACKNOWLEDGED IN_PROGRESS RESOLVED CLOSED", Meets::kByChance,
     "who is forgotten has no open complaints, but what is submitted in that moment; those of this run withdraw "
     "theirs"},
    {"routing", "assign_by_hand", "NONE", Meets::kByChance, "the handler looks it up, at an instance that knows more"},
    {"routing", "escalate", "NONE ENDED", Meets::kByChance, "alarms are raised while it is open: it has just ended"},
    {"scheduling", "amend_visit", "*", Meets::kNever, "it is decided inside of request_visit, and is no order"},
    {"scheduling", "request_visit", "REQUESTED HELD BOOKED STARTED DONE NO_ACCESS CANCELLED", Meets::kNever,
     "each visit has a new id, but that of a policy's, which asks for none that is there"},
    {"scheduling",
     "hold_slot release_hold book_visit move_visit start_visit complete_visit report_no_access cancel_visit", "NONE",
     Meets::kByChance, "the handler looks the visit up first: only an owner that was taken over does not know it"},
    {"scheduling", "expire_hold", "NONE", Meets::kNever, "a timer of the visit's own"},
    {"scheduling", "free_visit", "NONE", Meets::kByChance,
     "a reaction about the visit, at an owner that was taken over and does not know it"},
    {"scheduling", "expire_hold", "REQUESTED BOOKED STARTED DONE NO_ACCESS CANCELLED", Meets::kByChance,
     "the timer goes with the hold: one that is on its way meets what has just changed"},
    {"scheduling", "free_visit", "REQUESTED HELD BOOKED STARTED DONE NO_ACCESS", Meets::kByChance,
     "an end that is heard of before the visit it ends"},
    {"sla", "raise_alarm", "NONE WAITS_FOR_INTAKE WITHOUT_LINES", Meets::kByChance,
     "the timer is a line's: a re-planning has just taken the last"},
};

bool Lists(const char* words, const std::string& word) {
  const std::vector<std::string> listed = absl::StrSplit(words, ' ');
  return std::find(listed.begin(), listed.end(), word) != listed.end();
}

bool IsAbout(const Row& row, const StateAndCommand& pair) {
  const auto& [stream, state, command] = pair;
  return row.stream == stream && Lists(row.commands, command) &&
         (row.states == std::string("*") || Lists(row.states, state));
}

}  // namespace

Expectation ExpectationOf(const StateAndCommand& pair) {
  for (const Row& row : kRows) {
    if (IsAbout(row, pair)) return {row.meets, row.why};
  }
  return {};
}

std::string CheckExpectations() {
  std::string wrong;
  const std::vector<StateAndCommand> all = AllMeetings();
  for (const StateAndCommand& pair : all) {
    const auto rows =
        std::count_if(std::begin(kRows), std::end(kRows), [&](const Row& row) { return IsAbout(row, pair); });
    if (rows > 1) absl::StrAppend(&wrong, std::get<2>(pair), " × ", std::get<1>(pair), " has ", rows, " rows\n");
  }
  for (const Row& row : kRows) {
    // Each command with each state: a name that was mistyped would exempt nothing, and say nothing.
    for (const auto command : absl::StrSplit(row.commands, ' ')) {
      for (const auto state : absl::StrSplit(row.states, ' ')) {
        const bool found = std::any_of(all.begin(), all.end(), [&](const StateAndCommand& pair) {
          return std::get<0>(pair) == row.stream && std::get<2>(pair) == command &&
                 (state == "*" || std::get<1>(pair) == state);
        });
        if (!found) absl::StrAppend(&wrong, row.stream, " ", command, " × ", state, " is no pair\n");
      }
    }
  }
  return wrong;
}

}  // namespace redress::sim

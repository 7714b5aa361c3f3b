// Properties of a whole shard: whatever is held, booked, moved, freed or forgotten in whatever order, no window is sold
// twice.
#include "services/scheduling/shard_decider.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/ids/ids.h"
#include "libs/runtime/fold.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"
#include "libs/store/memory/memory_database.h"
#include "services/scheduling/intervention.h"
#include "services/scheduling/limits.h"
#include "services/scheduling/scheduling_logic.h"
#include "services/scheduling/scheduling_rows.h"
#include "tests/testing/seeds.h"

namespace redress::scheduling {
namespace {

struct Window {
  std::string technician;
  Millis start = 0;
  Millis end = 0;
  Millis expires_at = 0;
  bool Overlaps(const Window& other) const {
    return technician == other.technician && start < other.end && other.start < end;
  }
};

// Reads nothing but events: who has which window after every record.
class Checker {
 public:
  void Read(const log::v1::Body& body) {
    for (const log::v1::Event& one : body.events()) {
      Event event;
      ASSERT_TRUE(event.ParseFromString(one.payload()));
      switch (event.kind_case()) {
        case Event::kSlotHeld: Take(one.aggregate(), event.slot_held(), event.slot_held().expires_at()); break;
        case Event::kVisitBooked: Take(one.aggregate(), event.visit_booked(), 0); break;
        case Event::kVisitMoved: Take(one.aggregate(), event.visit_moved(), 0); break;
        case Event::kHoldReleased:
        case Event::kVisitDone:
        case Event::kVisitNoAccess:
        case Event::kVisitCancelled: windows_.erase(one.aggregate()); break;
        default: break;
      }
    }
    for (auto a = windows_.begin(); a != windows_.end(); ++a) {
      for (auto b = std::next(a); b != windows_.end(); ++b) {
        ASSERT_FALSE(a->second.Overlaps(b->second)) << a->first << " and " << b->first;
      }
    }
  }
  const std::map<std::string, Window>& windows() const { return windows_; }

 private:
  template <typename Message>
  void Take(const std::string& visit, const Message& event, Millis expires_at) {
    windows_[visit] = {event.technician(), event.window_start(), event.window_end(), expires_at};
  }
  std::map<std::string, Window> windows_;
};

class ShardTest : public ::testing::Test {
 protected:
  static constexpr Millis kStart = 1'772'000'000'000;

  // Decides and folds, as the runtime does.
  absl::Status Do(const std::string& aggregate, const Command& command) {
    runtime::v1::Order order;
    order.set_aggregate(aggregate);
    order.set_command(command.SerializeAsString());
    const auto events = logic_.Decide(*rows_, order, {0, 1, now_, nullptr});
    if (!events.ok() || events->empty()) return events.status();
    log::v1::Body body;
    body.set_recorded_at(now_);
    std::map<std::string, int64_t> versions;
    for (const auto& event : *events) {
      auto [at, first] = versions.try_emplace(event.aggregate, 0);
      if (first) at->second = runtime::VersionOf(*rows_, 0, event.aggregate);
      auto* stored = body.add_events();
      stored->set_aggregate(event.aggregate);
      stored->set_version(++at->second);
      stored->set_payload(event.payload);
    }
    log_.push_back(body);
    Fold(body, rows_.get());
    checker_.Read(body);
    return absl::OkStatus();
  }

  void Fold(const log::v1::Body& body, store::MemoryDatabase* rows) {
    store::View view(rows);
    runtime::FoldDecision(logic_, {0, 1, &body}, nullptr, 0, &view);
    ASSERT_TRUE(rows->Commit(view.writes()).ok());
  }

  void Register(const std::string& name) {
    Command command;
    auto* technician = command.mutable_register_technician()->mutable_technician();
    technician->set_agency("north");
    technician->set_zone("Etc/UTC");
    auto* always = technician->add_hours();
    always->set_start_minute(0);
    always->set_end_minute(kMinutesOfWeek);
    ASSERT_TRUE(Do(name, command).ok());
  }

  std::string RequestVisit(int number, absl::string_view agency = "north", int64_t assignment = 0, int32_t round = 0) {
    const std::string name = absl::StrCat(kInterventions, MakeId(now_, PlacementOf(agency), number));
    Command command;
    auto* request = command.mutable_request_visit();
    request->set_complaint(absl::StrCat("complaints/", number % 7));
    request->set_agency(std::string(agency));
    request->set_minutes(60);
    request->set_assignment(assignment);
    request->set_round(round);
    EXPECT_TRUE(Do(name, command).ok());
    return name;
  }

  Intervention Visit(absl::string_view name) {
    return kVisits.Get(*rows_, 0, absl::StripPrefix(name, kInterventions)).value_or(Intervention());
  }

  void FireTimers() {
    std::vector<std::string> due;
    runtime::ScanTimers(*rows_, 0, [&](const runtime::Timer& timer) {
      if (timer.due <= now_) due.push_back(timer.aggregate);
      return true;
    });
    for (const std::string& aggregate : due) {
      Command command;
      command.mutable_expire_hold();
      ASSERT_TRUE(Do(aggregate, command).ok());
    }
  }

  SchedulingLogic logic_;
  std::unique_ptr<store::MemoryDatabase> rows_ = std::make_unique<store::MemoryDatabase>();
  Checker checker_;
  std::vector<log::v1::Body> log_;
  Millis now_ = kStart;
};

class Random {
 public:
  explicit Random(uint64_t seed) : ids_(seed) {}
  int Below(int bound) { return static_cast<int>(ids_.Random64() % static_cast<uint64_t>(bound)); }

 private:
  SeededIdSource ids_;
};

class NoSlotIsSoldTwice : public ShardTest {
 protected:
  void Run(uint64_t seed) {
    Random random(seed);
    for (const char* name : {"technicians/a", "technicians/b"}) Register(name);
    std::vector<std::string> visits;
    for (int i = 0; i < 12; ++i) visits.push_back(RequestVisit(i));
    for (int step = 0; step < 400; ++step) {
      now_ += random.Below(4) == 0 ? random.Below(15) * kMinute : random.Below(1000);
      if (random.Below(5) == 0) FireTimers();
      if (random.Below(8) == 0) visits.push_back(RequestVisit(100 + step));
      Step(random, visits[static_cast<size_t>(random.Below(static_cast<int>(visits.size())))]);
      if (HasFatalFailure()) return;
    }
    CompareRows();
    Rebuild();
  }

  void Step(Random& random, const std::string& visit) {
    Command command;
    commands::v1::Slot slot;
    slot.set_technician(random.Below(2) == 0 ? "technicians/a" : "technicians/b");
    slot.set_start(now_ - now_ % kHour + kHour + random.Below(24) * 30 * kMinute);
    if (random.Below(4) == 0) slot.set_end(slot.start() + (60 + random.Below(120)) * kMinute);
    switch (random.Below(8)) {
      case 0:
      case 1: *command.mutable_hold_slot()->mutable_slot() = slot; break;
      case 2: *command.mutable_book_visit()->mutable_slot() = slot; break;
      case 3: command.mutable_book_visit(); break;
      case 4:
        *command.mutable_move_visit()->mutable_slot() = slot;
        command.mutable_move_visit()->set_resident_consented(true);
        break;
      case 5: command.mutable_release_hold(); break;
      case 6: command.mutable_complete_visit()->set_result(random.Below(2) == 0 ? "fixed" : "parts_awaited"); break;
      default: command.mutable_cancel_visit()->set_reason("resident"); break;
    }
    const bool free = IsFree(visit, Visit(visit), command);
    const absl::Status status = Do(visit, command);
    const std::string reason = ReasonOf(status);
    if (reason == "SLOT_TAKEN") {
      EXPECT_FALSE(free);
      CheckFreshSlots(visit, status);
    } else if (status.ok() && Claims(command)) {
      EXPECT_TRUE(free);
    } else if (!status.ok()) {
      EXPECT_TRUE(reason == "INTERVENTION_STATE" || reason == "NOT_HELD" || reason == "HOLD_EXPIRED") << status;
    }
  }

  static bool Claims(const Command& command) {
    return command.has_hold_slot() || command.has_book_visit() || command.has_move_visit();
  }

  // By the checker's windows, which come from events alone, and by the clock.
  bool IsFree(const std::string& visit, const Intervention& state, const Command& command) {
    Window wanted{state.technician(), state.window_start(), state.window_end(), 0};
    const commands::v1::Slot* slot = nullptr;
    if (command.has_hold_slot()) slot = &command.hold_slot().slot();
    if (command.has_book_visit() && command.book_visit().has_slot()) slot = &command.book_visit().slot();
    if (command.has_move_visit()) slot = &command.move_visit().slot();
    if (slot != nullptr) {
      wanted = {slot->technician(), slot->start(), slot->end() == 0 ? slot->start() + kHour : slot->end(), 0};
    }
    for (const auto& [other, window] : checker_.windows()) {
      const bool counts = window.expires_at == 0 || window.expires_at > now_;
      if (other != visit && counts && window.Overlaps(wanted)) return false;
    }
    return true;
  }

  void CheckFreshSlots(const std::string& visit, const absl::Status& status) {
    int fresh = 0;
    const std::string text = status.ToString();
    for (const auto& [key, value] : MetadataOf(status)) {
      if (!absl::StartsWith(key, "slot_")) continue;
      ++fresh;
      const std::vector<std::string> parts = absl::StrSplit(value, '|');
      ASSERT_EQ(parts.size(), 3u) << text;
      Command command;
      auto* slot = command.mutable_hold_slot()->mutable_slot();
      slot->set_technician(parts[0]);
      absl::Time start;
      absl::Time end;
      ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, parts[1], &start, nullptr)) << value;
      ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, parts[2], &end, nullptr)) << value;
      slot->set_start(absl::ToUnixMillis(start));
      slot->set_end(absl::ToUnixMillis(end));
      EXPECT_TRUE(IsFree(visit, Visit(visit), command)) << value;
    }
    EXPECT_EQ(fresh, kFreshSlots);
  }

  // The taken table is what the events say, no more and no less.
  void CompareRows() {
    std::map<std::string, Window> taken;
    kTaken.Scan(*rows_, 0, "", [&](absl::string_view rest, const rows::v1::TakenRow& row) {
      store::KeyReader reader(rest);
      const std::string technician = reader.Str();
      const Millis start = reader.I64();
      taken[absl::StrCat(kInterventions, reader.Raw())] = {technician, start, row.window_end(), row.expires_at()};
      return true;
    });
    EXPECT_EQ(taken.size(), checker_.windows().size());
    for (const auto& [visit, window] : checker_.windows()) {
      ASSERT_TRUE(taken.contains(visit)) << visit;
      EXPECT_EQ(taken[visit].start, window.start);
      EXPECT_EQ(taken[visit].end, window.end);
      EXPECT_EQ(taken[visit].expires_at, window.expires_at);
    }
  }

  void Rebuild() {
    store::MemoryDatabase fresh;
    for (const log::v1::Body& body : log_) Fold(body, &fresh);
    EXPECT_EQ(store::DigestOf(fresh, 0, store::DigestScope::kAll),
              store::DigestOf(*rows_, 0, store::DigestScope::kAll));
  }
};

class EverySeed : public NoSlotIsSoldTwice, public ::testing::WithParamInterface<uint64_t> {};
TEST_P(EverySeed, HoldsBookingsMovesAndEndsNeverOverlap) {
  SCOPED_TRACE(absl::StrCat("REDRESS_SEED=", GetParam()));
  Run(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Seeds, EverySeed, ::testing::ValuesIn(redress::testing::Seeds(12)));

Command BookSlot(const std::string& technician, Millis start) {
  Command command;
  command.mutable_book_visit()->mutable_slot()->set_technician(technician);
  command.mutable_book_visit()->mutable_slot()->set_start(start);
  return command;
}

TEST_F(ShardTest, AVisitThatIsToComeIsSealedAnewHoweverManyAreOver) {
  // All of one complaint; the first is still to come, and more are over than one record holds.
  const std::string to_come = RequestVisit(0);
  std::vector<std::string> over;
  for (int i = 1; i <= static_cast<int>(kMaxResealedVisits) + 5; ++i) {
    now_ += kMinute;
    over.push_back(RequestVisit(7 * i));
    Command cancel;
    cancel.mutable_cancel_visit()->set_reason("mistake");
    ASSERT_TRUE(Do(over.back(), cancel).ok());
  }
  Command command;
  auto* resealed = command.mutable_reseal_visits();
  resealed->set_complaint("complaints/0");
  resealed->mutable_dwelling()->set_key_id("new");
  resealed->mutable_dwelling()->set_box("box");
  ASSERT_TRUE(Do("complaints/0", command).ok());
  EXPECT_EQ(Visit(to_come).dwelling().key_id(), "new");
  EXPECT_EQ(Visit(over.back()).dwelling().key_id(), "new") << "who comes next copies from it";
  EXPECT_EQ(log_.back().events_size(), static_cast<int>(kMaxResealedVisits));
}

TEST_F(ShardTest, ABookingInAnExpiredHoldReleasesItInTheSameRecord) {
  Register("technicians/a");
  const std::string first = RequestVisit(1);
  const std::string second = RequestVisit(2);
  Command hold;
  hold.mutable_hold_slot()->mutable_slot()->set_technician("technicians/a");
  hold.mutable_hold_slot()->mutable_slot()->set_start(now_ + kHour);
  hold.mutable_hold_slot()->set_hold_ms(10 * kMinute);
  ASSERT_TRUE(Do(first, hold).ok());
  now_ += 10 * kMinute - 1;
  EXPECT_EQ(ReasonOf(Do(second, BookSlot("technicians/a", kStart + kHour))), "SLOT_TAKEN");
  now_ += 1;
  const size_t before = log_.size();
  ASSERT_TRUE(Do(second, BookSlot("technicians/a", kStart + kHour)).ok());
  ASSERT_EQ(log_.size(), before + 1);
  EXPECT_EQ(log_.back().events(0).aggregate(), second);
  EXPECT_EQ(log_.back().events(1).aggregate(), first);
  EXPECT_EQ(Visit(first).state(), rows::v1::VISIT_STATE_REQUESTED);
}

TEST_F(ShardTest, ASlotNeedsSomebodyWhoMayAndCanAndWorksThen) {
  Register("technicians/a");
  const std::string visit = RequestVisit(1);
  EXPECT_EQ(ReasonOf(Do(visit, BookSlot("technicians/nobody", now_ + kHour))), "TECHNICIAN_UNKNOWN");
  const std::string elsewhere = RequestVisit(2, "south");
  EXPECT_EQ(ReasonOf(Do(elsewhere, BookSlot("technicians/a", now_ + kHour))), "TECHNICIAN_UNKNOWN");
  Command absence;
  absence.mutable_set_absence()->mutable_absence()->set_from_ms(now_ + 2 * kHour);
  absence.mutable_set_absence()->mutable_absence()->set_to_ms(now_ + 3 * kHour);
  ASSERT_TRUE(Do("technicians/a", absence).ok());
  Command book = BookSlot("technicians/a", now_ + 90 * kMinute);
  EXPECT_EQ(ReasonOf(Do(visit, book)), "NOT_WORKING");
  // Nobody agrees to visit while away.
  book.mutable_book_visit()->mutable_slot()->set_outside_hours(true);
  EXPECT_EQ(ReasonOf(Do(visit, book)), "NOT_WORKING");
  EXPECT_TRUE(Do(visit, BookSlot("technicians/a", now_ + kHour)).ok());
}

TEST_F(ShardTest, OutsideHoursNeedsToBeSaid) {
  Command command;
  auto* technician = command.mutable_register_technician()->mutable_technician();
  technician->set_agency("north");
  technician->set_zone("Etc/UTC");
  ASSERT_TRUE(Do("technicians/a", command).ok());
  const std::string visit = RequestVisit(1);
  Command hold;
  auto* slot = hold.mutable_hold_slot()->mutable_slot();
  slot->set_technician("technicians/a");
  slot->set_start(now_ + kHour);
  EXPECT_EQ(ReasonOf(Do(visit, hold)), "NOT_WORKING");
  slot->set_outside_hours(true);
  ASSERT_TRUE(Do(visit, hold).ok());
  // What is held is not judged again.
  Command book;
  book.mutable_book_visit();
  EXPECT_TRUE(Do(visit, book).ok());
  EXPECT_EQ(Visit(visit).state(), rows::v1::VISIT_STATE_BOOKED);
}

TEST_F(ShardTest, AnAbsenceIsReplacedByItsStartAndTakenBackWhenItEndsThere) {
  Register("technicians/a");
  Command command;
  auto* absence = command.mutable_set_absence()->mutable_absence();
  const auto absences = [&] { return kTechnicianRows.Get(*rows_, 0, "a")->absences(); };
  absence->set_from_ms(now_);
  absence->set_to_ms(now_ + kDay);
  EXPECT_EQ(ReasonOf(Do("technicians/b", command)), "TECHNICIAN_UNKNOWN");
  ASSERT_TRUE(Do("technicians/a", command).ok());
  const size_t records = log_.size();
  ASSERT_TRUE(Do("technicians/a", command).ok());
  EXPECT_EQ(log_.size(), records) << "known already";
  absence->set_to_ms(now_ + 2 * kDay);
  ASSERT_TRUE(Do("technicians/a", command).ok());
  ASSERT_EQ(absences().size(), 1);
  EXPECT_EQ(absences()[0].to_ms(), now_ + 2 * kDay);
  absence->set_to_ms(now_);
  ASSERT_TRUE(Do("technicians/a", command).ok());
  EXPECT_EQ(absences().size(), 0);
}

TEST_F(ShardTest, AComplaintHasSoManyOpenVisitsByHandAndNoMore) {
  absl::Status status;
  for (int i = 0; i <= kMaxOpenVisits; ++i) {
    Command command;
    command.mutable_request_visit()->set_complaint("complaints/c");
    command.mutable_request_visit()->set_agency("north");
    status = Do(absl::StrCat(kInterventions, MakeId(now_, PlacementOf("north"), i)), command);
    ASSERT_EQ(status.ok(), i < kMaxOpenVisits);
  }
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_VISITS");
}

TEST_F(ShardTest, AnEndingFreesItsRoundAndEarlierOnesAndRecordsNothingElsewhere) {
  Register("technicians/a");
  const std::string booked = RequestVisit(7, "north", 1, 0);
  ASSERT_TRUE(Do(booked, BookSlot("technicians/a", now_ + kHour)).ok());
  const std::string later = RequestVisit(14, "north", 2, 1);
  Command end;
  end.mutable_end_complaint()->set_complaint("complaints/0");
  end.mutable_end_complaint()->set_occurred_at(now_);
  ASSERT_TRUE(Do("endings/0", end).ok());
  EXPECT_EQ(Visit(booked).state(), rows::v1::VISIT_STATE_CANCELLED);
  EXPECT_EQ(Visit(later).state(), rows::v1::VISIT_STATE_REQUESTED) << "of the round after";
  const size_t records = log_.size();
  ASSERT_TRUE(Do("endings/0", end).ok());
  end.mutable_end_complaint()->set_complaint("complaints/unheard-of");
  ASSERT_TRUE(Do("endings/unheard-of", end).ok());
  EXPECT_EQ(log_.size(), records);
  // By hand, without a round: the one after the ending.
  const std::string by_hand = absl::StrCat(kInterventions, MakeId(now_, PlacementOf("north"), 99));
  Command request;
  request.mutable_request_visit()->set_complaint("complaints/0");
  request.mutable_request_visit()->set_agency("north");
  ASSERT_TRUE(Do(by_hand, request).ok());
  EXPECT_EQ(Visit(by_hand).round(), 1);
}

TEST_F(ShardTest, AVisitUnderWayOutlivesItsComplaintAndAsksForNoOther) {
  Register("technicians/a");
  const std::string visit = RequestVisit(1);
  ASSERT_TRUE(Do(visit, BookSlot("technicians/a", now_ + kHour)).ok());
  Command command;
  command.mutable_start_visit();
  ASSERT_TRUE(Do(visit, command).ok());
  Command end;
  end.mutable_end_complaint()->set_complaint("complaints/1");
  ASSERT_TRUE(Do("endings/1", end).ok());
  EXPECT_EQ(Visit(visit).state(), rows::v1::VISIT_STATE_STARTED);
  command.mutable_complete_visit()->set_result("parts_awaited");
  ASSERT_TRUE(Do(visit, command).ok());
  EXPECT_EQ(Visit(visit).state(), rows::v1::VISIT_STATE_DONE);
  EXPECT_EQ(Visit(visit).followed_by(), "");
}

TEST_F(ShardTest, ALaterAssignmentAsksForNoSecondVisitWhereOneIsComing) {
  const std::string first = RequestVisit(7, "north", 1);
  const std::string second = RequestVisit(14, "north", 2);
  EXPECT_EQ(Visit(first).state(), rows::v1::VISIT_STATE_REQUESTED);
  EXPECT_EQ(Visit(second).state(), rows::v1::VISIT_STATE_UNSPECIFIED);
  const std::string third = RequestVisit(21, "south", 3);
  EXPECT_EQ(Visit(first).cancel_reason(), "reassigned");
  EXPECT_EQ(Visit(third).state(), rows::v1::VISIT_STATE_REQUESTED);
  const std::string stale = RequestVisit(28, "north", 2);
  EXPECT_EQ(Visit(stale).state(), rows::v1::VISIT_STATE_UNSPECIFIED);
}

}  // namespace
}  // namespace redress::scheduling

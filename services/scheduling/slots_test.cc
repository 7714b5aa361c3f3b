#include "services/scheduling/slots.h"

#include <gtest/gtest.h>

#include <set>

#include "libs/calendar/zone.h"
#include "libs/ids/ids.h"
#include "services/scheduling/limits.h"

namespace redress::scheduling {
namespace {

calendar::Zone Paris() { return *calendar::ZoneFor("Europe/Paris"); }
Millis At(int year, int month, int day, int hour, int minute = 0) {
  return calendar::ToInstant({absl::CivilSecond(year, month, day, hour, minute), 0}, Paris());
}

// 2026-03-02 is a Monday.
const Millis kMonday = At(2026, 3, 2, 0);

// Monday to Friday, 08:00 to 16:00 local.
TechnicianCalendar Someone(const std::string& name = "technicians/a") {
  TechnicianCalendar technician;
  technician.name = name;
  technician.row.set_agency("north");
  technician.row.set_zone("Europe/Paris");
  technician.row.add_skills("plumbing");
  for (int day = 0; day < 5; ++day) {
    auto* span = technician.row.add_hours();
    span->set_start_minute(day * 1440 + 8 * 60);
    span->set_end_minute(day * 1440 + 16 * 60);
  }
  return technician;
}

void AddAbsence(Millis from, Millis to, TechnicianCalendar* technician) {
  auto* absence = technician->row.add_absences();
  absence->set_from_ms(from);
  absence->set_to_ms(to);
}

SlotQuery Query(int limit = 100, Millis from = kMonday, Millis to = kMonday + 7 * kDay) {
  SlotQuery query;
  query.agency = "north";
  query.skills = {"plumbing"};
  query.minutes = 60;
  query.from = from;
  query.to = to;
  query.limit = limit;
  return query;
}

TEST(Slots, BeginEveryHalfHourOfTheWeeklyHours) {
  const auto slots = FindSlots(Query(100, kMonday, kMonday + kDay), {{Someone()}});
  ASSERT_EQ(slots.size(), 15u);
  EXPECT_EQ(slots.front(), (SlotOffer{"technicians/a", At(2026, 3, 2, 8), At(2026, 3, 2, 9)}));
  EXPECT_EQ(slots.back().end, At(2026, 3, 2, 16));
}

TEST(Slots, KeepTheirTimesWhenAskedForLater) {
  const auto slots = FindSlots(Query(3, At(2026, 3, 2, 9, 10), kMonday + kDay), {{Someone()}});
  EXPECT_EQ(slots.front().start, At(2026, 3, 2, 9, 30));
}

TEST(Slots, LeaveOutAbsencesAndWhatIsTaken) {
  TechnicianCalendar technician = Someone();
  AddAbsence(At(2026, 3, 2, 0), At(2026, 3, 2, 12, 10), &technician);
  technician.taken = {{At(2026, 3, 2, 14), At(2026, 3, 2, 15)}};
  std::vector<Millis> starts;
  for (const auto& slot : FindSlots(Query(100, kMonday, kMonday + kDay), {{technician}})) starts.push_back(slot.start);
  EXPECT_EQ(starts, (std::vector<Millis>{At(2026, 3, 2, 12, 30), At(2026, 3, 2, 13), At(2026, 3, 2, 15)}));
}

TEST(Slots, AreOfTheVisitsAgencyAndOfThoseWhoHaveAllSkills) {
  TechnicianCalendar elsewhere = Someone("technicians/elsewhere");
  elsewhere.row.set_agency("south");
  TechnicianCalendar painter = Someone("technicians/painter");
  painter.row.set_skills(0, "painting");
  EXPECT_TRUE(FindSlots(Query(), {{elsewhere, painter}}).empty());
  painter.row.add_skills("plumbing");
  EXPECT_FALSE(FindSlots(Query(), {{elsewhere, painter}}).empty());
}

TEST(Slots, OfferDifferentTimesOfDifferentTechnicians) {
  const auto slots = FindSlots(Query(4), {{Someone("technicians/a"), Someone("technicians/b")}});
  ASSERT_EQ(slots.size(), 4u);
  std::set<Millis> starts;
  std::set<std::string> technicians;
  for (const auto& slot : slots) {
    starts.insert(slot.start);
    technicians.insert(slot.technician);
  }
  EXPECT_EQ(starts.size(), 4u);
  EXPECT_EQ(technicians.size(), 2u);
}

TEST(Slots, FillUpWithMoreTechniciansWhenTimesRunOut) {
  const SlotQuery query = Query(4, At(2026, 3, 2, 15), kMonday + kDay);
  EXPECT_EQ(FindSlots(query, {{Someone("technicians/a"), Someone("technicians/b")}}).size(), 2u);
  const auto slots = FindSlots(query, {{Someone("technicians/a"), Someone("technicians/b"), Someone("technicians/c")}});
  ASSERT_EQ(slots.size(), 3u);
  EXPECT_EQ(slots.back().technician, "technicians/c");
}

TEST(Slots, OfAnEmergencyAreTheFirstOfEverybody) {
  SlotQuery query = Query(4);
  query.emergency = true;
  const auto slots = FindSlots(query, {{Someone("technicians/a"), Someone("technicians/b")}});
  ASSERT_EQ(slots.size(), 4u);
  EXPECT_EQ(slots[0].start, slots[1].start);
  EXPECT_EQ(slots[3].start, slots[0].start + kSlotGranularity);
}

TEST(Slots, PreferWhoSpeaksTheLanguageThenWhoHasMoreTime) {
  TechnicianCalendar french = Someone("technicians/a");
  french.row.add_languages("fr");
  TechnicianCalendar arabic = Someone("technicians/b");
  arabic.row.add_languages("ar");
  SlotQuery query = Query(1);
  query.language = "ar";
  EXPECT_EQ(FindSlots(query, {{french, arabic}})[0].technician, "technicians/b");
  query.language = "";
  EXPECT_EQ(FindSlots(query, {{french, arabic}})[0].technician, "technicians/a");
  french.taken = {{At(2026, 3, 4, 8), At(2026, 3, 4, 10)}};
  EXPECT_EQ(FindSlots(query, {{french, arabic}})[0].technician, "technicians/b");
}

TEST(WeeklyHours, KeepLocalTimeAcrossClockChanges) {
  // Clocks go forward on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00.
  const auto spring = WeeklyHours(Someone().row, At(2026, 3, 27, 0), At(2026, 3, 31, 0));
  ASSERT_EQ(spring.size(), 2u);
  EXPECT_EQ(spring[0].from, At(2026, 3, 27, 8));
  EXPECT_EQ(spring[1].from, At(2026, 3, 30, 8));
  EXPECT_EQ(spring[1].from - spring[0].from, 3 * kDay - kHour);
  TechnicianCalendar night;
  night.row.set_zone("Europe/Paris");
  auto* span = night.row.add_hours();
  span->set_start_minute(5 * 1440 + 22 * 60);
  span->set_end_minute(6 * 1440 + 6 * 60);
  const auto nights = [&](int month, int day) {
    const auto hours = WeeklyHours(night.row, At(2026, month, day, 12), At(2026, month, day + 1, 12));
    return hours.empty() ? 0 : hours[0].to - hours[0].from;
  };
  EXPECT_EQ(nights(3, 21), 8 * kHour);
  EXPECT_EQ(nights(3, 28), 7 * kHour);
  EXPECT_EQ(nights(10, 24), 9 * kHour);
}

TEST(WeeklyHours, SpansThatBeginInAGapBeginAfterIt) {
  TechnicianCalendar early;
  early.row.set_zone("Europe/Paris");
  auto* span = early.row.add_hours();
  span->set_start_minute(6 * 1440 + 150);  // Sunday 02:30
  span->set_end_minute(6 * 1440 + 300);
  const auto hours = WeeklyHours(early.row, At(2026, 3, 29, 0), At(2026, 3, 29, 12));
  ASSERT_EQ(hours.size(), 1u);
  EXPECT_EQ(hours[0].from, At(2026, 3, 29, 3));
}

TEST(WeeklyHours, RoundTheClockIsOneStretchDividedByTheClock) {
  TechnicianCalendar always = Someone();
  always.row.clear_hours();
  auto* span = always.row.add_hours();
  span->set_start_minute(0);
  span->set_end_minute(kMinutesOfWeek);
  EXPECT_EQ(WeeklyHours(always.row, kMonday - 3 * kDay, kMonday + 10 * kDay).size(), 1u);
  const auto slots = FindSlots(Query(2, kMonday + 7 * kMinute), {{always}});
  EXPECT_EQ(slots[0].start, kMonday + 30 * kMinute);
  EXPECT_TRUE(WorksIn(always.row, kMonday - kHour, kMonday + kHour));
}

TEST(WorksIn, NeedsTheWholeWindow) {
  const TechnicianCalendar technician = Someone();
  EXPECT_TRUE(WorksIn(technician.row, At(2026, 3, 2, 8), At(2026, 3, 2, 16)));
  EXPECT_FALSE(WorksIn(technician.row, At(2026, 3, 2, 7, 59), At(2026, 3, 2, 9)));
  EXPECT_FALSE(WorksIn(technician.row, At(2026, 3, 2, 15), At(2026, 3, 3, 9)));
  EXPECT_FALSE(WorksIn(technician.row, At(2026, 3, 7, 9), At(2026, 3, 7, 10)));
}

TEST(ExplainSlots, SaysWhyNobodyIsOfferedOrWhatTheyHave) {
  TechnicianCalendar elsewhere = Someone("technicians/elsewhere");
  elsewhere.row.set_agency("south");
  TechnicianCalendar painter = Someone("technicians/painter");
  painter.row.set_skills(0, "painting");
  TechnicianCalendar absent = Someone("technicians/absent");
  AddAbsence(kMonday, kMonday + 7 * kDay, &absent);
  TechnicianCalendar retired = Someone("technicians/retired");
  retired.row.clear_hours();
  TechnicianCalendar full = Someone("technicians/full");
  for (int day = 2; day <= 6; ++day) full.taken.push_back({At(2026, 3, day, 8, 30), At(2026, 3, day, 15, 30)});
  const auto lines = ExplainSlots(Query(), {{Someone(), elsewhere, painter, absent, retired, full}});
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0].reason, SlotReason::kOffered);
  EXPECT_EQ(lines[0].slot_count, 75);
  EXPECT_EQ(lines[0].worked, 40 * kHour);
  EXPECT_EQ(lines[0].first_slot.start, At(2026, 3, 2, 8));
  EXPECT_EQ(lines[1].reason, SlotReason::kAgency);
  EXPECT_EQ(lines[2].reason, SlotReason::kSkill);
  EXPECT_EQ(lines[2].missing_skills, std::vector<std::string>{"plumbing"});
  EXPECT_EQ(lines[3].reason, SlotReason::kAbsent);
  EXPECT_EQ(lines[3].absent, 40 * kHour);
  EXPECT_EQ(lines[4].reason, SlotReason::kNoHours);
  EXPECT_EQ(lines[5].reason, SlotReason::kFull);
  EXPECT_EQ(lines[5].taken, 35 * kHour);
}

// Minute by minute, on random calendars: every slot is worked and free, and every free half hour of the grid is a slot.
TEST(Slots, AreExactlyTheFreeWindowsOfAMinuteByMinuteModel) {
  for (int seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    SeededIdSource random(static_cast<uint64_t>(seed));
    const auto below = [&](int bound) { return static_cast<int>(random.Random64() % static_cast<uint64_t>(bound)); };
    TechnicianCalendar technician = Someone();
    technician.row.clear_hours();
    for (int day = 0; day < 7; ++day) {
      if (below(4) == 0) continue;
      auto* span = technician.row.add_hours();
      span->set_start_minute(day * 1440 + below(10) * 60 + 60);
      span->set_end_minute(span->start_minute() + 60 + below(600));
    }
    // A week with a change of clocks half of the time.
    const Millis from = seed % 2 == 0 ? kMonday : At(2026, 3, 26, 0);
    const Millis to = from + 5 * kDay;
    for (int i = below(4); i > 0; --i) {
      const Millis start = from + below(7000) * kMinute;
      AddAbsence(start, start + below(900) * kMinute, &technician);
    }
    for (int i = below(12); i > 0; --i) {
      const Millis start = from + below(7000) * kMinute;
      technician.taken.push_back({start, start + (5 + below(200)) * kMinute});
    }
    SlotQuery query = Query(100000, from, to);
    query.minutes = 5 + below(180);
    const auto free_at = [&](Millis minute) {
      const auto civil = calendar::ToCivil(minute, Paris()).second;
      const int of_week = (static_cast<int>(absl::GetWeekday(civil))) * 1440 + civil.hour() * 60 + civil.minute();
      bool works = false;
      for (const auto& span : technician.row.hours()) {
        works |= span.start_minute() <= of_week && of_week < span.end_minute();
      }
      for (const auto& absence : technician.row.absences()) {
        works &= !(absence.from_ms() < minute + kMinute && minute < absence.to_ms());
      }
      for (const auto& taken : technician.taken) works &= !(taken.from < minute + kMinute && minute < taken.to);
      return works;
    };
    std::set<Millis> offered;
    for (const auto& slot : FindSlots(query, {{technician}})) offered.insert(slot.start);
    std::set<Millis> expected;
    for (const Interval& hours : WeeklyHours(technician.row, from - kDay, to)) {
      for (Millis start = hours.from; start < hours.to; start += kSlotGranularity) {
        bool free = start >= from && start + query.minutes * kMinute <= to;
        for (Millis minute = start; free && minute < start + query.minutes * kMinute; minute += kMinute) {
          free = free_at(minute);
        }
        if (free) expected.insert(start);
      }
    }
    EXPECT_EQ(offered, expected);
  }
}

}  // namespace
}  // namespace redress::scheduling

// The runtime's rows by themselves: what is forgotten, and timers.
#include "libs/runtime/rows.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "libs/store/memory/memory_database.h"
#include "tests/testing/seeds.h"

namespace redress::runtime {
namespace {

// The rows are asked at each record by one, and by the other when it must be: in any order of times, with folds that
// were taken back.
TEST(Requests, WhoKnowsTheOldestForgetsWhatWhoLooksEachTimeForgets) {
  for (const uint64_t seed : redress::testing::Seeds(50)) {
    SCOPED_TRACE(absl::StrCat("REDRESS_SEED=", seed));
    SeededIdSource ids(seed);
    store::MemoryDatabase knowing_rows;
    store::MemoryDatabase looking_rows;
    OldestRequest known;
    Millis now = 0;
    for (int i = 0; i < 200; ++i) {
      now += static_cast<Millis>(ids.Random64() % (3 * static_cast<uint64_t>(kDay)));
      log::v1::Body body;
      body.set_caller_scope("web");
      body.set_request_id(absl::StrCat("r", ids.Random64() % 150));
      // Now and then one says a time long past, or to come.
      const Millis aside = static_cast<Millis>(ids.Random64() % 100) - 50;
      body.set_recorded_at(ids.Random64() % 10 == 0 ? now + aside * kDay : now);
      v1::RequestRow row;
      row.set_next(i);
      const auto fold = [&](store::MemoryDatabase* rows, OldestRequest* oldest, bool commit) {
        store::View view(rows);
        RememberRequest(&view, 0, body, row, oldest);
        if (!commit) return;
        ASSERT_TRUE(rows->Commit(view.TakeWrites()).ok());
      };
      if (ids.Random64() % 8 == 0) {
        fold(&knowing_rows, &known, /*commit=*/false);
        known = {};
      }
      fold(&knowing_rows, &known, true);
      OldestRequest unknown;
      fold(&looking_rows, &unknown, true);
      ASSERT_EQ(store::DigestOf(knowing_rows, 0, store::DigestScope::kAll),
                store::DigestOf(looking_rows, 0, store::DigestScope::kAll))
          << "record " << i;
    }
  }
}

TEST(Timers, ThoseThatAreMovedAndThoseThatAreSetAreScannedInDueOrder) {
  store::MemoryDatabase rows;
  store::View view(&rows);
  const auto all = [&] {
    std::string text;
    ScanTimers(view, 0, [&](const Timer& timer) {
      absl::StrAppend(&text, timer.due, " ", timer.aggregate, " ", timer.name, "; ");
      return true;
    });
    return text;
  };
  SetTimer(&view, 0, "a", "close", 30);
  MoveTimer(&view, 0, std::string("b\0c", 3), "breach/1/answer", std::nullopt, 20);
  MoveTimer(&view, 0, "d", "warning/1/answer", std::nullopt, -5);
  EXPECT_EQ(all(),
            absl::StrCat("-5 d warning/1/answer; 20 ", std::string("b\0c", 3), " breach/1/answer; 30 a close; "));
  MoveTimer(&view, 0, "d", "warning/1/answer", -5, 40);
  MoveTimer(&view, 0, std::string("b\0c", 3), "breach/1/answer", 20, std::nullopt);
  SetTimer(&view, 0, "a", "close", 50);
  EXPECT_EQ(all(), "40 d warning/1/answer; 50 a close; ");
  EXPECT_TRUE(ChangesOf(view.writes(), 0).timers);
  EXPECT_EQ(ChangesOf(view.writes(), 0).earliest_set, 40);
  MoveTimer(&view, 0, "d", "warning/1/answer", 40, std::nullopt);
  CancelTimer(&view, 0, "a", "close");
  EXPECT_EQ(all(), "");
  EXPECT_EQ(view.writes().size(), 6u) << "deletes of two rows a set timer, and one a moved one and instant";
}

}  // namespace
}  // namespace redress::runtime

#include "libs/metrics/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/match.h"
#include "libs/clock/fake_clock.h"
#include "libs/metrics/in_memory_metrics.h"
#include "libs/metrics/json.h"
#include "libs/metrics/logging.h"

namespace redress {
namespace {

std::string Json(absl::string_view text) {
  std::string out;
  AppendJsonString(&out, text);
  return out;
}

TEST(Json, QuotesAndControlsAreEscapedAndUtf8Kept) {
  EXPECT_EQ(Json("a\"b\\c\n\x01 é 😀 العربية"), "\"a\\\"b\\\\c\\n\\u0001 é 😀 العربية\"");
}

TEST(Json, WhatIsNoUtf8IsReplacedByteByByte) {
  for (const absl::string_view bad : {"\xFF", "\xC0", "\x80"}) EXPECT_EQ(Json(bad), "\"\\ufffd\"");
  // Overlong, a surrogate, past the last character, cut short.
  EXPECT_EQ(Json("\xC0\xAF"), "\"\\ufffd\\ufffd\"");
  EXPECT_EQ(Json("\xED\xA0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");
  EXPECT_EQ(Json("\xF4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
  EXPECT_EQ(Json("x\xE2\x82"), "\"x\\ufffd\\ufffd\"");
}

TEST(Logging, LineHoldsTimeSeverityEventAndFields) {
  FakeClock clock(1'772'323'200'123);
  InMemoryLogger logger(&clock);
  logger.Warning("shard_lost", {{"stream", "intake"},
                                {"shard", 3u},
                                {"ratio", 0.5},
                                {"nothing", std::nan("")},
                                {"again", true},
                                {"owner", std::string("h:1")}});
  EXPECT_EQ(logger.lines(),
            std::vector<std::string>{
                R"({"time":"2026-03-01T00:00:00.123Z","severity":"warning","event":"shard_lost","stream":"intake",)"
                R"("shard":3,"ratio":0.5,"nothing":null,"again":true,"owner":"h:1"})"});
}

TEST(Logging, LongTextsAreCut) {
  FakeClock clock;
  InMemoryLogger logger(&clock);
  logger.Info("x", {{"text", std::string(10'000, 'y')}});
  EXPECT_LT(logger.lines()[0].size(), 700u);
  logger.Info("x", {{"text", "x" + std::string(10'000, '\xFF')}});
  std::string text = "x";
  for (int i = 0; i < 1000; ++i) text += "é";
  logger.Info("x", {{"text", text}});
  EXPECT_TRUE(absl::EndsWith(logger.lines()[2], "éé…\"}")) << "cut after a whole character";
}

TEST(InMemoryMetrics, KeepsWhatItIsTold) {
  InMemoryMetrics metrics;
  metrics.GetCounter("a_total", "", {{"x", "1"}, {"y", "2"}}).Add(2);
  metrics.GetCounter("a_total", "", {{"x", "1"}, {"y", "2"}}).Add();
  metrics.GetHistogram("h", "", {}, LatencyBuckets()).Observe(7);
  Gauge& gauge = metrics.GetGauge("g", "", {});
  auto token = metrics.OnCollect([&] { gauge.Set(5); });
  EXPECT_EQ(metrics.Value("a_total{x=1,y=2}"), 3);
  EXPECT_EQ(metrics.Value("h"), 1);
  EXPECT_EQ(metrics.Value("g"), 5);
  gauge.Set(1);
  token.reset();
  EXPECT_EQ(metrics.Value("g"), 1);
}

TEST(CollectHooks, TokenMayOutliveThem) {
  std::shared_ptr<void> token;
  {
    CollectHooks hooks;
    token = hooks.Add([] {});
  }
  token.reset();
}

TEST(NullMetrics, TakesEverything) {
  NullMetrics metrics;
  metrics.GetCounter("a", "", {}).Add();
  metrics.GetGauge("b", "", {}).Set(1);
  metrics.GetHistogram("c", "", {}, {}).Observe(1);
  EXPECT_EQ(metrics.OnCollect([] { FAIL(); }), nullptr);
}

}  // namespace
}  // namespace redress

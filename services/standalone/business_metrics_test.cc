#include "services/standalone/business_metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "libs/metrics/in_memory_metrics.h"
#include "services/standalone/node_fixture.h"
#include "services/standalone/shard_metrics.h"

namespace redress {
namespace {

class MetricsTest : public NodeTest {
 protected:
  void Resolve(const std::string& name, const std::string& request_id) {
    intake::v1::ResolveComplaintRequest request;
    request.set_request_id(request_id);
    request.set_name(name);
    request.set_outcome(types::v1::OUTCOME_FIXED);
    const auto answer = Call<intake::v1::ResolveComplaintResponse>("intake.v1.IntakeService/ResolveComplaint", request);
    ASSERT_TRUE(answer.ok()) << answer.status();
  }
  InMemoryMetrics metrics_;
};

TEST_F(MetricsTest, FiguresOfTheLandlordFollowWithinAMinuteAndNotAtEachScrape) {
  ASSERT_NO_FATAL_FAILURE(StartNew());
  const BusinessMetrics business(node_.get(), &executor_, &clock_, &metrics_);
  Pass(2 * kSecond);
  EXPECT_EQ(metrics_.Value("redress_complaints{state=open}"), 0);
  EXPECT_TRUE(std::isnan(metrics_.Value("redress_time_to_resolution_seconds{quantile=0.5}")));

  const auto first = Submit("r-1");
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(Submit("r-2").ok());
  Pass(kSecond);
  EXPECT_EQ(metrics_.Value("redress_complaints{state=open}"), 0) << "a scrape is no reason to count";
  EXPECT_GT(metrics_.Value("redress_business_figures_age_seconds"), 1);
  Pass(kMinute);
  EXPECT_EQ(metrics_.Value("redress_complaints{state=open}"), 2);
  EXPECT_EQ(metrics_.Value("redress_complaints_received"), 2);
  const double later = metrics_.Value("redress_obligations_open{standing=later}") +
                       metrics_.Value("redress_obligations_open{standing=within_a_day}");
  EXPECT_GT(later, 0);
  EXPECT_EQ(metrics_.Value("redress_obligations_open{standing=overdue}"), 0);

  Pass(60 * kDay);
  EXPECT_GT(metrics_.Value("redress_obligations_open{standing=overdue}"), 0);
  ASSERT_NO_FATAL_FAILURE(Resolve(first->complaint().name(), "r-3"));
  Pass(kMinute);
  EXPECT_EQ(metrics_.Value("redress_complaints{state=open}"), 1);
  EXPECT_EQ(metrics_.Value("redress_complaints{state=resolved}"), 1);
  EXPECT_NEAR(metrics_.Value("redress_time_to_resolution_seconds{quantile=0.5}"), 60.0 * 86400, 86400);
}

TEST_F(MetricsTest, ShardsSayHowFarBehindTheyAre) {
  ASSERT_NO_FATAL_FAILURE(StartNew());
  const ShardMetrics shards(node_.get(), &metrics_);
  ASSERT_TRUE(Submit("r-1").ok());
  Pass(kMinute);
  EXPECT_EQ(metrics_.Value("redress_shard_owned{service=intake,shard=0}"), 1);
  EXPECT_EQ(metrics_.Value("redress_tail_lag_seconds{service=intake,shard=0}"), 0);
  EXPECT_EQ(metrics_.Value("redress_timers_due{service=sla,shard=0}"), 0);
  EXPECT_GT(metrics_.Value("redress_records_applied{service=sla,shard=0}") +
                metrics_.Value("redress_records_applied{service=sla,shard=1}"),
            0);
}

}  // namespace
}  // namespace redress

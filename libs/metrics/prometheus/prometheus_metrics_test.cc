#include "libs/metrics/prometheus/prometheus_metrics.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

using testing::HasSubstr;

// What an HTTP/1.0 GET of `path` answers, head and body.
std::string Get(int port, const std::string& path) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  EXPECT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string request = absl::StrCat("GET ", path, " HTTP/1.0\r\n\r\n");
  EXPECT_EQ(write(connection, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got; (got = read(connection, buffer, sizeof(buffer))) > 0;) answer.append(buffer, got);
  close(connection);
  return answer;
}

TEST(PrometheusMetrics, FiguresAreInTheText) {
  PrometheusMetrics metrics;
  Counter& counter = metrics.GetCounter("redress_claims_total", "Claims.", {{"stream", "intake"}});
  counter.Add();
  EXPECT_EQ(&counter, &metrics.GetCounter("redress_claims_total", "Claims.", {{"stream", "intake"}}));
  metrics.GetCounter("redress_claims_total", "Claims.", {{"stream", "sla"}}).Add(2);
  metrics.GetHistogram("redress_call_seconds", "Calls.", {}, {0.1, 1}).Observe(0.5);
  Gauge& lag = metrics.GetGauge("redress_lag_seconds", "Lag.", {});
  auto token = metrics.OnCollect([&] { lag.Add(1); });
  EXPECT_THAT(metrics.Text(), HasSubstr("redress_lag_seconds 1\n"));
  token.reset();
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("redress_claims_total{stream=\"intake\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("redress_claims_total{stream=\"sla\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("redress_call_seconds_bucket{le=\"1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("redress_call_seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("redress_lag_seconds 1\n"));
}

TEST(PrometheusMetricsDeathTest, MistakesInTheProgramEndIt) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  PrometheusMetrics metrics;
  metrics.GetCounter("redress_claims_total", "Claims.", {});
  EXPECT_DEATH(metrics.GetGauge("redress_claims_total", "Claims.", {}), "metric redress_claims_total");
  EXPECT_DEATH(metrics.GetGauge("no name", "", {}), "metric no name");
}

TEST(MetricsEndpoint, ServesTheFiguresOnAFreePort) {
  PrometheusMetrics metrics;
  metrics.GetCounter("redress_claims_total", "Claims.", {}).Add(3);
  const auto endpoint = MetricsEndpoint::Start("127.0.0.1:0", &metrics);
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  const std::string answer = Get((*endpoint)->port(), "/metrics");
  EXPECT_THAT(answer, HasSubstr("200 OK"));
  EXPECT_THAT(answer, HasSubstr("redress_claims_total 3\n"));
  EXPECT_EQ(ReasonOf(MetricsEndpoint::Start(absl::StrCat("127.0.0.1:", (*endpoint)->port()), &metrics).status()),
            "CANNOT_LISTEN");
}

}  // namespace
}  // namespace redress

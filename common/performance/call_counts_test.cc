#include "common/performance/call_counts.h"

#include <gtest/gtest.h>

#include "common/observe/metrics.h"

namespace ftl::performance {
namespace {

CallCounts Read() { return CallCountsOf(metrics::Registry().Collect()); }

TEST(CallCountsTest, TellsWhatHasComeBetweenTwoLooks) {
  metrics::CallMetrics requests("ftl_http_server");
  metrics::CallMetrics rpcs("ftl_rpc_server");
  requests.Record({{"method", "GET"}, {"route", "/health"}}, "200", 0.5);
  const CallCounts before = Read();
  EXPECT_TRUE(Since(before.routes, Read().routes).empty());
  requests.Record({{"method", "GET"}, {"route", "/health"}}, "200", 0.25);
  requests.Record({{"method", "GET"}, {"route", "/health"}}, "503", 1);
  requests.Record({{"method", "GET"}, {"route", "/livez"}}, "404", 0.125);
  rpcs.Record({{"method", "GetRun"}}, "not_found", 0.1);
  rpcs.Record({{"method", "GetRun"}}, "internal", 0.1);
  const CallCounts now = Read();

  const std::vector<pb::CallCount> routes = Since(before.routes, now.routes);
  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[0].name(), "GET /health");
  EXPECT_EQ(routes[0].requests(), 2);
  EXPECT_EQ(routes[0].errors(), 1);
  EXPECT_EQ(routes[0].seconds(), 1.25);
  EXPECT_EQ(routes[1].name(), "GET /livez");
  EXPECT_EQ(routes[1].errors(), 0);
  const std::vector<pb::CallCount> methods = Since(before.rpcs, now.rpcs);
  ASSERT_EQ(methods.size(), 1U);
  EXPECT_EQ(methods[0].name(), "GetRun");
  EXPECT_EQ(methods[0].requests(), 2);
  EXPECT_EQ(methods[0].errors(), 1);
}

}  // namespace
}  // namespace ftl::performance

#pragma once

#include <map>
#include <string>
#include <vector>

#include <prometheus/metric_family.h>

#include "finetunelab/analytics/v1/performance_service.pb.h"

namespace ftl::performance {

namespace pb = finetunelab::analytics::v1;

// What a process has answered and served since its start, as its metrics count it.
struct CallCounts {
  using ByName = std::map<std::string, pb::CallCount>;
  ByName routes;  // `METHOD /path`
  ByName rpcs;
};

// Pure.
CallCounts CallCountsOf(const std::vector<prometheus::MetricFamily>& families);

// What has come between: those with a call. Pure.
std::vector<pb::CallCount> Since(const CallCounts::ByName& before, const CallCounts::ByName& now);

}  // namespace ftl::performance

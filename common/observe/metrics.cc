#include "common/observe/metrics.h"

#include <algorithm>
#include <iterator>

#include <prometheus/text_serializer.h>

#include "common/observe/process_metrics.h"

namespace ftl::metrics {

prometheus::Registry& Registry() {
  static prometheus::Registry registry(prometheus::Registry::InsertBehavior::Merge);
  return registry;
}

CallMetrics::CallMetrics(std::string_view family)
    : requests_(prometheus::BuildCounter()
                    .Name(std::string(family) + "_requests_total")
                    .Help("Calls that have ended.")
                    .Register(Registry())),
      durations_(prometheus::BuildHistogram()
                     .Name(std::string(family) + "_duration_seconds")
                     .Help("Time from a call's start to its end.")
                     .Register(Registry())) {}

void CallMetrics::Record(const prometheus::Labels& call, std::string_view code, double seconds) {
  static const prometheus::Histogram::BucketBoundaries kSeconds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                                   0.25,   0.5,   1,      2.5,   5,    10,    30,   60};
  prometheus::Labels counted = call;
  counted.emplace("code", code);
  requests_.Add(counted).Increment();
  durations_.Add(call, kSeconds).Observe(seconds);
}

std::string Exposition() {
  std::vector<prometheus::MetricFamily> families = Registry().Collect();
  std::ranges::move(ProcessFamilies(), std::back_inserter(families));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace ftl::metrics

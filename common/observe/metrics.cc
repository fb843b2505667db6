#include "common/observe/metrics.h"

#include <prometheus/text_serializer.h>

namespace ftl::metrics {

prometheus::Registry& Registry() {
  static prometheus::Registry registry(prometheus::Registry::InsertBehavior::Merge);
  return registry;
}

CallMetrics::CallMetrics(std::string_view family)
    : requests_(prometheus::BuildCounter()
                    .Name(std::string(family) + "_requests_total")
                    .Help("Calls that have ended, by method and code.")
                    .Register(Registry())),
      durations_(prometheus::BuildHistogram()
                     .Name(std::string(family) + "_duration_seconds")
                     .Help("Time from a call's start to its end, by method.")
                     .Register(Registry())) {}

void CallMetrics::Record(std::string_view method, std::string_view code, double seconds) {
  static const prometheus::Histogram::BucketBoundaries kSeconds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                                   0.25,   0.5,   1,      2.5,   5,    10,    30,   60};
  const std::string name(method);
  requests_.Add({{"method", name}, {"code", std::string(code)}}).Increment();
  durations_.Add({{"method", name}}, kSeconds).Observe(seconds);
}

std::string Exposition() { return prometheus::TextSerializer().Serialize(Registry().Collect()); }

}  // namespace ftl::metrics

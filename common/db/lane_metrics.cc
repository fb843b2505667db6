#include "common/db/lane_metrics.h"

#include "common/observe/metrics.h"

namespace ftl {
namespace {

prometheus::Gauge& GaugeOf(const char* name, const char* help, const prometheus::Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(metrics::Registry()).Add(labels);
}

prometheus::Histogram& WaitsOf(const prometheus::Labels& labels) {
  static const prometheus::Histogram::BucketBoundaries kSeconds = {0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                                   0.05,   0.1,    0.25,  0.5,    1,     2.5,  5};
  return prometheus::BuildHistogram()
      .Name("ftl_database_wait_seconds")
      .Help("Time for which a call waited in its lane until it had a connection or gave up.")
      .Register(metrics::Registry())
      .Add(labels, kSeconds);
}

}  // namespace

LaneMetrics::LaneMetrics(const std::string& application, const std::string& lane)
    : waits_(WaitsOf({{"application", application}, {"lane", lane}})),
      open_(GaugeOf("ftl_database_connections_open", "Connections of the lane, idle ones included.",
                    {{"application", application}, {"lane", lane}})),
      in_use_(GaugeOf("ftl_database_connections_in_use", "Connections of the lane that are at work.",
                      {{"application", application}, {"lane", lane}})),
      waiting_(GaugeOf("ftl_database_calls_waiting", "Calls that wait for a connection of the lane.",
                       {{"application", application}, {"lane", lane}})) {}

LaneMetrics::~LaneMetrics() { Stands({}); }

void LaneMetrics::Waited(absl::Duration time) { waits_.Observe(absl::ToDoubleSeconds(time)); }

void LaneMetrics::Stands(const DatabaseUse& use) {
  open_.Increment(use.open - told_.open);
  in_use_.Increment((use.open - use.idle) - (told_.open - told_.idle));
  waiting_.Increment(use.waiting - told_.waiting);
  told_ = use;
}

}  // namespace ftl

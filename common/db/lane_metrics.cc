#include "common/db/lane_metrics.h"

#include "common/observe/instrument.h"

namespace ftl {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds = {0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                          0.05,   0.1,    0.25,  0.5,    1,     2.5,  5};

prometheus::Labels LabelsOf(const std::string& application, const std::string& lane) {
  return {{"application", application}, {"lane", lane}};
}

}  // namespace

LaneMetrics::LaneMetrics(const std::string& application, const std::string& lane)
    : waits_(metrics::HistogramOf("ftl_database_wait_seconds",
                                  "Time for which a call waited in its lane until it had a connection or gave up.",
                                  kSeconds, LabelsOf(application, lane))),
      open_(metrics::GaugeOf("ftl_database_connections_open", "Connections of the lane, idle ones included.",
                             LabelsOf(application, lane))),
      in_use_(metrics::GaugeOf("ftl_database_connections_in_use", "Connections of the lane that are at work.",
                               LabelsOf(application, lane))),
      waiting_(metrics::GaugeOf("ftl_database_calls_waiting", "Calls that wait for a connection of the lane.",
                                LabelsOf(application, lane))) {}

LaneMetrics::~LaneMetrics() { Stands({}); }

void LaneMetrics::Waited(absl::Duration time) { waits_.Observe(absl::ToDoubleSeconds(time)); }

void LaneMetrics::Stands(const DatabaseUse& use) {
  open_.Increment(use.open - told_.open);
  in_use_.Increment((use.open - use.idle) - (told_.open - told_.idle));
  waiting_.Increment(use.waiting - told_.waiting);
  told_ = use;
}

}  // namespace ftl

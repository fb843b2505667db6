#include "common/observe/instrument.h"

#include "common/observe/metrics.h"

namespace ftl::metrics {

prometheus::Counter& CounterOf(const char* name, const char* help, const prometheus::Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(Registry()).Add(labels);
}

prometheus::Gauge& GaugeOf(const char* name, const char* help, const prometheus::Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(Registry()).Add(labels);
}

prometheus::Histogram& HistogramOf(const char* name, const char* help,
                                   const prometheus::Histogram::BucketBoundaries& boundaries,
                                   const prometheus::Labels& labels) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(Registry()).Add(labels, boundaries);
}

}  // namespace ftl::metrics

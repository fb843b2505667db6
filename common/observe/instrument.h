#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/labels.h>

namespace ftl::metrics {

// One metric of this process's registry; made at its first use, the same ever after for the same name and labels. Any
// thread. Labels are few and closed, as metrics.h says. Looking one up takes about a microsecond.
prometheus::Counter& CounterOf(const char* name, const char* help, const prometheus::Labels& labels = {});
prometheus::Gauge& GaugeOf(const char* name, const char* help, const prometheus::Labels& labels = {});
prometheus::Histogram& HistogramOf(const char* name, const char* help,
                                   const prometheus::Histogram::BucketBoundaries& boundaries,
                                   const prometheus::Labels& labels = {});

// Counts itself in a gauge for as long as it lives.
class Counted {
 public:
  explicit Counted(prometheus::Gauge& gauge) : gauge_(gauge) { gauge_.Increment(); }
  ~Counted() { gauge_.Decrement(); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  prometheus::Gauge& gauge_;
};

}  // namespace ftl::metrics

#pragma once

#include <vector>

#include <prometheus/metric_family.h>

namespace ftl::metrics {

// What client libraries of Prometheus show of every process: CPU time, memory, descriptors, start; read from /proc as
// they are asked for. Any thread. And `ftl_build_info`, whose label is the version.
std::vector<prometheus::MetricFamily> ProcessFamilies();

}  // namespace ftl::metrics

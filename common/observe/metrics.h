#pragma once

#include <string>
#include <string_view>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace ftl::metrics {

// The registry of this process. Any thread. Names follow Prometheus (`ftl_…_total`, base units); labels are few and
// closed: a route, a method, a code, never a session, a prompt or a client.
prometheus::Registry& Registry();

// A counter and a histogram of seconds for each call: what every RPC and route records.
class CallMetrics {
 public:
  // `family` such as `ftl_rpc_server`: gives `<family>_requests_total` and `<family>_duration_seconds`.
  explicit CallMetrics(std::string_view family);
  // `call` says which: {{"method", "StartRun"}}, or {{"method", "GET"}, {"route", "/health"}}. The counter has `code`
  // too.
  void Record(const prometheus::Labels& call, std::string_view code, double seconds);

 private:
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& durations_;
};

// Everything in the registry and of the process in Prometheus' text format.
std::string Exposition();

}  // namespace ftl::metrics

#include "common/performance/call_counts.h"

#include <algorithm>

namespace ftl::performance {
namespace {

using prometheus::ClientMetric;

std::string Label(const ClientMetric& metric, std::string_view name) {
  const auto found = std::find_if(metric.label.begin(), metric.label.end(),
                                  [name](const ClientMetric::Label& label) { return label.name == name; });
  return found == metric.label.end() ? std::string() : found->value;
}

std::string NameOf(const ClientMetric& metric) {
  const std::string route = Label(metric, "route");
  return route.empty() ? Label(metric, "method") : Label(metric, "method") + " " + route;
}

// An answer's status, or the reason by which an RPC ended.
bool IsError(const std::string& code) {
  return code.starts_with('5') || code == "internal" || code == "database_unavailable" || code == "service_unavailable";
}

void AddCalls(const prometheus::MetricFamily& family, CallCounts::ByName& counts) {
  for (const ClientMetric& metric : family.metric) {
    pb::CallCount& count = counts[NameOf(metric)];
    const auto ended = static_cast<int64_t>(metric.counter.value);
    count.set_requests(count.requests() + ended);
    if (IsError(Label(metric, "code"))) count.set_errors(count.errors() + ended);
  }
}

void AddTimes(const prometheus::MetricFamily& family, CallCounts::ByName& counts) {
  for (const ClientMetric& metric : family.metric) counts[NameOf(metric)].set_seconds(metric.histogram.sample_sum);
}

}  // namespace

CallCounts CallCountsOf(const std::vector<prometheus::MetricFamily>& families) {
  CallCounts counts;
  for (const prometheus::MetricFamily& family : families) {
    if (family.name == "ftl_http_server_requests_total") AddCalls(family, counts.routes);
    if (family.name == "ftl_http_server_duration_seconds") AddTimes(family, counts.routes);
    if (family.name == "ftl_rpc_server_requests_total") AddCalls(family, counts.rpcs);
    if (family.name == "ftl_rpc_server_duration_seconds") AddTimes(family, counts.rpcs);
  }
  return counts;
}

std::vector<pb::CallCount> Since(const CallCounts::ByName& before, const CallCounts::ByName& now) {
  std::vector<pb::CallCount> since;
  for (const auto& [name, count] : now) {
    const auto found = before.find(name);
    const pb::CallCount known = found == before.end() ? pb::CallCount() : found->second;
    if (count.requests() <= known.requests()) continue;
    pb::CallCount& come = since.emplace_back();
    come.set_name(name);
    come.set_requests(count.requests() - known.requests());
    come.set_errors(count.errors() - known.errors());
    come.set_seconds(count.seconds() - known.seconds());
  }
  return since;
}

}  // namespace ftl::performance

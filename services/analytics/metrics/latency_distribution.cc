#include "services/analytics/metrics/latency_distribution.h"

#include <string>

#include "common/time/proto_time.h"
#include "services/analytics/metrics/histogram.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

google::protobuf::Duration SpanOf(double milliseconds) { return ToProto(absl::Milliseconds(milliseconds)); }

}  // namespace

Statement AskLatencyDistribution(const RunScope& scope, std::optional<int64_t> up_to_sequence) {
  static const std::string& text = *new std::string(
      HistogramSql("SELECT latency_us / 1000.0 AS v FROM demo_batch_test_results "
                   "WHERE demo_session_id = $1 AND ($2::uuid IS NULL OR test_run_id = $2::uuid) AND success "
                   "AND ($3::bigint IS NULL OR sequence <= $3)"));
  return {Query{"metrics.latency_distribution", text}, Params(scope.session, scope.run, up_to_sequence)};
}

pb::GetLatencyDistributionResponse LatencyDistributionOf(const Rows& rows) {
  const Histogram histogram = HistogramOf(rows);
  pb::GetLatencyDistributionResponse response;
  response.set_count(static_cast<int32_t>(histogram.count));
  for (const Histogram::Bucket& bucket : histogram.buckets) {
    pb::LatencyBucket& told = *response.add_buckets();
    *told.mutable_from() = SpanOf(bucket.from);
    *told.mutable_to() = SpanOf(bucket.to);
    told.set_count(static_cast<int32_t>(bucket.count));
  }
  if (histogram.count > 0) {
    *response.mutable_p50() = SpanOf(histogram.p50);
    *response.mutable_p90() = SpanOf(histogram.p90);
    *response.mutable_p95() = SpanOf(histogram.p95);
    *response.mutable_p99() = SpanOf(histogram.p99);
  }
  return response;
}

}  // namespace ftl::analytics

#include "services/analytics/store/group_rows.h"

#include <fmt/format.h>

#include "common/time/proto_time.h"
#include "services/analytics/metrics/interval.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

constexpr std::string_view kGroups = R"(
  SELECT {} AS name, count(*) AS n, count(*) FILTER (WHERE r.success) AS successes,
         avg(r.latency_us) FILTER (WHERE r.success)::float8 AS avg_latency,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY r.latency_us) FILTER (WHERE r.success) AS p50_latency,
         percentile_cont(0.95) WITHIN GROUP (ORDER BY r.latency_us) FILTER (WHERE r.success) AS p95_latency,
         avg(r.ttft_us) FILTER (WHERE r.success)::float8 AS avg_ttft,
         avg(r.output_tokens) FILTER (WHERE r.success)::float8 AS avg_output_tokens,
         sum(r.checks_passed)::bigint AS checks_passed, sum(r.checks_failed)::bigint AS checks_failed
  FROM demo_batch_test_results r{}
  WHERE r.demo_session_id = $1 AND ($2::uuid IS NULL OR r.test_run_id = $2::uuid){}
  GROUP BY 1 ORDER BY {} LIMIT 1000)";

template <typename Mutable>
void GiveSpan(const Row& row, std::string_view column, Mutable mutable_span) {
  if (const auto micros = row.Get<std::optional<double>>(column)) {
    *mutable_span() = ToProto(absl::Microseconds(*micros));
  }
}

}  // namespace

std::string GroupsSql(pb::Grouping grouping) {
  const GroupRow& group = RowOf(grouping);
  return fmt::format(
      fmt::runtime(kGroups), group.sql,
      group.needs_run ? " JOIN demo_batch_test_runs u ON u.demo_session_id = r.demo_session_id AND u.id = r.test_run_id"
                      : "",
      group.condition.empty() ? "" : fmt::format(" AND {}", group.condition), group.order);
}

Statement AskGroups(const RunScope& scope, std::string_view sql) {
  return {Query{"", sql}, Params(scope.session, scope.run)};
}

pb::GroupResultsResponse GroupsIn(const Rows& rows) {
  pb::GroupResultsResponse response;
  for (const Row row : rows) {
    pb::ResultGroup& group = *response.add_groups();
    const auto n = row.Get<int64_t>("n");
    const auto successes = row.Get<int64_t>("successes");
    const Interval interval = WilsonInterval(successes, n);
    group.set_group(row.Get<std::string>("name"));
    group.set_n(static_cast<int32_t>(n));
    group.set_success_rate(100.0 * static_cast<double>(successes) / static_cast<double>(n));
    group.mutable_success_interval()->set_low(100 * interval.low);
    group.mutable_success_interval()->set_high(100 * interval.high);
    GiveSpan(row, "avg_latency", [&] { return group.mutable_avg_latency(); });
    GiveSpan(row, "p50_latency", [&] { return group.mutable_p50_latency(); });
    GiveSpan(row, "p95_latency", [&] { return group.mutable_p95_latency(); });
    GiveSpan(row, "avg_ttft", [&] { return group.mutable_avg_ttft(); });
    if (const auto mean = row.Get<std::optional<double>>("avg_output_tokens")) group.set_avg_output_tokens(*mean);
    group.set_checks_passed(static_cast<int32_t>(row.Get<int64_t>("checks_passed")));
    group.set_checks_failed(static_cast<int32_t>(row.Get<int64_t>("checks_failed")));
  }
  return response;
}

}  // namespace ftl::analytics

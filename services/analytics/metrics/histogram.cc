#include "services/analytics/metrics/histogram.h"

#include <cmath>

#include <fmt/format.h>

namespace ftl::analytics {

// The width is found once: a planner that knows nothing of the table yet would find it anew for each value.
std::string HistogramSql(std::string_view values_sql) {
  return fmt::format(R"(
  WITH measured AS (SELECT v::float8 AS v FROM ({}) AS source WHERE v IS NOT NULL),
       facts AS (SELECT count(*) AS n, min(v) AS least, max(v) AS most,
                        percentile_cont(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY v) AS p FROM measured),
       magnitude AS (SELECT facts.*, (most - least) / 10 AS raw,
                            CASE WHEN most > least THEN power(10, floor(log((most - least) / 10)::float8)) END AS ten
                     FROM facts),
       widths AS MATERIALIZED (SELECT magnitude.*,
                         CASE WHEN ten IS NULL THEN greatest(power(10, floor(log(greatest(most, 1)))), 1)
                              WHEN raw <= ten THEN ten WHEN raw <= 2 * ten THEN 2 * ten
                              WHEN raw <= 5 * ten THEN 5 * ten ELSE 10 * ten END AS width
                  FROM magnitude)
  SELECT floor(v / width)::float8 AS position, count(*) AS count, width, n, p[1] AS p50, p[2] AS p90, p[3] AS p95, p[4] AS p99
  FROM measured, widths GROUP BY position, width, n, p ORDER BY position)",
                     values_sql);
}

Histogram HistogramOf(const Rows& rows) {
  Histogram histogram;
  double next = 0;
  for (const Row row : rows) {
    const double position = row.Get<double>("position");
    const double width = row.Get<double>("width");
    if (histogram.buckets.empty()) {
      histogram.count = row.Get<int64_t>("n");
      histogram.p50 = row.Get<double>("p50");
      histogram.p90 = row.Get<double>("p90");
      histogram.p95 = row.Get<double>("p95");
      histogram.p99 = row.Get<double>("p99");
      next = position;
    }
    for (; next < position; ++next) histogram.buckets.push_back({next * width, (next + 1) * width, 0});
    histogram.buckets.push_back({position * width, (position + 1) * width, row.Get<int64_t>("count")});
    next = position + 1;
  }
  return histogram;
}

}  // namespace ftl::analytics

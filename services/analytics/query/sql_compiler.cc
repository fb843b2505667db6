#include "services/analytics/query/sql_compiler.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "services/analytics/metrics/histogram.h"
#include "services/analytics/query/filter_sql.h"
#include "services/analytics/query/measure_sql.h"

namespace ftl::analytics {
namespace {

constexpr int kDefaultRows = 20;
constexpr int kDefaultRanked = 5;
constexpr int kMostRows = 1000;

// The rows a query looks at: all its filters, or all but the last, which `last` then holds.
struct Source {
  std::string where;
  std::string last;
  Params params;
  bool with_failures = false;
};

Source SourceOf(const pb::Query& query, const RunScope& scope, bool keep_last_apart) {
  Source source;
  source.params = Params(scope.session);
  source.where = "r.demo_session_id = $1";
  if (scope.run) {
    source.params.Add(*scope.run);
    source.where += " AND r.test_run_id = $2::uuid";
  }
  bool means_successes = false;
  for (const pb::Filter& filter : query.filters()) {
    source.with_failures = source.with_failures || ChoosesOutcome(filter.field());
    means_successes = means_successes || MeansSuccesses(filter.field());
  }
  if (means_successes && !source.with_failures) source.where += " AND r.success";
  for (int i = 0; i < query.filters_size(); ++i) {
    const std::string condition = FilterSql(query.filters(i), source.params, scope);
    if (condition.empty()) continue;
    if (keep_last_apart && i == query.filters_size() - 1) {
      source.last = condition;
    } else {
      source.where += " AND " + condition;
    }
  }
  return source;
}

bool NeedsRun(const pb::Query& query) {
  const bool half = std::any_of(query.filters().begin(), query.filters().end(),
                                [](const pb::Filter& filter) { return filter.field() == pb::FILTER_FIELD_HALF; });
  return half || query.group_by() == pb::GROUPING_RUN || query.group_by() == pb::GROUPING_HALF;
}

std::string_view From(const pb::Query& query) {
  return NeedsRun(query)
             ? "demo_batch_test_results r JOIN demo_batch_test_runs u ON u.demo_session_id = r.demo_session_id "
               "AND u.id = r.test_run_id"
             : "demo_batch_test_results r";
}

// A group's name, and what puts groups in their own order.
struct GroupSql {
  std::string_view name;
  std::string_view order;
};

GroupSql GroupOf(pb::Grouping grouping) {
  switch (grouping) {
    case pb::GROUPING_CATEGORY:
      return {"coalesce(r.category, 'none')", "1"};
    case pb::GROUPING_DIFFICULTY:
      return {"coalesce(r.difficulty, 'none')",
              "min(CASE r.difficulty WHEN 'easy' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END)"};
    case pb::GROUPING_ERROR_TYPE:
      return {"coalesce(r.error_type, 'unknown')", "count(*) DESC, 1"};
    case pb::GROUPING_FINISH_REASON:
      return {"coalesce(r.finish_reason, 'not said')", "count(*) DESC, 1"};
    case pb::GROUPING_RUN:
      return {"u.id::text", "min(u.created_at)"};
    case pb::GROUPING_HALF:
      return {"CASE WHEN r.prompt_id * 2 <= u.total_prompts + 1 THEN 'first half' ELSE 'second half' END", "1"};
    default:
      return {"NULL::text", "1"};
  }
}

bool CountsRows(const pb::Figure& figure) {
  return figure.measure() == pb::MEASURE_RESULTS &&
         (figure.statistic() == pb::STATISTIC_COUNT || figure.statistic() == pb::STATISTIC_SHARE);
}

CompiledQuery CompileFigures(const pb::Query& query, const RunScope& scope) {
  const std::vector<pb::Figure> figures = FiguresOf(query);
  const bool counts = std::any_of(figures.begin(), figures.end(), CountsRows);
  const bool grouped = query.group_by() != pb::GROUPING_UNSPECIFIED;
  const bool by_error = query.group_by() == pb::GROUPING_ERROR_TYPE;
  Source source = SourceOf(query, scope, counts && !by_error);
  const std::string filtered = source.last.empty() ? "" : fmt::format(" FILTER (WHERE {})", source.last);
  const GroupSql group = GroupOf(query.group_by());
  std::string columns = fmt::format("{} AS name, count(*){} AS results", group.name, filtered);
  for (size_t i = 0; i < figures.size(); ++i) {
    const pb::Figure& figure = figures[i];
    if (CountsRows(figure)) {
      const std::string count = fmt::format("count(*){}", filtered);
      const bool share = figure.statistic() == pb::STATISTIC_SHARE;
      columns += fmt::format(", ({}{})::float8 AS v{}, count(*) AS n{}", count,
                             share ? "::float8 / nullif(count(*), 0)" : "", i, i);
    } else if (figure.statistic() == pb::STATISTIC_COUNT) {
      const std::string value = MeasureSql(figure.measure(), source.with_failures);
      columns += fmt::format(", (count(*) FILTER (WHERE {0} = 1))::float8 AS v{1}, count({0}) AS n{1}", value, i);
    } else {
      columns += fmt::format(", {} AS v{}, count({}) AS n{}", StatisticSql(figure, source.with_failures), i,
                             MeasureSql(figure.measure(), source.with_failures), i);
    }
  }
  std::string sql = fmt::format("SELECT {} FROM {} WHERE {}", columns, From(query), source.where);
  if (grouped) {
    if (query.order() == pb::ORDER_UNSPECIFIED) {
      sql += fmt::format(" GROUP BY 1 ORDER BY {}", group.order);
    } else {
      sql += fmt::format(" GROUP BY 1 ORDER BY v0 {} NULLS LAST, 1",
                         query.order() == pb::ORDER_ASCENDING ? "ASC" : "DESC");
    }
    sql += fmt::format(" LIMIT {}", kMostRows);
  }
  return {Shape::kFigures, std::move(sql), std::move(source.params)};
}

CompiledQuery CompileList(const pb::Query& query, const RunScope& scope) {
  Source source = SourceOf(query, scope, false);
  const bool ranked = IsRanked(query);
  const bool duplicates = std::any_of(query.filters().begin(), query.filters().end(), [](const pb::Filter& filter) {
    return filter.field() == pb::FILTER_FIELD_DUPLICATE && filter.text() != "false";
  });
  const std::string value =
      query.measure() == pb::MEASURE_RESULTS ? "NULL::float8" : MeasureSql(query.measure(), source.with_failures);
  if (ranked) source.where += fmt::format(" AND {} IS NOT NULL", value);
  std::string order = "r.test_run_id, r.prompt_id";
  if (ranked) {
    order = fmt::format("value {}, {}", query.order() == pb::ORDER_ASCENDING ? "ASC" : "DESC", order);
  } else if (duplicates) {
    order = "same_as, " + order;
  }
  const int limit = std::min<int>(kMostRows, query.has_limit() ? std::max(1, query.limit())
                                             : ranked          ? kDefaultRanked
                                                               : kDefaultRows);
  std::string sql = fmt::format(
      "SELECT r.prompt_id, r.test_run_id::text AS test_run_id, r.prompt, r.category, r.success, "
      "left(r.response, 400) AS response, r.error, r.error_type, (r.latency_us / 1000.0)::float8 AS latency_ms, "
      "(r.ttft_us / 1000.0)::float8 AS ttft_ms, r.input_tokens, r.output_tokens, r.response_chars, r.response_words, "
      "(r.output_tokens * 1e6 / nullif(r.latency_us, 0))::float8 AS tokens_per_second, r.finish_reason, r.attempts, "
      "r.checks_passed, r.checks_failed, r.tokens_estimated, "
      "(SELECT string_agg(c->>'detail', '; ') FROM jsonb_array_elements(r.checks) c WHERE c->>'passed' = 'false') "
      "AS failed_checks, {} AS same_as, {} AS value, count(*) OVER () AS total "
      "FROM {} WHERE {} ORDER BY {} LIMIT {}",
      duplicates ? "min(r.prompt_id) OVER (PARTITION BY r.test_run_id, r.response)" : "NULL::int", value, From(query),
      source.where, order, limit);
  return {Shape::kList, std::move(sql), std::move(source.params)};
}

CompiledQuery CompileHistogram(const pb::Query& query, const RunScope& scope) {
  Source source = SourceOf(query, scope, false);
  const std::string values = fmt::format("SELECT {} AS v FROM {} WHERE {}",
                                         MeasureSql(query.measure(), source.with_failures), From(query), source.where);
  return {Shape::kHistogram, HistogramSql(values), std::move(source.params)};
}

}  // namespace

bool IsRanked(const pb::Query& query) {
  return query.statistic() == pb::STATISTIC_LIST && query.order() != pb::ORDER_UNSPECIFIED &&
         query.measure() != pb::MEASURE_RESULTS;
}

std::vector<pb::Figure> FiguresOf(const pb::Query& query) {
  std::vector<pb::Figure> figures;
  auto add = [&](const pb::Figure& figure) {
    if (figure.measure() != pb::MEASURE_RESPONSE_LENGTH) {
      figures.push_back(figure);
      return;
    }
    for (const pb::Measure measure : {pb::MEASURE_OUTPUT_TOKENS, pb::MEASURE_RESPONSE_CHARACTERS}) {
      figures.push_back(figure);
      figures.back().set_measure(measure);
    }
  };
  pb::Figure own;
  own.set_measure(query.measure());
  own.set_statistic(query.statistic());
  if (query.has_percentile()) own.set_percentile(query.percentile());
  add(own);
  for (const pb::Figure& figure : query.also()) add(figure);
  return figures;
}

CompiledQuery Compile(const pb::Query& query, const RunScope& scope) {
  switch (query.statistic()) {
    case pb::STATISTIC_LIST:
      return CompileList(query, scope);
    case pb::STATISTIC_DISTRIBUTION:
      return CompileHistogram(query, scope);
    default:
      return CompileFigures(query, scope);
  }
}

}  // namespace ftl::analytics

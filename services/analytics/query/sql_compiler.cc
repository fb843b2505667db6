#include "services/analytics/query/sql_compiler.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "services/analytics/metrics/histogram.h"
#include "services/analytics/query/filter_sql.h"
#include "services/analytics/query/measure_sql.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

constexpr int kDefaultRows = 20;
constexpr int kDefaultRanked = 5;
constexpr int kMostRows = 1000;
constexpr int kMostPerGroup = 100;

// The rows a query looks at: those that `among` and the filters choose. For counts and shares, `counted` holds the
// condition that is counted, and `where` those it is counted among.
struct Source {
  std::string where;
  std::string counted;
  Params params;
  bool with_failures = false;
};

bool JoinsRun(const pb::Query& query) {
  auto needs = [](const pb::Filter& filter) { return NeedsRun(filter); };
  return RowOf(query.group_by()).needs_run || std::any_of(query.filters().begin(), query.filters().end(), needs) ||
         std::any_of(query.among().begin(), query.among().end(), needs);
}

std::string_view From(const pb::Query& query) {
  return JoinsRun(query)
             ? "demo_batch_test_results r JOIN demo_batch_test_runs u ON u.demo_session_id = r.demo_session_id "
               "AND u.id = r.test_run_id"
             : "demo_batch_test_results r";
}

std::string Conjunction(const std::vector<std::string>& conditions) {
  return fmt::format("{}", fmt::join(conditions, " AND "));
}

// The part that a slice takes of the results in `where`, as one more condition.
std::string SliceSql(const pb::Slice& slice, std::string_view from, const std::string& where, bool with_failures) {
  const bool by_number = slice.measure() == pb::MEASURE_UNSPECIFIED;
  const std::string value = by_number ? "r.prompt_id" : MeasureSql(slice.measure(), with_failures);
  std::string limit = fmt::format("{}", slice.count());
  if (slice.has_share()) {
    limit = fmt::format("(SELECT ceil({}::numeric * count({})) FROM {} WHERE {})", slice.share(), value, from, where);
  }
  return fmt::format(
      "{} IS NOT NULL AND (r.test_run_id, r.prompt_id) {}IN (SELECT r.test_run_id, r.prompt_id FROM {} WHERE {} AND {} "
      "IS NOT NULL ORDER BY {} {}, r.test_run_id, r.prompt_id LIMIT {} OFFSET {})",
      value, slice.exclude() ? "NOT " : "", from, where, value, value,
      slice.order() == pb::ORDER_DESCENDING ? "DESC" : "ASC", limit, slice.skip());
}

// Reads a query's conditions in their order: those that `among` chooses, the slices of them, then the filters.
class SourceReader {
 public:
  SourceReader(const pb::Query& query, const RunScope& scope) : query_(query), scope_(scope) {
    source_.params = Params(scope.session);
    among_.push_back("r.demo_session_id = $1");
    if (scope.run) {
      source_.params.Add(*scope.run);
      among_.push_back("r.test_run_id = $2::uuid");
    }
    bool means_successes = false;
    for (const auto* filters : {&query.among(), &query.filters()}) {
      for (const pb::Filter& filter : *filters) {
        source_.with_failures = source_.with_failures || ChoosesOutcome(filter);
        means_successes = means_successes || MeansSuccesses(filter);
      }
    }
    if (means_successes && !source_.with_failures) among_.push_back("r.success");
    if (const std::string_view grouped = RowOf(query.group_by()).condition; !grouped.empty()) {
      among_.emplace_back(grouped);
    }
  }

  Source Read(bool keep_counted_apart) && {
    const bool last_alone = query_.among().empty() && query_.slices().empty();
    for (const pb::Filter& filter : query_.among()) Add(filter, among_);
    for (const pb::Slice& slice : query_.slices()) {
      among_.push_back(SliceSql(slice, From(query_), Conjunction(among_), source_.with_failures));
    }
    std::vector<std::string> counted;
    for (int i = 0; i < query_.filters_size(); ++i) {
      const bool is_counted = keep_counted_apart && (!last_alone || i + 1 == query_.filters_size());
      Add(query_.filters(i), is_counted ? counted : among_);
    }
    source_.where = Conjunction(among_);
    source_.counted = Conjunction(counted);
    return std::move(source_);
  }

 private:
  void Add(const pb::Filter& filter, std::vector<std::string>& conditions) {
    if (std::string condition = FilterSql(filter, source_.params, scope_); !condition.empty()) {
      conditions.push_back(std::move(condition));
    }
  }

  const pb::Query& query_;
  const RunScope& scope_;
  Source source_;
  std::vector<std::string> among_;
};

Source SourceOf(const pb::Query& query, const RunScope& scope, bool keep_counted_apart) {
  return SourceReader(query, scope).Read(keep_counted_apart);
}

bool CountsRows(const pb::Figure& figure) {
  return figure.measure() == pb::MEASURE_RESULTS &&
         (figure.statistic() == pb::STATISTIC_COUNT || figure.statistic() == pb::STATISTIC_SHARE);
}

// The figures of the query's groups, or of all of them together where `told` is no grouping.
CompiledQuery CompileFigures(const pb::Query& query, const RunScope& scope, pb::Grouping told) {
  const std::vector<pb::Figure> figures = FiguresOf(query);
  const bool counts = std::any_of(figures.begin(), figures.end(), CountsRows);
  const bool grouped = told != pb::GROUPING_UNSPECIFIED;
  const bool by_error = query.group_by() == pb::GROUPING_ERROR_TYPE;
  Source source = SourceOf(query, scope, counts && !by_error);
  const std::string filtered = source.counted.empty() ? "" : fmt::format(" FILTER (WHERE {})", source.counted);
  const GroupRow& group = RowOf(told);
  std::string columns = fmt::format("{} AS name, count(*){} AS results", group.sql, filtered);
  for (size_t i = 0; i < figures.size(); ++i) {
    const pb::Figure& figure = figures[i];
    if (CountsRows(figure)) {
      const std::string count = fmt::format("count(*){}", filtered);
      const bool share = figure.statistic() == pb::STATISTIC_SHARE;
      columns += fmt::format(", ({}{})::float8 AS v{}, count(*) AS n{}", count,
                             share ? "::float8 / nullif(count(*), 0)" : "", i, i);
    } else if (figure.statistic() == pb::STATISTIC_CORRELATION) {
      const std::string one = MeasureSql(figure.measure(), source.with_failures);
      const std::string other = MeasureSql(query.against(), source.with_failures);
      columns += fmt::format(", {} AS v{}, count(*) FILTER (WHERE {} IS NOT NULL AND {} IS NOT NULL) AS n{}",
                             CorrelationSql(figure.measure(), query.against(), source.with_failures), i, one, other, i);
    } else if (figure.statistic() == pb::STATISTIC_COUNT) {
      const std::string value = MeasureSql(figure.measure(), source.with_failures);
      columns += fmt::format(", (count(*) FILTER (WHERE {0} = 1))::float8 AS v{1}, count({0}) AS n{1}", value, i);
    } else {
      columns += fmt::format(", {} AS v{}, count({}) AS n{}", StatisticSql(figure, source.with_failures), i,
                             FigureValueSql(figure, source.with_failures), i);
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
    const bool is_cut_later = query.order() != pb::ORDER_UNSPECIFIED || query.has_having();
    sql += fmt::format(" LIMIT {}", is_cut_later ? kMostRows : MostGroups(query));
  }
  return {Shape::kFigures, std::move(sql), std::move(source.params)};
}

// What a list shows of each result; `value`, `base_value`, `same_as` and `group_name` are given by name beside it.
constexpr std::string_view kListColumns =
    "r.prompt_id, r.test_run_id::text AS test_run_id, r.prompt, r.category, r.success, "
    "r.error, r.error_type, (r.latency_us / 1000.0)::float8 AS latency_ms, "
    "(r.ttft_us / 1000.0)::float8 AS ttft_ms, r.input_tokens, r.output_tokens, r.response_chars, r.response_words, "
    "(r.output_tokens * 1e6 / nullif(r.latency_us, 0))::float8 AS tokens_per_second, r.finish_reason, r.attempts, "
    "r.checks_passed, r.checks_failed, r.tokens_estimated, "
    "(SELECT string_agg(c->>'detail', '; ') FROM jsonb_array_elements(r.checks) c WHERE c->>'passed' = 'false') "
    "AS failed_checks";

bool WantsDuplicates(const pb::Query& query) {
  return std::any_of(query.filters().begin(), query.filters().end(), [](const pb::Filter& filter) {
    return filter.field() == pb::FILTER_FIELD_DUPLICATE && filter.text() != "false";
  });
}

CompiledQuery CompileList(const pb::Query& query, const RunScope& scope,
                          std::optional<int32_t> prompt_id = std::nullopt) {
  Source source = SourceOf(query, scope, false);
  if (prompt_id) {
    source.params.Add(*prompt_id);
    source.where += fmt::format(" AND r.prompt_id = ${}::int", source.params.values().size());
  }
  const bool ranked = IsRanked(query);
  const bool duplicates = WantsDuplicates(query);
  const std::string value =
      query.measure() == pb::MEASURE_RESULTS ? "NULL::float8" : MeasureSql(query.measure(), source.with_failures);
  if (ranked) source.where += fmt::format(" AND {} IS NOT NULL", value);
  const std::string_view direction = query.order() == pb::ORDER_ASCENDING ? "ASC" : "DESC";
  std::string order = "r.test_run_id, r.prompt_id";
  if (duplicates) order = "same_as, " + order;
  if (ranked) order = fmt::format("value {}, {}", direction, order);
  const GroupRow& group = RowOf(query.group_by());
  if (query.per_group() > 0) order = "group_name, " + order;
  std::string sql = fmt::format(
      "SELECT {}, {} AS response, {} AS same_as, {} AS value, NULL::float8 AS base_value, {} AS group_name, {} AS "
      "place, count(*) OVER () AS total FROM {} WHERE {} ORDER BY {}",
      kListColumns, query.whole() ? "r.response" : "left(r.response, 400)",
      duplicates ? "min(r.prompt_id) OVER (PARTITION BY r.test_run_id, r.response)" : "NULL::int", value, group.sql,
      query.per_group() > 0 ? fmt::format("row_number() OVER (PARTITION BY {} ORDER BY {} {}, r.prompt_id)", group.sql,
                                          ranked ? value : "NULL::int", direction)
                            : "1",
      From(query), source.where, order);
  if (query.per_group() > 0) {
    sql =
        fmt::format("SELECT * FROM ({}) AS listed WHERE place <= {}", sql, std::min(query.per_group(), kMostPerGroup));
  }
  sql += fmt::format(" LIMIT {}", RowsOf(query) + (ranked && query.per_group() == 0 ? 1 : 0));
  return {Shape::kList, std::move(sql), std::move(source.params)};
}

// Prompts of the query's run beside the same prompts of the base run.
CompiledQuery CompileDifference(const pb::Query& query, const RunScope& scope, const std::string& base) {
  Source source = SourceOf(query, scope, false);
  const std::string value = MeasureSql(query.measure(), source.with_failures);
  source.params.Add(base);
  const std::string base_value = fmt::format(
      "(SELECT {} FROM demo_batch_test_results r WHERE r.demo_session_id = $1 AND r.test_run_id = ${}::uuid "
      "AND r.prompt_id = own.prompt_id AND r.prompt = own.prompt)",
      value, source.params.values().size());
  std::string sql = fmt::format(
      "SELECT *, value_now - base_value AS value, count(*) OVER () AS total FROM (SELECT own.*, {} AS base_value FROM "
      "(SELECT {}, left(r.response, 400) AS response, NULL::int AS same_as, {} AS value_now, NULL::text AS group_name "
      "FROM {} WHERE {}) AS own) AS paired WHERE value_now - base_value {} ORDER BY value {}, prompt_id LIMIT {}",
      base_value, kListColumns, value, From(query), source.where,
      query.order() == pb::ORDER_DESCENDING  ? "> 0"
      : query.order() == pb::ORDER_ASCENDING ? "< 0"
                                             : "IS NOT NULL",
      query.order() == pb::ORDER_ASCENDING ? "ASC" : "DESC", RowsOf(query));
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

int MostGroups(const pb::Query& query) {
  return query.has_limit() ? std::clamp(query.limit(), 1, kMostRows) : kMostRows;
}

int RowsOf(const pb::Query& query) {
  if (query.has_limit()) return std::clamp(query.limit(), 1, kMostRows);
  if (query.per_group() > 0) return kMostRows;
  return IsRanked(query) ? kDefaultRanked : kDefaultRows;
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

CompiledQuery Compile(const pb::Query& query, const RunScope& scope, const std::string& base) {
  switch (query.statistic()) {
    case pb::STATISTIC_DIFFERENCE:
      return CompileDifference(query, scope, base);
    case pb::STATISTIC_LIST:
      return CompileList(query, scope);
    case pb::STATISTIC_DISTRIBUTION:
      return CompileHistogram(query, scope);
    default:
      return CompileFigures(query, scope, query.group_by());
  }
}

CompiledQuery CompileTogether(const pb::Query& query, const RunScope& scope) {
  return CompileFigures(query, scope, pb::GROUPING_UNSPECIFIED);
}

CompiledQuery CompileTies(const pb::Query& query, const RunScope& scope, double value) {
  Source source = SourceOf(query, scope, false);
  source.params.Add(value);
  std::string sql =
      fmt::format("SELECT count(*) AS results FROM {} WHERE {} AND {} = ${}::float8", From(query), source.where,
                  MeasureSql(query.measure(), source.with_failures), source.params.values().size());
  return {Shape::kFigures, std::move(sql), std::move(source.params)};
}

CompiledQuery CompileChosen(const pb::Query& query, const RunScope& scope, int most) {
  Source source = SourceOf(query, scope, false);
  std::string order = "r.prompt_id";
  if (IsRanked(query)) {
    const std::string value = MeasureSql(query.measure(), source.with_failures);
    source.where += fmt::format(" AND {} IS NOT NULL", value);
    order = fmt::format("{} {}, r.prompt_id", value, query.order() == pb::ORDER_ASCENDING ? "ASC" : "DESC");
  }
  std::string sql = fmt::format("SELECT r.prompt_id FROM {} WHERE {} ORDER BY {} LIMIT {}", From(query), source.where,
                                order, query.has_limit() ? std::min(query.limit(), most) : most);
  return {Shape::kChosen, std::move(sql), std::move(source.params)};
}

Compared ComparedAs(const pb::Query& query, const pb::Figure& figure) {
  const pb::Grouping grouping = query.group_by();
  const bool of_prompts = grouping == pb::GROUPING_CATEGORY || grouping == pb::GROUPING_DIFFICULTY ||
                          grouping == pb::GROUPING_RUN || grouping == pb::GROUPING_HALF;
  if (figure.statistic() == pb::STATISTIC_COUNT || figure.statistic() == pb::STATISTIC_SHARE) {
    const bool says_none = std::all_of(query.filters().begin(), query.filters().end(),
                                       [](const pb::Filter& filter) { return filter.field() == pb::FILTER_FIELD_RUN; });
    const bool counts_all = figure.measure() == pb::MEASURE_RESULTS && says_none;
    return of_prompts && !counts_all ? Compared::kShares : Compared::kNot;
  }
  const bool sums = figure.statistic() == pb::STATISTIC_SUM && grouping == pb::GROUPING_RUN;
  const bool typical = figure.statistic() == pb::STATISTIC_MEAN || figure.statistic() == pb::STATISTIC_MEDIAN;
  return typical || sums ? Compared::kValues : Compared::kNot;
}

CompiledQuery CompilePairs(const pb::Query& query, const RunScope& scope, const std::string& base,
                           const std::string& other) {
  const std::vector<pb::Figure> figures = FiguresOf(query);
  const bool counts = std::any_of(figures.begin(), figures.end(), CountsRows);
  Source source = SourceOf(query, scope, counts);
  std::string values, columns;
  for (size_t i = 0; i < figures.size(); ++i) {
    if (ComparedAs(query, figures[i]) == Compared::kNot) continue;
    const std::string counted = source.counted.empty() ? "true" : source.counted;
    const std::string value = CountsRows(figures[i]) ? fmt::format("coalesce({}, false)::int::float8", counted)
                                                     : MeasureSql(figures[i].measure(), source.with_failures);
    values += fmt::format(", {} AS v{}", value, i);
    columns += fmt::format(", b.v{0} AS b{0}, o.v{0} AS o{0}", i);
  }
  source.params.Add(base);
  const size_t base_place = source.params.values().size();
  source.params.Add(other);
  const auto of_run = [&](size_t place) {
    return fmt::format("(SELECT r.prompt_id, r.prompt{} FROM {} WHERE {} AND r.test_run_id = ${}::uuid)", values,
                       From(query), source.where, place);
  };
  std::string sql = fmt::format("SELECT o.prompt_id{} FROM {} b JOIN {} o USING (prompt_id, prompt)", columns,
                                of_run(base_place), of_run(base_place + 1));
  return {Shape::kPairs, std::move(sql), std::move(source.params)};
}

CompiledQuery CompileMiddle(const pb::Query& query, const pb::Figure& figure, const RunScope& scope) {
  Source source = SourceOf(query, scope, false);
  std::string sql = fmt::format(
      "SELECT name, n, place, value FROM (SELECT name, value, row_number() OVER (PARTITION BY name ORDER BY value) AS "
      "place, count(*) OVER (PARTITION BY name) AS n FROM (SELECT {} AS name, {} AS value FROM {} WHERE {}) AS valued "
      "WHERE value IS NOT NULL) AS placed WHERE abs(place - (n + 1) / 2.0) <= 3 * sqrt(n) + 1 ORDER BY name, place",
      RowOf(query.group_by()).sql, MeasureSql(figure.measure(), source.with_failures), From(query), source.where);
  return {Shape::kMiddle, std::move(sql), std::move(source.params)};
}

CompiledQuery CompileOne(const pb::Query& query, const RunScope& scope, int32_t prompt_id) {
  return CompileList(query, scope, prompt_id);
}

}  // namespace ftl::analytics

#include "services/analytics/narrator/table.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/time/proto_time.h"
#include "services/analytics/narrator/language.h"
#include "services/analytics/narrator/link.h"
#include "services/analytics/narrator/population.h"
#include "services/analytics/query/sql_compiler.h"
#include "services/analytics/semantics/catalogue.h"
#include "services/analytics/semantics/column.h"

namespace ftl::analytics {
namespace {

using google::protobuf::ListValue;

void Put(ListValue& row, const std::string& text) { row.add_values()->set_string_value(text); }
void Put(ListValue& row, std::optional<std::string> text) {
  if (text) {
    Put(row, *text);
  } else {
    row.add_values()->set_null_value(google::protobuf::NULL_VALUE);
  }
}
void Put(ListValue& row, std::optional<double> number) {
  if (number) {
    row.add_values()->set_number_value(std::round(*number * 1000) / 1000);
  } else {
    row.add_values()->set_null_value(google::protobuf::NULL_VALUE);
  }
}
void Put(ListValue& row, std::optional<int32_t> number) {
  Put(row, number ? std::optional<double>(*number) : std::nullopt);
}

bool IsPerCent(const pb::Figure& figure) { return figure.statistic() == pb::STATISTIC_SHARE; }

std::optional<double> Shown(const pb::Figure& figure, const std::optional<double>& value) {
  if (!value) return std::nullopt;
  return IsPerCent(figure) ? *value * 100 : *value;
}

// `latency (ms)` for latency_ms.
std::string AxisLabel(std::string column) {
  std::string unit;
  if (column.ends_with("_ms")) {
    column.resize(column.size() - 3);
    unit = " (ms)";
  }
  std::replace(column.begin(), column.end(), '_', ' ');
  return column + unit;
}

void AddPoint(pb::Series& series, std::string x, std::optional<double> y) {
  if (!y) return;
  pb::Point& point = *series.add_points();
  point.set_x(std::move(x));
  point.set_y(std::round(*y * 1000) / 1000);
}

pb::ToolResult FigureTable(const Finding& finding) {
  const std::vector<pb::Figure> figures = FiguresOf(finding.query);
  pb::ToolResult table;
  if (finding.query.group_by() == pb::GROUPING_UNSPECIFIED) {
    for (const char* column : {"metric", "value", "n"}) table.add_columns(column);
    for (size_t i = 0; i < figures.size() && !finding.groups.empty(); ++i) {
      const FoundFigure& found = finding.groups[0].figures[i];
      ListValue& row = *table.add_rows();
      Put(row, FigureColumn(figures[i]));
      Put(row, Shown(figures[i], found.value));
      Put(row, std::optional<double>(static_cast<double>(found.n)));
    }
    table.set_total(table.rows_size());
    return table;
  }
  table.add_columns(std::string(RowOf(finding.query.group_by()).column));
  for (const pb::Figure& figure : figures) table.add_columns(FigureColumn(figure));
  table.add_columns("n");
  pb::Series series;
  series.set_kind("bar");
  series.set_x_label(AxisLabel(table.columns(0)));
  series.set_y_label(AxisLabel(table.columns(1)));
  for (const FoundGroup& group : finding.groups) {
    ListValue& row = *table.add_rows();
    Put(row, group.name);
    for (size_t i = 0; i < figures.size(); ++i) Put(row, Shown(figures[i], group.figures[i].value));
    Put(row, std::optional<double>(static_cast<double>(group.figures[0].n)));
    AddPoint(series, group.name, Shown(figures[0], group.figures[0].value));
  }
  table.set_total(table.rows_size());
  if (series.points_size() > 1) *table.mutable_series() = std::move(series);
  return table;
}

using Cell = std::function<void(ListValue&, const FoundResult&)>;

// What a list shows besides number and prompt: what was asked for, then what helps to judge it.
std::vector<std::pair<std::string, Cell>> ListColumns(const Finding& finding) {
  std::vector<std::pair<std::string, Cell>> columns;
  auto add = [&](std::string name, Cell cell) {
    const bool there =
        std::any_of(columns.begin(), columns.end(), [&](const auto& column) { return column.first == name; });
    if (!there) columns.emplace_back(std::move(name), std::move(cell));
  };
  const Cell response = [](ListValue& row, const FoundResult& result) {
    Put(row, result.response ? std::optional(*result.response) : std::nullopt);
  };
  const Cell error_type = [](ListValue& row, const FoundResult& result) { Put(row, result.error_type); };
  const Cell error = [](ListValue& row, const FoundResult& result) { Put(row, result.error); };
  if (finding.runs.size() > 1)
    add("run", [](ListValue& row, const FoundResult& result) { Put(row, std::optional(result.run)); });
  add("prompt_id", [](ListValue& row, const FoundResult& result) { Put(row, std::optional(result.prompt_id)); });
  add("prompt", [](ListValue& row, const FoundResult& result) { Put(row, result.prompt); });
  const pb::Measure measure = finding.query.measure();
  if (measure != pb::MEASURE_RESULTS && measure != pb::MEASURE_SUCCESS && measure != pb::MEASURE_CHECKS) {
    add(MeasureColumn(measure), [](ListValue& row, const FoundResult& result) { Put(row, result.value); });
  }
  for (const pb::Filter& filter : finding.query.filters()) {
    switch (filter.field()) {
      case pb::FILTER_FIELD_SUCCESS:
      case pb::FILTER_FIELD_ERROR_TYPE:
      case pb::FILTER_FIELD_OUTCOME:
        if (filter.text() != "true") {
          add("error_type", error_type);
          add("error", error);
        }
        break;
      case pb::FILTER_FIELD_CHECKS_PASSED:
        add("failed_checks", [](ListValue& row, const FoundResult& result) { Put(row, result.failed_checks); });
        add("response", response);
        break;
      case pb::FILTER_FIELD_DUPLICATE:
        add("same_as", [](ListValue& row, const FoundResult& result) { Put(row, result.same_as); });
        add("response", response);
        break;
      case pb::FILTER_FIELD_FINISH_REASON:
      case pb::FILTER_FIELD_INCOMPLETE:
        add("finish_reason", [](ListValue& row, const FoundResult& result) { Put(row, result.finish_reason); });
        add("response", response);
        break;
      case pb::FILTER_FIELD_ATTEMPTS:
        add("attempts", [](ListValue& row, const FoundResult& result) { Put(row, std::optional(result.attempts)); });
        break;
      case pb::FILTER_FIELD_CATEGORY:
        add("category", [](ListValue& row, const FoundResult& result) { Put(row, result.category); });
        break;
      case pb::FILTER_FIELD_RESPONSE_TEXT:
      case pb::FILTER_FIELD_ANY_TEXT:
      case pb::FILTER_FIELD_ASKS_BACK:
      case pb::FILTER_FIELD_PROMPT_ID:
        add("response", response);
        break;
      default:
        break;
    }
  }
  if (finding.query.explain()) {
    add("ttft_ms", [](ListValue& row, const FoundResult& result) { Put(row, result.ttft_ms); });
    add("output_tokens_per_second",
        [](ListValue& row, const FoundResult& result) { Put(row, result.tokens_per_second); });
    add("attempts", [](ListValue& row, const FoundResult& result) { Put(row, std::optional(result.attempts)); });
  }
  add("latency_ms", [](ListValue& row, const FoundResult& result) { Put(row, result.latency_ms); });
  add("output_tokens", [](ListValue& row, const FoundResult& result) { Put(row, result.output_tokens); });
  if (measure == pb::MEASURE_RESULTS) {
    add("success", [](ListValue& row, const FoundResult& result) { row.add_values()->set_bool_value(result.success); });
  }
  return columns;
}

pb::ToolResult ListTable(const Finding& finding) {
  pb::ToolResult table;
  const auto columns = ListColumns(finding);
  for (const auto& [name, cell] : columns) table.add_columns(name);
  pb::Series series;
  series.set_kind("bar");
  series.set_x_label("prompt");
  series.set_y_label(AxisLabel(MeasureColumn(finding.query.measure())));
  for (const FoundResult& result : finding.results) {
    ListValue& row = *table.add_rows();
    for (const auto& [name, cell] : columns) cell(row, result);
    AddPoint(series, fmt::format("#{}", result.prompt_id), result.value);
  }
  table.set_total(finding.total);
  const bool ranked = IsRanked(finding.query) || finding.query.presentation() == pb::PRESENTATION_CHART;
  if (ranked && series.points_size() > 1) *table.mutable_series() = std::move(series);
  return table;
}

pb::ToolResult HistogramTable(const Finding& finding) {
  const std::string column = MeasureColumn(finding.query.measure());
  const bool time = column.ends_with("_ms");
  pb::ToolResult table;
  table.add_columns(time ? "from_ms" : "from");
  table.add_columns(time ? "to_ms" : "to");
  table.add_columns("count");
  const Language& english = Language::Of("en");
  pb::Series& series = *table.mutable_series();
  series.set_kind("bar");
  series.set_x_label(AxisLabel(column));
  series.set_y_label("responses");
  for (const Histogram::Bucket& bucket : finding.histogram->buckets) {
    ListValue& row = *table.add_rows();
    Put(row, std::optional(bucket.from));
    Put(row, std::optional(bucket.to));
    Put(row, std::optional(static_cast<double>(bucket.count)));
    AddPoint(series, fmt::format("{}-{}", english.Number(bucket.from, 1), english.Number(bucket.to, 1)),
             static_cast<double>(bucket.count));
  }
  table.set_total(table.rows_size());
  if (table.rows_size() == 0) table.clear_series();
  return table;
}

pb::ToolResult SummaryTable(const Finding& finding) {
  const pb::Metrics& metrics = *finding.metrics;
  pb::ToolResult table;
  table.add_columns("metric");
  table.add_columns("value");
  auto add = [&](const char* name, std::optional<double> value) {
    if (!value) return;
    ListValue& row = *table.add_rows();
    Put(row, std::string(name));
    Put(row, value);
  };
  auto span = [](bool has, const google::protobuf::Duration& duration) {
    return has ? std::optional(absl::ToDoubleMilliseconds(FromProto(duration))) : std::nullopt;
  };
  auto number = [](bool has, double value) { return has ? std::optional(value) : std::nullopt; };
  add("total_prompts", metrics.total_prompts());
  add("completed_prompts", metrics.completed_prompts());
  add("failed_prompts", metrics.failed_prompts());
  add("success_rate", number(metrics.has_success_rate(), metrics.success_rate()));
  add("avg_latency_ms", span(metrics.has_avg_latency(), metrics.avg_latency()));
  add("p50_latency_ms", span(metrics.has_p50_latency(), metrics.p50_latency()));
  add("p95_latency_ms", span(metrics.has_p95_latency(), metrics.p95_latency()));
  add("p99_latency_ms", span(metrics.has_p99_latency(), metrics.p99_latency()));
  add("min_latency_ms", span(metrics.has_min_latency(), metrics.min_latency()));
  add("max_latency_ms", span(metrics.has_max_latency(), metrics.max_latency()));
  add("avg_ttft_ms", span(metrics.has_avg_ttft(), metrics.avg_ttft()));
  add("total_input_tokens", static_cast<double>(metrics.total_input_tokens()));
  add("total_output_tokens", static_cast<double>(metrics.total_output_tokens()));
  add("avg_output_tokens", number(metrics.has_avg_output_tokens(), metrics.avg_output_tokens()));
  add("avg_response_length", number(metrics.has_avg_response_length(), metrics.avg_response_length()));
  add("output_tokens_per_second", number(metrics.has_output_tokens_per_second(), metrics.output_tokens_per_second()));
  if (metrics.checks_passed() + metrics.checks_failed() > 0) {
    add("checks_passed", metrics.checks_passed());
    add("checks_failed", metrics.checks_failed());
  }
  table.set_total(table.rows_size());
  return table;
}

// A row for each run, a column for each fact.
pb::ToolResult RunTable(const Finding& finding) {
  pb::ToolResult table;
  for (const char* column : {"run", "model", "test_suite", "status", "total_prompts", "completed_prompts",
                             "failed_prompts", "started_at", "completed_at"}) {
    table.add_columns(column);
  }
  auto moment = [](const std::optional<absl::Time>& at) {
    return at ? std::optional(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", *at, absl::UTCTimeZone())) : std::nullopt;
  };
  for (const RunFacts& run : finding.runs) {
    ListValue& row = *table.add_rows();
    Put(row, std::optional(run.number));
    Put(row, run.model);
    Put(row, run.suite);
    Put(row, run.status);
    for (const int32_t count : {run.total_prompts, run.completed_prompts, run.failed_prompts}) {
      Put(row, std::optional(count));
    }
    Put(row, moment(run.started_at));
    Put(row, moment(run.ended_at));
  }
  table.set_total(table.rows_size());
  return table;
}

// A row for each prompt of both runs.
pb::ToolResult DifferenceTable(const Finding& finding) {
  const std::string column = MeasureColumn(finding.query.measure());
  pb::ToolResult table;
  for (const std::string& name :
       {std::string("prompt_id"), std::string("prompt"), column, "base_" + column, "difference_" + column}) {
    table.add_columns(name);
  }
  for (const FoundResult& result : finding.results) {
    ListValue& row = *table.add_rows();
    Put(row, std::optional(result.prompt_id));
    Put(row, result.prompt);
    const bool both = result.value && result.base_value;
    Put(row, both ? std::optional(*result.value + *result.base_value) : std::nullopt);
    Put(row, result.base_value);
    Put(row, result.value);
  }
  table.set_total(finding.total);
  return table;
}

pb::ToolResult RowsOf(const Finding& finding) {
  if (finding.query.measure() == pb::MEASURE_RUN) return RunTable(finding);
  if (finding.metrics) return SummaryTable(finding);
  if (finding.histogram) return HistogramTable(finding);
  if (finding.query.statistic() == pb::STATISTIC_DIFFERENCE) return DifferenceTable(finding);
  return finding.query.statistic() == pb::STATISTIC_LIST ? ListTable(finding) : FigureTable(finding);
}

// The results that were found or that figures are of; by their numbers where the route has no other words for them.
std::optional<std::string> LinkOf(const Finding& finding) {
  ResultsLink link(finding.runs);
  if (finding.metrics || finding.query.measure() == pb::MEASURE_RUN) return link.Path();
  const bool list = !finding.results.empty();
  if (!list) {
    link.Where(finding.query);
    if (IsOfSuccesses(finding.query, FiguresOf(finding.query).front())) link.OnlySuccesses();
    return link.Path();
  }
  std::vector<int32_t> ids;
  for (const FoundResult& result : finding.results) ids.push_back(result.prompt_id);
  const bool whole = finding.total == static_cast<int64_t>(ids.size());
  if (finding.runs.size() == 1 && (whole || IsRanked(finding.query))) {
    link.Only(ids);
  } else {
    link.Where(finding.query);
  }
  return link.Path();
}

}  // namespace

std::string ToolOf(const pb::Query& query) {
  if (query.presentation() == pb::PRESENTATION_EXPORT) return "export_demo_results";
  if (query.statistic() == pb::STATISTIC_DISTRIBUTION) return "get_latency_distribution";
  for (const pb::Filter& filter : query.filters()) {
    const bool text = filter.field() == pb::FILTER_FIELD_RESPONSE_TEXT || filter.field() == pb::FILTER_FIELD_ANY_TEXT ||
                      filter.field() == pb::FILTER_FIELD_PROMPT_TEXT;
    if (text && query.statistic() == pb::STATISTIC_LIST) return "search_demo_responses";
  }
  return query.statistic() == pb::STATISTIC_LIST ? "get_demo_results" : "get_demo_metrics";
}

pb::ToolResult TableOf(const Finding& finding) {
  pb::ToolResult table = RowsOf(finding);
  if (std::optional<std::string> link = LinkOf(finding)) table.set_link(*std::move(link));
  for (const pb::TestedDifference& difference : finding.differences) *table.add_differences() = difference;
  return table;
}

}  // namespace ftl::analytics

#include "services/analytics/query/filter_sql.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include <absl/strings/str_replace.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

std::string Place(Params& params) { return fmt::format("${}", params.values().size()); }

std::string Number(Params& params, double value) {
  params.Add(value);
  return Place(params) + "::float8";
}

std::string Text(Params& params, std::string_view value) {
  params.Add(value);
  return Place(params) + "::text";
}

// The column of a field of numbers: its own, or its measure's.
std::string_view NumberColumn(const FieldRow& row) {
  const std::optional<pb::Measure> measure = MeasureOf(row.field);
  return measure ? RowOf(*measure).sql : row.sql;
}

// The number that a filter compares with, where it is not given but worked out from the runs looked at.
std::string Worked(std::string_view column, const pb::Filter& filter, Params& params, const RunScope& scope) {
  std::string value = fmt::format("avg({})", column);
  if (filter.than() != pb::STATISTIC_MEAN) {
    const double percentile = filter.than() == pb::STATISTIC_MEDIAN ? 50 : filter.number();
    value = fmt::format("percentile_cont({}) WITHIN GROUP (ORDER BY ({})::float8)", Number(params, percentile / 100),
                        column);
  }
  std::string chosen;
  for (const pb::Filter& of : filter.than_of()) chosen += " AND " + FilterSql(of, params, scope);
  return fmt::format(
      "(SELECT {} FROM demo_batch_test_results r WHERE r.demo_session_id = $1{} AND r.success{})::float8", value,
      scope.run ? " AND r.test_run_id = $2::uuid" : "", chosen);
}

std::string_view Sign(pb::Comparison comparison) {
  switch (comparison) {
    case pb::COMPARISON_LESS:
      return "<";
    case pb::COMPARISON_LESS_OR_EQUAL:
      return "<=";
    case pb::COMPARISON_GREATER_OR_EQUAL:
      return ">=";
    case pb::COMPARISON_GREATER:
      return ">";
    default:
      return "=";
  }
}

std::string Compared(std::string_view column, const pb::Filter& filter, Params& params) {
  switch (filter.comparison()) {
    case pb::COMPARISON_NOT_EQUAL:
      return fmt::format("{} <> {}", column, Number(params, filter.number()));
    case pb::COMPARISON_LESS:
      return fmt::format("{} < {}", column, Number(params, filter.number()));
    case pb::COMPARISON_LESS_OR_EQUAL:
      return fmt::format("{} <= {}", column, Number(params, filter.number()));
    case pb::COMPARISON_GREATER:
      return fmt::format("{} > {}", column, Number(params, filter.number()));
    case pb::COMPARISON_GREATER_OR_EQUAL:
      return fmt::format("{} >= {}", column, Number(params, filter.number()));
    case pb::COMPARISON_BETWEEN: {
      const std::string from = Number(params, filter.number());
      return fmt::format("{} BETWEEN {} AND {}", column, from, Number(params, filter.number_to()));
    }
    case pb::COMPARISON_IN:
      params.Add(std::vector<double>(filter.numbers().begin(), filter.numbers().end()));
      return fmt::format("{} = ANY ({}::float8[])", column, Place(params));
    case pb::COMPARISON_NOT_IN:
      params.Add(std::vector<double>(filter.numbers().begin(), filter.numbers().end()));
      return fmt::format("({} = ANY ({}::float8[])) IS NOT TRUE", column, Place(params));
    default:
      return fmt::format("{} = {}", column, Number(params, filter.number()));
  }
}

// Without the three characters that LIKE would read as its own.
std::string EscapedForLike(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"%", "\\%"}, {"_", "\\_"}});
}

// What a text is matched with by LIKE, which knows neither beginning nor end.
std::string PatternOf(pb::Comparison comparison, const std::string& text) {
  const std::string plain = EscapedForLike(text);
  switch (comparison) {
    case pb::COMPARISON_STARTS_WITH:
    case pb::COMPARISON_NOT_STARTS_WITH:
      return plain + "%";
    case pb::COMPARISON_ENDS_WITH:
    case pb::COMPARISON_NOT_ENDS_WITH:
      return "%" + plain;
    default:
      return "%" + plain + "%";
  }
}

std::vector<std::string> TextsOf(const pb::Filter& filter) {
  if (filter.texts().empty()) return {filter.text()};
  return {filter.texts().begin(), filter.texts().end()};
}

// One of the texts matches; negated: none does.
std::string Matched(std::string_view column, const pb::Filter& filter, bool negated, Params& params) {
  const bool from_start =
      filter.comparison() == pb::COMPARISON_STARTS_WITH || filter.comparison() == pb::COMPARISON_NOT_STARTS_WITH;
  const bool to_end =
      filter.comparison() == pb::COMPARISON_ENDS_WITH || filter.comparison() == pb::COMPARISON_NOT_ENDS_WITH;
  std::vector<std::string> patterns;
  for (const std::string& text : TextsOf(filter)) patterns.push_back(PatternOf(filter.comparison(), text));
  params.Add(patterns);
  std::string text(column);
  if (from_start) text = fmt::format("ltrim({}, E' \\t\\r\\n')", column);
  if (to_end) text = fmt::format("rtrim({}, E' \\t\\r\\n')", column);
  return fmt::format("{} {}ILIKE {} ({}::text[])", text, negated ? "NOT " : "", negated ? "ALL" : "ANY", Place(params));
}

std::string Worded(std::string_view column, const pb::Filter& filter, Params& params) {
  switch (filter.comparison()) {
    case pb::COMPARISON_CONTAINS:
    case pb::COMPARISON_STARTS_WITH:
    case pb::COMPARISON_ENDS_WITH:
      return Matched(column, filter, false, params);
    case pb::COMPARISON_NOT_CONTAINS:
    case pb::COMPARISON_NOT_STARTS_WITH:
    case pb::COMPARISON_NOT_ENDS_WITH:
      return Matched(column, filter, true, params);
    case pb::COMPARISON_NOT_EQUAL:
      return fmt::format("{} IS DISTINCT FROM {}", column, Text(params, filter.text()));
    case pb::COMPARISON_IN:
      params.Add(TextsOf(filter));
      return fmt::format("{} = ANY ({}::text[])", column, Place(params));
    case pb::COMPARISON_NOT_IN:
      params.Add(TextsOf(filter));
      return fmt::format("({0} = ANY ({1}::text[])) IS NOT TRUE", column, Place(params));
    default:
      return fmt::format("{} = {}", column, Text(params, filter.text()));
  }
}

// Whether the filter or one within it is of a field that `is` so.
template <typename Is>
bool Speaks(const pb::Filter& filter, Is is) {
  if (filter.has_in_run()) return false;  // of another result
  if (filter.any_of().empty()) return is(RowOf(filter.field()));
  return std::any_of(filter.any_of().begin(), filter.any_of().end(),
                     [&](const pb::Filter& inner) { return Speaks(inner, is); });
}

std::string AnyOf(const pb::Filter& filter, Params& params, const RunScope& scope) {
  std::vector<std::string> conditions;
  for (const pb::Filter& inner : filter.any_of()) {
    if (std::string condition = FilterSql(inner, params, scope); !condition.empty()) conditions.push_back(condition);
  }
  return conditions.empty() ? "" : fmt::format("({})", fmt::join(conditions, " OR "));
}

// The id of a run of the session by its number, from 1.
std::string RunSql(double number, Params& params) {
  params.Add(static_cast<int64_t>(number) - 1);
  return fmt::format(
      "(SELECT id FROM demo_batch_test_runs WHERE demo_session_id = $1 ORDER BY created_at, id LIMIT 1 OFFSET "
      "{}::bigint)",
      Place(params));
}

// Prompts that stand in the same words at the same place of another run, and of which it holds there.
std::string InRun(const pb::Filter& filter, Params& params, const RunScope& scope) {
  pb::Filter there = filter;
  there.clear_in_run();
  const std::string run = RunSql(filter.in_run(), params);
  return fmt::format(
      "(r.prompt_id, r.prompt) IN (SELECT r.prompt_id, r.prompt FROM demo_batch_test_results r WHERE "
      "r.demo_session_id = $1 AND r.test_run_id = {}{} AND {})",
      run, MeansSuccesses(there) ? " AND r.success" : "", FilterSql(there, params, scope));
}

bool IsNegation(const pb::Filter& filter) {
  return (filter.text() == "false") != (filter.comparison() == pb::COMPARISON_NOT_EQUAL);
}

}  // namespace

std::string FilterSql(const pb::Filter& filter, Params& params, const RunScope& scope) {
  if (filter.has_in_run()) return InRun(filter, params, scope);
  if (!filter.any_of().empty()) return AnyOf(filter, params, scope);
  const FieldRow& row = RowOf(filter.field());
  switch (row.kind) {
    case FieldKind::kNumber: {
      const std::string_view column = NumberColumn(row);
      if (!filter.has_than()) return Compared(column, filter, params);
      return fmt::format("{} {} {}", column, Sign(filter.comparison()), Worked(column, filter, params, scope));
    }
    case FieldKind::kText:
      return Worded(row.sql, filter, params);
    case FieldKind::kFlag:
      return std::string(IsNegation(filter) ? row.sql_not : row.sql);
    default:
      return "";
  }
}

bool MeansSuccesses(const pb::Filter& filter) {
  return Speaks(filter, [](const FieldRow& row) { return row.means_successes; });
}

bool ChoosesOutcome(const pb::Filter& filter) {
  const bool leaves_out =
      filter.comparison() == pb::COMPARISON_NOT_EQUAL || filter.comparison() == pb::COMPARISON_NOT_IN;
  if (leaves_out && RowOf(filter.field()).kind != FieldKind::kFlag) return false;
  return Speaks(filter, [](const FieldRow& row) { return row.chooses_outcome; });
}

bool NeedsRun(const pb::Filter& filter) {
  return Speaks(filter, [](const FieldRow& row) { return row.needs_run; });
}

}  // namespace ftl::analytics

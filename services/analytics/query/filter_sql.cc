#include "services/analytics/query/filter_sql.h"

#include <string_view>
#include <vector>

#include <absl/strings/str_replace.h>
#include <fmt/format.h>

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

std::string_view NumberColumn(pb::FilterField field) {
  switch (field) {
    case pb::FILTER_FIELD_LATENCY:
      return "r.latency_us / 1000.0::float8";
    case pb::FILTER_FIELD_TTFT:
      return "r.ttft_us / 1000.0::float8";
    case pb::FILTER_FIELD_OUTPUT_TOKENS:
      return "r.output_tokens";
    case pb::FILTER_FIELD_INPUT_TOKENS:
      return "r.input_tokens";
    case pb::FILTER_FIELD_TOTAL_TOKENS:
      return "(coalesce(r.input_tokens, 0) + coalesce(r.output_tokens, 0))";
    case pb::FILTER_FIELD_RESPONSE_CHARACTERS:
      return "r.response_chars";
    case pb::FILTER_FIELD_RESPONSE_WORDS:
      return "r.response_words";
    case pb::FILTER_FIELD_PROMPT_ID:
      return "r.prompt_id";
    case pb::FILTER_FIELD_ATTEMPTS:
      return "r.attempts";
    case pb::FILTER_FIELD_HALF:
      return kHalfSql;
    case pb::FILTER_FIELD_TOKENS_PER_SECOND:
      return "(r.output_tokens * 1e6 / nullif(r.latency_us, 0))::float8";
    default:
      return "";
  }
}

std::string_view TextColumn(pb::FilterField field) {
  switch (field) {
    case pb::FILTER_FIELD_ERROR_TYPE:
      return "r.error_type";
    case pb::FILTER_FIELD_CATEGORY:
      return "r.category";
    case pb::FILTER_FIELD_DIFFICULTY:
      return "r.difficulty";
    case pb::FILTER_FIELD_FINISH_REASON:
      return "r.finish_reason";
    case pb::FILTER_FIELD_OUTCOME:
      return "r.outcome";
    case pb::FILTER_FIELD_PROMPT_TEXT:
      return "r.prompt";
    case pb::FILTER_FIELD_RESPONSE_TEXT:
      return "coalesce(r.response, '')";
    case pb::FILTER_FIELD_ANY_TEXT:
      return "(r.prompt || E'\\n' || coalesce(r.response, ''))";
    default:
      return "";
  }
}

// The number that a filter compares with, where it is not given but worked out from the runs looked at.
std::string Worked(std::string_view column, const pb::Filter& filter, Params& params, const RunScope& scope) {
  std::string value = fmt::format("avg({})", column);
  if (filter.than() != pb::STATISTIC_MEAN) {
    const double percentile = filter.than() == pb::STATISTIC_MEDIAN ? 50 : filter.number();
    value = fmt::format("percentile_cont({}) WITHIN GROUP (ORDER BY ({})::float8)", Number(params, percentile / 100),
                        column);
  }
  return fmt::format("(SELECT {} FROM demo_batch_test_results r WHERE r.demo_session_id = $1{} AND r.success)::float8",
                     value, scope.run ? " AND r.test_run_id = $2::uuid" : "");
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
    default:
      return fmt::format("{} = {}", column, Number(params, filter.number()));
  }
}

// Without the three characters that LIKE would read as its own.
std::string EscapedForLike(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"%", "\\%"}, {"_", "\\_"}});
}

std::string Worded(std::string_view column, const pb::Filter& filter, Params& params) {
  const std::string plain = EscapedForLike(filter.text());
  switch (filter.comparison()) {
    case pb::COMPARISON_CONTAINS:
      if (!filter.texts().empty()) {
        std::vector<std::string> patterns;
        for (const std::string& text : filter.texts()) patterns.push_back("%" + EscapedForLike(text) + "%");
        params.Add(patterns);
        return fmt::format("{} ILIKE ANY ({}::text[])", column, Place(params));
      }
      return fmt::format("{} ILIKE {}", column, Text(params, "%" + plain + "%"));
    case pb::COMPARISON_NOT_CONTAINS:
      return fmt::format("{} NOT ILIKE {}", column, Text(params, "%" + plain + "%"));
    case pb::COMPARISON_NOT_EQUAL:
      return fmt::format("{} IS DISTINCT FROM {}", column, Text(params, filter.text()));
    case pb::COMPARISON_IN:
      params.Add(std::vector<std::string>(filter.texts().begin(), filter.texts().end()));
      return fmt::format("{} = ANY ({}::text[])", column, Place(params));
    default:
      return fmt::format("{} = {}", column, Text(params, filter.text()));
  }
}

std::string_view FixedCondition(pb::FilterField field, bool wanted) {
  switch (field) {
    case pb::FILTER_FIELD_SUCCESS:
      return wanted ? "r.success" : "NOT r.success";
    case pb::FILTER_FIELD_CHECKS_PASSED:
      return wanted ? "(r.checks_failed = 0 AND r.checks_passed > 0)" : "r.checks_failed > 0";
    // Cut by the limit or the line; or an answer of some length that stops within a sentence or a code block.
    case pb::FILTER_FIELD_INCOMPLETE:
      return wanted
                 ? "(r.finish_reason = 'length' OR r.outcome IN ('length_empty', 'truncated_stream') OR (r.success AND "
                   "r.response ~ '(\\S+\\s+){7}' AND r.response ~ '[[:alnum:],;:(\\[{–-]\\s*$') OR "
                   "(r.success AND array_length(string_to_array(r.response, '```'), 1) % 2 = 0)) IS TRUE"
                 : "(r.finish_reason = 'length' OR r.outcome IN ('length_empty', 'truncated_stream')) IS NOT TRUE";
    case pb::FILTER_FIELD_ASKS_BACK:
      return wanted ? "r.response ~ '[?？؟][\"''”’)*_\\s]*$'" : "r.response !~ '[?？؟][\"''”’)*_\\s]*$'";
    case pb::FILTER_FIELD_DUPLICATE:
      return wanted ? "(r.response <> '' AND EXISTS (SELECT FROM demo_batch_test_results other WHERE "
                      "other.demo_session_id = $1 AND other.test_run_id = r.test_run_id AND other.prompt_id <> "
                      "r.prompt_id "
                      "AND other.response = r.response))"
                    : "(r.response <> '' AND NOT EXISTS (SELECT FROM demo_batch_test_results other WHERE "
                      "other.demo_session_id = $1 AND other.test_run_id = r.test_run_id AND other.prompt_id <> "
                      "r.prompt_id "
                      "AND other.response = r.response))";
    default:
      return "";
  }
}

}  // namespace

std::string FilterSql(const pb::Filter& filter, Params& params, const RunScope& scope) {
  if (const std::string_view column = NumberColumn(filter.field()); !column.empty()) {
    if (filter.has_than()) {
      return fmt::format("{} {} {}", column, Sign(filter.comparison()), Worked(column, filter, params, scope));
    }
    return Compared(column, filter, params);
  }
  if (const std::string_view column = TextColumn(filter.field()); !column.empty())
    return Worded(column, filter, params);
  return std::string(FixedCondition(filter.field(), filter.text() != "false"));
}

bool MeansSuccesses(pb::FilterField field) {
  return field == pb::FILTER_FIELD_LATENCY || field == pb::FILTER_FIELD_TTFT ||
         field == pb::FILTER_FIELD_TOKENS_PER_SECOND || field == pb::FILTER_FIELD_OUTPUT_TOKENS ||
         field == pb::FILTER_FIELD_RESPONSE_CHARACTERS || field == pb::FILTER_FIELD_RESPONSE_WORDS;
}

bool ChoosesOutcome(pb::FilterField field) {
  return field == pb::FILTER_FIELD_SUCCESS || field == pb::FILTER_FIELD_ERROR_TYPE || field == pb::FILTER_FIELD_OUTCOME;
}

}  // namespace ftl::analytics

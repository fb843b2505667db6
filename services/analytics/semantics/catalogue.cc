#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

constexpr MeasureRow kMeasures[] = {
    {pb::MEASURE_UNSPECIFIED, "1", Population::kAll, MeasureUnit::kNone, {}, pb::FILTER_FIELD_UNSPECIFIED, "", ""},
    {pb::MEASURE_LATENCY,
     "r.latency_us / 1000.0::float8",
     Population::kSuccesses,
     MeasureUnit::kMilliseconds,
     {pb::STATISTIC_MEAN, pb::STATISTIC_MEDIAN, pb::STATISTIC_PERCENTILE},
     pb::FILTER_FIELD_LATENCY,
     "latency_ms",
     "latency"},
    {pb::MEASURE_TTFT,
     "r.ttft_us / 1000.0::float8",
     Population::kSuccesses,
     MeasureUnit::kMilliseconds,
     {pb::STATISTIC_MEAN, pb::STATISTIC_MEDIAN, pb::STATISTIC_PERCENTILE},
     pb::FILTER_FIELD_TTFT,
     "ttft_ms",
     "time to first token"},
    {pb::MEASURE_ITL,
     "r.itl_mean_us / 1000.0::float8",
     Population::kSuccesses,
     MeasureUnit::kMilliseconds,
     {pb::STATISTIC_MEAN, pb::STATISTIC_MEDIAN, pb::STATISTIC_PERCENTILE},
     pb::FILTER_FIELD_ITL,
     "itl_ms",
     "inter-token latency"},
    {pb::MEASURE_INPUT_TOKENS,
     "r.input_tokens",
     Population::kSuccesses,
     MeasureUnit::kTokens,
     {pb::STATISTIC_SUM, pb::STATISTIC_MEAN},
     pb::FILTER_FIELD_INPUT_TOKENS,
     "input_tokens",
     "input tokens"},
    {pb::MEASURE_OUTPUT_TOKENS,
     "r.output_tokens",
     Population::kSuccesses,
     MeasureUnit::kTokens,
     {pb::STATISTIC_SUM, pb::STATISTIC_MEAN},
     pb::FILTER_FIELD_OUTPUT_TOKENS,
     "output_tokens",
     "output tokens"},
    {pb::MEASURE_TOTAL_TOKENS,
     "(CASE WHEN r.input_tokens IS NOT NULL OR r.output_tokens IS NOT NULL "
     "THEN coalesce(r.input_tokens, 0) + coalesce(r.output_tokens, 0) END)",
     Population::kSuccesses,
     MeasureUnit::kTokens,
     {pb::STATISTIC_SUM},
     pb::FILTER_FIELD_TOTAL_TOKENS,
     "total_tokens",
     "tokens in all"},
    {pb::MEASURE_REASONING_TOKENS,
     "r.reasoning_tokens",
     Population::kSuccesses,
     MeasureUnit::kTokens,
     {pb::STATISTIC_SUM, pb::STATISTIC_MEAN},
     pb::FILTER_FIELD_REASONING_TOKENS,
     "reasoning_tokens",
     "reasoning tokens"},
    {pb::MEASURE_CACHED_TOKENS,
     "r.cached_tokens",
     Population::kSuccesses,
     MeasureUnit::kTokens,
     {pb::STATISTIC_SUM, pb::STATISTIC_MEAN},
     pb::FILTER_FIELD_CACHED_TOKENS,
     "cached_tokens",
     "cached tokens"},
    {pb::MEASURE_RESPONSE_LENGTH,
     "r.response_chars",
     Population::kSuccesses,
     MeasureUnit::kCharacters,
     {pb::STATISTIC_MEAN},
     pb::FILTER_FIELD_UNSPECIFIED,
     "response_length",
     "response length"},
    {pb::MEASURE_RESPONSE_CHARACTERS,
     "r.response_chars",
     Population::kSuccesses,
     MeasureUnit::kCharacters,
     {pb::STATISTIC_MEAN},
     pb::FILTER_FIELD_RESPONSE_CHARACTERS,
     "response_length",
     "response length in characters"},
    {pb::MEASURE_RESPONSE_WORDS,
     "r.response_words",
     Population::kSuccesses,
     MeasureUnit::kWords,
     {pb::STATISTIC_MEAN},
     pb::FILTER_FIELD_RESPONSE_WORDS,
     "response_words",
     "response length in words"},
    {pb::MEASURE_PROMPT_CHARACTERS,
     "char_length(r.prompt)",
     Population::kAll,
     MeasureUnit::kCharacters,
     {pb::STATISTIC_MEAN},
     pb::FILTER_FIELD_PROMPT_CHARACTERS,
     "prompt_length",
     "prompt length in characters"},
    {pb::MEASURE_TOKENS_PER_SECOND,
     "(r.output_tokens * 1e6 / nullif(r.latency_us, 0))::float8",
     Population::kSuccesses,
     MeasureUnit::kTokensPerSecond,
     {pb::STATISTIC_MEAN},
     pb::FILTER_FIELD_TOKENS_PER_SECOND,
     "output_tokens_per_second",
     "output tokens per second"},
    {pb::MEASURE_SUCCESS,
     "r.success::int",
     Population::kAll,
     MeasureUnit::kVerdict,
     {pb::STATISTIC_SHARE},
     pb::FILTER_FIELD_UNSPECIFIED,
     "success_rate",
     "success rate"},
    {pb::MEASURE_CHECKS,
     "(CASE WHEN r.checks_passed + r.checks_failed > 0 THEN (r.checks_failed = 0)::int END)",
     Population::kChecked,
     MeasureUnit::kVerdict,
     {pb::STATISTIC_SHARE},
     pb::FILTER_FIELD_UNSPECIFIED,
     "checks_passed_rate",
     "share of prompts that passed their checks"},
    {pb::MEASURE_ATTEMPTS,
     "r.attempts",
     Population::kAll,
     MeasureUnit::kCalls,
     {pb::STATISTIC_SUM, pb::STATISTIC_MEAN},
     pb::FILTER_FIELD_ATTEMPTS,
     "attempts",
     "attempts"},
    {pb::MEASURE_RETRIES,
     "greatest(r.attempts - 1, 0)",
     Population::kAll,
     MeasureUnit::kCalls,
     {pb::STATISTIC_SUM},
     pb::FILTER_FIELD_RETRIES,
     "retries",
     "retries"},
    {pb::MEASURE_RESULTS,
     "1",
     Population::kAll,
     MeasureUnit::kNone,
     {pb::STATISTIC_COUNT},
     pb::FILTER_FIELD_UNSPECIFIED,
     "prompts",
     "prompts"},
    {pb::MEASURE_RUN, "1", Population::kAll, MeasureUnit::kNone, {}, pb::FILTER_FIELD_UNSPECIFIED, "run", "run"},
};

// Cut by the limit or the line; or an answer of some length that stops within a sentence or a code block.
constexpr std::string_view kIncomplete =
    "(r.finish_reason = 'length' OR r.outcome IN ('length_empty', 'truncated_stream') OR (r.success AND "
    "r.response ~ '(\\S+\\s+){7}' AND r.response ~ '[[:alnum:],;:(\\[{–-]\\s*$') OR "
    "(r.success AND array_length(string_to_array(r.response, '```'), 1) % 2 = 0)) IS TRUE";
constexpr std::string_view kComplete =
    "(r.finish_reason = 'length' OR r.outcome IN ('length_empty', 'truncated_stream')) IS NOT TRUE";

#define FTL_OTHER_LIKE_IT                                                                     \
  "EXISTS (SELECT 1 FROM demo_batch_test_results other WHERE other.demo_session_id = $1 AND " \
  "other.test_run_id = r.test_run_id AND other.prompt_id <> r.prompt_id AND other.response = r.response))"

constexpr FieldRow kFields[] = {
    {.field = pb::FILTER_FIELD_UNSPECIFIED, .kind = FieldKind::kFlag, .sql = "", .sql_not = ""},
    {.field = pb::FILTER_FIELD_SUCCESS,
     .kind = FieldKind::kFlag,
     .sql = "r.success",
     .sql_not = "NOT r.success",
     .chooses_outcome = true},
    {.field = pb::FILTER_FIELD_ERROR_TYPE, .kind = FieldKind::kText, .sql = "r.error_type", .chooses_outcome = true},
    {.field = pb::FILTER_FIELD_OUTCOME, .kind = FieldKind::kText, .sql = "r.outcome", .chooses_outcome = true},
    {.field = pb::FILTER_FIELD_HTTP_STATUS,
     .kind = FieldKind::kNumber,
     .sql = "r.http_status",
     .chooses_outcome = true},
    {.field = pb::FILTER_FIELD_LATENCY, .kind = FieldKind::kNumber, .means_successes = true},
    {.field = pb::FILTER_FIELD_TTFT, .kind = FieldKind::kNumber, .means_successes = true},
    {.field = pb::FILTER_FIELD_ITL, .kind = FieldKind::kNumber, .means_successes = true},
    {.field = pb::FILTER_FIELD_OUTPUT_TOKENS, .kind = FieldKind::kNumber, .means_successes = true},
    {.field = pb::FILTER_FIELD_REASONING_TOKENS, .kind = FieldKind::kNumber, .means_successes = true},
    {.field = pb::FILTER_FIELD_CACHED_TOKENS, .kind = FieldKind::kNumber, .means_successes = true},
    {.field = pb::FILTER_FIELD_INPUT_TOKENS, .kind = FieldKind::kNumber},
    {.field = pb::FILTER_FIELD_TOTAL_TOKENS, .kind = FieldKind::kNumber},
    {.field = pb::FILTER_FIELD_RESPONSE_CHARACTERS, .kind = FieldKind::kNumber, .means_successes = true},
    {.field = pb::FILTER_FIELD_RESPONSE_WORDS, .kind = FieldKind::kNumber, .means_successes = true},
    {.field = pb::FILTER_FIELD_TOKENS_PER_SECOND, .kind = FieldKind::kNumber, .means_successes = true},
    {.field = pb::FILTER_FIELD_PROMPT_CHARACTERS, .kind = FieldKind::kNumber},
    {.field = pb::FILTER_FIELD_ATTEMPTS, .kind = FieldKind::kNumber},
    {.field = pb::FILTER_FIELD_RETRIES, .kind = FieldKind::kNumber},
    {.field = pb::FILTER_FIELD_PROMPT_ID, .kind = FieldKind::kNumber, .sql = "r.prompt_id"},
    // The odd one is the first half's.
    {.field = pb::FILTER_FIELD_HALF,
     .kind = FieldKind::kNumber,
     .sql = "(CASE WHEN r.prompt_id * 2 <= u.total_prompts + 1 THEN 1 ELSE 2 END)",
     .needs_run = true},
    {.field = pb::FILTER_FIELD_PROMPT_TEXT, .kind = FieldKind::kText, .sql = "r.prompt"},
    {.field = pb::FILTER_FIELD_RESPONSE_TEXT,
     .kind = FieldKind::kText,
     .sql = "coalesce(r.response, '')",
     .means_successes = true},
    {.field = pb::FILTER_FIELD_ANY_TEXT,
     .kind = FieldKind::kText,
     .sql = "(r.prompt || E'\\n' || coalesce(r.response, ''))"},
    {.field = pb::FILTER_FIELD_CATEGORY, .kind = FieldKind::kText, .sql = "r.category"},
    {.field = pb::FILTER_FIELD_DIFFICULTY, .kind = FieldKind::kText, .sql = "r.difficulty"},
    {.field = pb::FILTER_FIELD_FINISH_REASON, .kind = FieldKind::kText, .sql = "r.finish_reason"},
    {.field = pb::FILTER_FIELD_CHECKS_PASSED,
     .kind = FieldKind::kFlag,
     .sql = "(r.checks_failed = 0 AND r.checks_passed > 0)",
     .sql_not = "r.checks_failed > 0"},
    {.field = pb::FILTER_FIELD_INCOMPLETE, .kind = FieldKind::kFlag, .sql = kIncomplete, .sql_not = kComplete},
    {.field = pb::FILTER_FIELD_ASKS_BACK,
     .kind = FieldKind::kFlag,
     .sql = "r.response ~ '[?？؟][\"''”’)*_\\s]*$'",
     .sql_not = "r.response !~ '[?？؟][\"''”’)*_\\s]*$'",
     .means_successes = true},
    {.field = pb::FILTER_FIELD_DUPLICATE,
     .kind = FieldKind::kFlag,
     .sql = "(r.response <> '' AND " FTL_OTHER_LIKE_IT,
     .sql_not = "(r.response <> '' AND NOT " FTL_OTHER_LIKE_IT},
    {.field = pb::FILTER_FIELD_RUN, .kind = FieldKind::kRun},
};

constexpr GroupRow kGroupings[] = {
    {.grouping = pb::GROUPING_UNSPECIFIED, .sql = "NULL::text", .order = "1", .column = "", .name = ""},
    {.grouping = pb::GROUPING_CATEGORY,
     .sql = "coalesce(r.category, 'none')",
     .order = "1",
     .column = "category",
     .name = "category"},
    {.grouping = pb::GROUPING_DIFFICULTY,
     .sql = "coalesce(r.difficulty, 'none')",
     .order = "min(CASE r.difficulty WHEN 'easy' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END)",
     .column = "difficulty",
     .name = "difficulty"},
    {.grouping = pb::GROUPING_ERROR_TYPE,
     .sql = "coalesce(r.error_type, 'unknown')",
     .order = "count(*) DESC, 1",
     .column = "error_type",
     .name = "error type",
     .condition = "NOT r.success"},
    {.grouping = pb::GROUPING_FINISH_REASON,
     .sql = "coalesce(r.finish_reason, 'not said')",
     .order = "count(*) DESC, 1",
     .column = "finish_reason",
     .name = "finish reason"},
    {.grouping = pb::GROUPING_OUTCOME,
     .sql = "coalesce(r.outcome, 'not said')",
     .order = "count(*) DESC, 1",
     .column = "outcome",
     .name = "outcome"},
    {.grouping = pb::GROUPING_HTTP_STATUS,
     .sql = "coalesce(r.http_status::text, 'none')",
     .order = "count(*) DESC, 1",
     .column = "http_status",
     .name = "HTTP status"},
    {.grouping = pb::GROUPING_SUCCESS,
     .sql = "CASE WHEN r.success THEN 'succeeded' ELSE 'failed' END",
     .order = "1 DESC",
     .column = "success",
     .name = "success"},
    {.grouping = pb::GROUPING_CHECKS_PASSED,
     .sql = "CASE WHEN r.checks_failed = 0 THEN 'checks passed' ELSE 'checks failed' END",
     .order = "1 DESC",
     .column = "checks",
     .name = "checks",
     .condition = "r.checks_passed + r.checks_failed > 0"},
    {.grouping = pb::GROUPING_RUN,
     .sql = "u.id::text",
     .order = "min(u.created_at)",
     .column = "run",
     .name = "run",
     .needs_run = true},
    {.grouping = pb::GROUPING_HALF,
     .sql = "CASE WHEN r.prompt_id * 2 <= u.total_prompts + 1 THEN 'first half' ELSE 'second half' END",
     .order = "1",
     .column = "half",
     .name = "half of the run",
     .needs_run = true},
};

}  // namespace

const MeasureRow& RowOf(pb::Measure measure) {
  for (const MeasureRow& row : kMeasures) {
    if (row.measure == measure) return row;
  }
  return kMeasures[0];
}

const FieldRow& RowOf(pb::FilterField field) {
  for (const FieldRow& row : kFields) {
    if (row.field == field) return row;
  }
  return kFields[0];
}

const GroupRow& RowOf(pb::Grouping grouping) {
  for (const GroupRow& row : kGroupings) {
    if (row.grouping == grouping) return row;
  }
  return kGroupings[0];
}

std::optional<pb::Measure> MeasureOf(pb::FilterField field) {
  for (const MeasureRow& row : kMeasures) {
    if (row.field == field && field != pb::FILTER_FIELD_UNSPECIFIED) return row.measure;
  }
  return std::nullopt;
}

std::span<const MeasureRow> Measures() { return kMeasures; }
std::span<const GroupRow> Groupings() { return kGroupings; }

}  // namespace ftl::analytics

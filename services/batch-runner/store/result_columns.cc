#include "services/batch-runner/store/result_columns.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include "common/json/message_json.h"
#include "services/batch-runner/store/run_row.h"

namespace ftl::batch_runner {
namespace {

template <typename Give>
auto Column(const std::vector<FinishedPrompt>& finished, Give give) {
  std::vector<decltype(give(finished.front().result))> column;
  column.reserve(finished.size());
  for (const FinishedPrompt& prompt : finished) column.push_back(give(prompt.result));
  return column;
}

std::optional<int64_t> Micros(bool present, const google::protobuf::Duration& duration) {
  if (!present) return std::nullopt;
  return google::protobuf::util::TimeUtil::DurationToMicroseconds(duration);
}

// As most word counters do: runs of anything but white space.
int64_t WordsIn(std::string_view text) {
  int64_t words = 0;
  bool inside = false;
  for (const unsigned char byte : text) {
    const bool space = std::isspace(byte) != 0;
    if (!space && !inside) ++words;
    inside = !space;
  }
  return words;
}

std::optional<std::string> ChecksJson(const pb::Result& result) {
  if (result.checks().empty()) return std::nullopt;
  std::string json = "[";
  for (const pb::CheckOutcome& check : result.checks()) {
    if (json.size() > 1) json += ',';
    WriteMessage(check, json);
  }
  return json + "]";
}

int64_t CountChecks(const pb::Result& result, bool passed) {
  int64_t count = 0;
  for (const pb::CheckOutcome& check : result.checks()) count += check.passed() == passed;
  return count;
}

std::optional<int64_t> WordsOf(const pb::Result& result) {
  return result.has_response() ? std::optional<int64_t>(WordsIn(result.response())) : std::nullopt;
}

// A column of demo_batch_test_results, its type, and what it holds of each result.
struct ResultColumn {
  std::string_view name;
  std::string_view type;
  void (*add)(const std::vector<FinishedPrompt>& finished, Params& params);
};

#define FTL_COLUMN(name, type, value)                                                                   \
  ResultColumn {                                                                                        \
#name, #type,                                                                                       \
        [](const std::vector <FinishedPrompt>& finished,                                                \
           Params& params) { params.Add(Column(finished, [](const pb::Result& r) { return value; })); } \
  }
#define FTL_TEXT(field) FTL_COLUMN(field, text, r.has_##field() ? std::optional<std::string>(r.field()) : std::nullopt)
#define FTL_COUNT(field) FTL_COLUMN(field, int, r.has_##field() ? std::optional<int64_t>(r.field()) : std::nullopt)
#define FTL_MICROS(field) FTL_COLUMN(field##_us, bigint, Micros(r.has_##field(), r.field()))

constexpr ResultColumn kColumns[] = {
    FTL_TEXT(response),
    FTL_COLUMN(success, bool, r.success()),
    FTL_COLUMN(outcome, text, OutcomeWord(r.outcome())),
    FTL_TEXT(error),
    FTL_COLUMN(error_type, text, ErrorTypeWord(r.error_type())),
    FTL_COUNT(http_status),
    FTL_COLUMN(model_id, text, std::string(r.model_id())),
    FTL_TEXT(finish_reason),
    FTL_COLUMN(attempts, int, static_cast<int64_t>(r.attempts())),
    FTL_MICROS(latency),
    FTL_MICROS(ttft),
    FTL_MICROS(ttfa),
    FTL_MICROS(itl_mean),
    FTL_MICROS(tpot),
    FTL_MICROS(dns),
    FTL_MICROS(connect),
    FTL_MICROS(tls),
    FTL_MICROS(wait),
    FTL_MICROS(stream),
    FTL_MICROS(total),
    FTL_MICROS(client_lag),
    FTL_COLUMN(buffered, bool, r.buffered()),
    FTL_COUNT(input_tokens),
    FTL_COUNT(output_tokens),
    FTL_COUNT(reasoning_tokens),
    FTL_COUNT(cached_tokens),
    FTL_COLUMN(tokens_estimated, bool, r.tokens_estimated()),
    FTL_COLUMN(response_words, int, WordsOf(r)),
    FTL_COLUMN(checks, jsonb, ChecksJson(r)),
    FTL_COLUMN(checks_passed, int, CountChecks(r, true)),
    FTL_COLUMN(checks_failed, int, CountChecks(r, false)),
    FTL_COLUMN(prompt, text, std::string(r.prompt())),
    FTL_TEXT(category),
    FTL_COLUMN(difficulty, text, DifficultyWord(r.difficulty())),
};

std::string ValueAt(size_t column, int first_parameter) {
  return fmt::format("${}::{}[]", first_parameter + column, kColumns[column].type);
}

}  // namespace

std::string ResultColumnNames(std::string_view prefix) {
  std::string names;
  for (const ResultColumn& column : kColumns)
    fmt::format_to(std::back_inserter(names), "{}{}{}", names.empty() ? "" : ", ", prefix, column.name);
  return names;
}

std::string ResultColumnValues(int first_parameter) {
  std::string values;
  for (size_t i = 0; i < std::size(kColumns); ++i) values += (i == 0 ? "" : ", ") + ValueAt(i, first_parameter);
  return values;
}

std::string ResultColumnValue(std::string_view name, int first_parameter) {
  const auto* found = std::find_if(std::begin(kColumns), std::end(kColumns),
                                   [&](const ResultColumn& column) { return column.name == name; });
  return ValueAt(static_cast<size_t>(found - std::begin(kColumns)), first_parameter);
}

void AddResultColumns(const std::vector<FinishedPrompt>& finished, Params& params) {
  for (const ResultColumn& column : kColumns) column.add(finished, params);
}

}  // namespace ftl::batch_runner

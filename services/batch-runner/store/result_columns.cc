#include "services/batch-runner/store/result_columns.h"

#include <cctype>

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

}  // namespace

#define FTL_TEXT(field) \
  Column(finished,      \
         [](const pb::Result& r) { return r.has_##field() ? std::optional<std::string>(r.field()) : std::nullopt; })
#define FTL_COUNT(field) \
  Column(finished,       \
         [](const pb::Result& r) { return r.has_##field() ? std::optional<int64_t>(r.field()) : std::nullopt; })
#define FTL_MICROS(field) Column(finished, [](const pb::Result& r) { return Micros(r.has_##field(), r.field()); })

Params ResultColumns(std::string_view session, std::string_view test_run_id,
                     const std::vector<FinishedPrompt>& finished) {
  std::vector<int64_t> fences;
  for (const FinishedPrompt& prompt : finished) fences.push_back(prompt.fence);
  Params params(session, test_run_id);
  params.Add(Column(finished, [](const pb::Result& r) { return static_cast<int64_t>(r.prompt_id()); }));
  params.Add(fences);
  params.Add(FTL_TEXT(response));
  params.Add(Column(finished, [](const pb::Result& r) { return r.success(); }));
  params.Add(Column(finished, [](const pb::Result& r) { return OutcomeWord(r.outcome()); }));
  params.Add(FTL_TEXT(error));
  params.Add(Column(finished, [](const pb::Result& r) { return ErrorTypeWord(r.error_type()); }));
  params.Add(FTL_COUNT(http_status));
  params.Add(Column(finished, [](const pb::Result& r) { return std::string(r.model_id()); }));
  params.Add(FTL_TEXT(finish_reason));
  params.Add(Column(finished, [](const pb::Result& r) { return static_cast<int64_t>(r.attempts()); }));
  params.Add(FTL_MICROS(latency));
  params.Add(FTL_MICROS(ttft));
  params.Add(FTL_MICROS(ttfa));
  params.Add(FTL_MICROS(itl_mean));
  params.Add(FTL_MICROS(tpot));
  params.Add(FTL_MICROS(dns));
  params.Add(FTL_MICROS(connect));
  params.Add(FTL_MICROS(tls));
  params.Add(FTL_MICROS(wait));
  params.Add(FTL_MICROS(stream));
  params.Add(FTL_MICROS(total));
  params.Add(FTL_MICROS(client_lag));
  params.Add(Column(finished, [](const pb::Result& r) { return r.buffered(); }));
  params.Add(FTL_COUNT(input_tokens));
  params.Add(FTL_COUNT(output_tokens));
  params.Add(FTL_COUNT(reasoning_tokens));
  params.Add(FTL_COUNT(cached_tokens));
  params.Add(Column(finished, [](const pb::Result& r) { return r.tokens_estimated(); }));
  params.Add(Column(finished, [](const pb::Result& r) {
    return r.has_response() ? std::optional<int64_t>(WordsIn(r.response())) : std::nullopt;
  }));
  params.Add(Column(finished, ChecksJson));
  params.Add(Column(finished, [](const pb::Result& r) { return CountChecks(r, true); }));
  params.Add(Column(finished, [](const pb::Result& r) { return CountChecks(r, false); }));
  params.Add(Column(finished, [](const pb::Result& r) { return std::string(r.prompt()); }));
  params.Add(FTL_TEXT(category));
  params.Add(Column(finished, [](const pb::Result& r) { return DifficultyWord(r.difficulty()); }));
  return params;
}

}  // namespace ftl::batch_runner

#include "services/analytics/store/results_row.h"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"

namespace ftl::analytics {
namespace {

namespace endpoint = finetunelab::endpoint::v1;
using finetunelab::batch_runner::v1::Difficulty;
using finetunelab::batch_runner::v1::Result;

// Gives the column's value to `set` unless it is null.
template <typename T, typename Set>
void Give(const Row& row, std::string_view column, Set set) {
  if (auto value = row.Get<std::optional<T>>(column)) set(*std::move(value));
}

template <typename Mutable>
void GiveSpan(const Row& row, std::string_view column, Mutable mutable_span) {
  Give<int64_t>(row, column, [&](int64_t micros) { *mutable_span() = ToProto(absl::Microseconds(micros)); });
}

void GiveChecks(const Row& row, Result& result) {
  Give<std::string>(row, "checks", [&](const std::string& json) {
    Result parsed;
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    const auto status =
        google::protobuf::util::JsonStringToMessage(fmt::format(R"({{"checks":{}}})", json), &parsed, options);
    if (status.ok()) result.mutable_checks()->Swap(parsed.mutable_checks());
  });
}

}  // namespace

const std::string_view kResultColumns = R"(
  r.prompt_id, r.test_run_id, r.sequence, r.prompt, r.category, r.difficulty, r.response, r.success, r.outcome, r.error,
  r.error_type, r.http_status, r.model_id, r.finish_reason, r.attempts, r.latency_us, r.ttft_us, r.ttfa_us,
  r.itl_mean_us, r.tpot_us, r.dns_us, r.connect_us, r.tls_us, r.wait_us, r.stream_us, r.total_us, r.client_lag_us,
  r.buffered, r.input_tokens, r.output_tokens, r.reasoning_tokens, r.cached_tokens, r.tokens_estimated, r.checks,
  r.created_at)";

Result ResultOf(const Row& row) {
  Result result;
  result.set_prompt_id(row.Get<int32_t>("prompt_id"));
  result.set_test_run_id(row.Get<std::string>("test_run_id"));
  result.set_sequence(row.Get<int64_t>("sequence"));
  result.set_prompt(row.Get<std::string>("prompt"));
  Give<std::string>(row, "category", [&](std::string text) { result.set_category(std::move(text)); });
  Give<std::string>(row, "difficulty", [&](const std::string& word) {
    if (const auto value = EnumOf<Difficulty>(word)) result.set_difficulty(value);
  });
  Give<std::string>(row, "response", [&](std::string text) { result.set_response(std::move(text)); });
  result.set_success(row.Get<bool>("success"));
  Give<std::string>(row, "outcome",
                    [&](const std::string& word) { result.set_outcome(EnumOf<endpoint::Outcome>(word)); });
  Give<std::string>(row, "error", [&](std::string text) { result.set_error(std::move(text)); });
  Give<std::string>(row, "error_type", [&](const std::string& word) {
    const auto value = EnumOf<endpoint::ErrorType>(word);
    result.set_error_type(value ? value : endpoint::ERROR_TYPE_UNKNOWN);
  });
  Give<int32_t>(row, "http_status", [&](int32_t status) { result.set_http_status(status); });
  result.set_model_id(row.Get<std::string>("model_id"));
  Give<std::string>(row, "finish_reason", [&](std::string text) { result.set_finish_reason(std::move(text)); });
  result.set_attempts(row.Get<int32_t>("attempts"));
  GiveSpan(row, "latency_us", [&] { return result.mutable_latency(); });
  GiveSpan(row, "ttft_us", [&] { return result.mutable_ttft(); });
  GiveSpan(row, "ttfa_us", [&] { return result.mutable_ttfa(); });
  GiveSpan(row, "itl_mean_us", [&] { return result.mutable_itl_mean(); });
  GiveSpan(row, "tpot_us", [&] { return result.mutable_tpot(); });
  GiveSpan(row, "dns_us", [&] { return result.mutable_dns(); });
  GiveSpan(row, "connect_us", [&] { return result.mutable_connect(); });
  GiveSpan(row, "tls_us", [&] { return result.mutable_tls(); });
  GiveSpan(row, "wait_us", [&] { return result.mutable_wait(); });
  GiveSpan(row, "stream_us", [&] { return result.mutable_stream(); });
  GiveSpan(row, "total_us", [&] { return result.mutable_total(); });
  GiveSpan(row, "client_lag_us", [&] { return result.mutable_client_lag(); });
  result.set_buffered(row.Get<bool>("buffered"));
  Give<int32_t>(row, "input_tokens", [&](int32_t count) { result.set_input_tokens(count); });
  Give<int32_t>(row, "output_tokens", [&](int32_t count) { result.set_output_tokens(count); });
  Give<int32_t>(row, "reasoning_tokens", [&](int32_t count) { result.set_reasoning_tokens(count); });
  Give<int32_t>(row, "cached_tokens", [&](int32_t count) { result.set_cached_tokens(count); });
  result.set_tokens_estimated(row.Get<bool>("tokens_estimated"));
  GiveChecks(row, result);
  *result.mutable_created_at() = ToProto(row.Get<absl::Time>("created_at"));
  return result;
}

}  // namespace ftl::analytics

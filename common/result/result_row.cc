#include "common/result/result_row.h"

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include "common/json/message_json.h"
#include "common/json/message_plan.h"

namespace ftl {
namespace {

namespace pb = finetunelab::batch_runner::v1;
namespace call = finetunelab::endpoint::v1;
using google::protobuf::util::TimeUtil;

template <typename Enum>
Enum FromWord(std::string_view word) {
  const auto* value = ValueOf(*google::protobuf::GetEnumDescriptor<Enum>(), word);
  return static_cast<Enum>(value ? value->number() : 0);
}

template <typename Set>
void Text(const Row& row, std::string_view column, Set set) {
  if (auto text = row.Get<std::optional<std::string>>(column)) set(*std::move(text));
}

template <typename Set>
void Count(const Row& row, std::string_view column, Set set) {
  if (const auto count = row.Get<std::optional<int32_t>>(column)) set(*count);
}

template <typename Mutable>
void Micros(const Row& row, std::string_view column, Mutable field) {
  if (const auto micros = row.Get<std::optional<int64_t>>(column)) *field() = TimeUtil::MicrosecondsToDuration(*micros);
}

}  // namespace

pb::Result ResultOf(const Row& row) {
  pb::Result result;
  result.set_prompt_id(row.Get<int32_t>("prompt_id"));
  result.set_test_run_id(row.Get<std::string>("test_run_id"));
  result.set_sequence(row.Get<int64_t>("sequence"));
  result.set_prompt(row.Get<std::string>("prompt"));
  Text(row, "category", [&](std::string text) { result.set_category(std::move(text)); });
  Text(row, "difficulty", [&](const std::string& text) { result.set_difficulty(FromWord<pb::Difficulty>(text)); });
  Text(row, "response", [&](std::string text) { result.set_response(std::move(text)); });
  result.set_success(row.Get<bool>("success"));
  Text(row, "outcome", [&](const std::string& text) { result.set_outcome(FromWord<call::Outcome>(text)); });
  Text(row, "error", [&](std::string text) { result.set_error(std::move(text)); });
  Text(row, "error_type", [&](const std::string& text) { result.set_error_type(FromWord<call::ErrorType>(text)); });
  Count(row, "http_status", [&](int32_t count) { result.set_http_status(count); });
  result.set_model_id(row.Get<std::string>("model_id"));
  Text(row, "finish_reason", [&](std::string text) { result.set_finish_reason(std::move(text)); });
  result.set_attempts(row.Get<int32_t>("attempts"));
  Micros(row, "latency_us", [&] { return result.mutable_latency(); });
  Micros(row, "ttft_us", [&] { return result.mutable_ttft(); });
  Micros(row, "ttfa_us", [&] { return result.mutable_ttfa(); });
  Micros(row, "itl_mean_us", [&] { return result.mutable_itl_mean(); });
  Micros(row, "tpot_us", [&] { return result.mutable_tpot(); });
  Micros(row, "dns_us", [&] { return result.mutable_dns(); });
  Micros(row, "connect_us", [&] { return result.mutable_connect(); });
  Micros(row, "tls_us", [&] { return result.mutable_tls(); });
  Micros(row, "wait_us", [&] { return result.mutable_wait(); });
  Micros(row, "stream_us", [&] { return result.mutable_stream(); });
  Micros(row, "total_us", [&] { return result.mutable_total(); });
  Micros(row, "client_lag_us", [&] { return result.mutable_client_lag(); });
  result.set_buffered(row.Get<bool>("buffered"));
  Count(row, "input_tokens", [&](int32_t count) { result.set_input_tokens(count); });
  Count(row, "output_tokens", [&](int32_t count) { result.set_output_tokens(count); });
  Count(row, "reasoning_tokens", [&](int32_t count) { result.set_reasoning_tokens(count); });
  Count(row, "cached_tokens", [&](int32_t count) { result.set_cached_tokens(count); });
  result.set_tokens_estimated(row.Get<bool>("tokens_estimated"));
  Text(row, "checks", [&](const std::string& json) {
    InputFaults faults;
    (void)ReadBody(fmt::format(R"({{"checks":{}}})", json), result, faults);
  });
  *result.mutable_created_at() =
      TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(row.Get<absl::Time>("created_at")));
  return result;
}

}  // namespace ftl

#include "common/history/request_row.h"

#include <optional>
#include <string>

#include <absl/time/time.h>

#include "common/json/message_json.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"

namespace ftl {
namespace {

namespace pb = finetunelab::batch_runner::v1;
namespace endpoint = finetunelab::endpoint::v1;

constexpr double kNanosPerDollar = 1e9;

#define FTL_TAKE(column, type, field) \
  if (const auto value = row.Get<std::optional<type>>(column)) request.set_##field(*value)
#define FTL_TAKE_SPAN(column, message, field)                      \
  if (const auto micros = row.Get<std::optional<int64_t>>(column)) \
  *(message).mutable_##field() = ToProto(absl::Microseconds(*micros))

// What is stored is what was written here; a fault of it is a fault in our source.
void ReadStored(std::string_view json, google::protobuf::Message& message) {
  InputFaults faults;
  (void)ReadBody(json, message, faults, JsonLimits::kAnyNumberOfValues);
}

}  // namespace

pb::LoggedRequest ListedRequestOf(const Row& row) {
  pb::LoggedRequest request;
  request.set_id(row.Get<std::string>("id"));
  *request.mutable_timestamp() = ToProto(row.Get<absl::Time>("created_at"));
  request.set_project(row.Get<std::string>("project"));
  request.set_kind(EnumOf<pb::RequestKind>(row.Get<std::string>("kind")));
  request.set_service(row.Get<std::string>("service"));
  request.set_key_name(row.Get<std::string>("key_name"));
  request.set_model(row.Get<std::string>("model"));
  request.set_status(EnumOf<pb::RequestStatus>(row.Get<std::string>("status")));
  FTL_TAKE("prompt_preview", std::string, prompt_preview);
  FTL_TAKE_SPAN("latency_us", request, response_time);
  FTL_TAKE_SPAN("ttft_us", request, ttft);
  FTL_TAKE("prompt_tokens", int32_t, prompt_tokens);
  FTL_TAKE("completion_tokens", int32_t, completion_tokens);
  if (request.has_prompt_tokens()) request.set_total_tokens(request.prompt_tokens() + request.completion_tokens());
  request.set_tokens_estimated(row.Get<bool>("tokens_estimated"));
  if (const auto nanos = row.Get<std::optional<int64_t>>("cost_nanos")) {
    request.set_cost(static_cast<double>(*nanos) / kNanosPerDollar);
  }
  FTL_TAKE("finish_reason", std::string, finish_reason);
  if (const auto word = row.Get<std::optional<std::string>>("error_type")) {
    request.set_error_type(EnumOf<endpoint::ErrorType>(*word));
  }
  FTL_TAKE("error", std::string, error);
  FTL_TAKE("replay_of", std::string, replay_of);
  return request;
}

pb::LoggedRequest RequestOf(const Row& row) {
  pb::LoggedRequest request = ListedRequestOf(row);
  if (const auto messages = row.Get<std::optional<std::string>>("messages")) {
    ReadStored("{\"messages\":" + *messages + "}", request);
  }
  ReadStored(row.Get<std::string>("parameters"), *request.mutable_parameters());
  FTL_TAKE("response", std::string, response);
  FTL_TAKE("reasoning", std::string, reasoning);
  if (const auto word = row.Get<std::optional<std::string>>("outcome")) {
    request.set_outcome(EnumOf<endpoint::Outcome>(*word));
  }
  FTL_TAKE("http_status", int32_t, http_status);
  FTL_TAKE("attempts", int32_t, attempts);
  FTL_TAKE("cached_tokens", int32_t, cached_tokens);
  FTL_TAKE("reasoning_tokens", int32_t, reasoning_tokens);
  FTL_TAKE_SPAN("total_us", request, total);
  FTL_TAKE_SPAN("client_lag_us", request, client_lag);
  if (!request.has_response_time()) return request;
  endpoint::Timing& timing = *request.mutable_timing();
  *timing.mutable_latency() = request.response_time();
  if (request.has_ttft()) *timing.mutable_ttft() = request.ttft();
  FTL_TAKE_SPAN("ttfa_us", timing, ttfa);
  FTL_TAKE_SPAN("itl_mean_us", timing, itl_mean);
  FTL_TAKE_SPAN("tpot_us", timing, tpot);
  FTL_TAKE_SPAN("dns_us", timing, dns);
  FTL_TAKE_SPAN("connect_us", timing, connect);
  FTL_TAKE_SPAN("tls_us", timing, tls);
  FTL_TAKE_SPAN("wait_us", timing, wait);
  FTL_TAKE_SPAN("stream_us", timing, stream);
  timing.set_buffered(row.Get<bool>("buffered"));
  return request;
}

}  // namespace ftl

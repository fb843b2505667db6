#include "common/endpoint/attempt_span.h"

#include "common/endpoint/url/endpoint.h"
#include "common/endpoint/url/provider.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"

namespace ftl {
trace::Span BeginAttemptSpan(const Endpoint& endpoint, const ChatRequest& request) {
  trace::Span span = trace::Span::BeginUnderCurrent(trace::SpanKind::kClient, "chat");
  if (!span.is_recorded()) return span;
  span.SetName("chat " + request.model);
  span.Set("gen_ai.operation.name", std::string("chat"));
  span.Set("gen_ai.provider.name", std::string(ProviderOf(endpoint).provider));
  span.Set("gen_ai.request.model", request.model);
  span.Set("gen_ai.request.stream", request.stream);
  if (request.max_tokens) span.Set("gen_ai.request.max_tokens", static_cast<int64_t>(*request.max_tokens));
  if (request.temperature) span.Set("gen_ai.request.temperature", *request.temperature);
  span.Set("server.address", endpoint.host());
  span.Set("server.port", static_cast<int64_t>(endpoint.port()));
  return span;
}

void EndAttemptSpan(const ChatReply& reply, trace::Span& span) {
  if (!span.is_recorded()) return;
  if (reply.http_status != 0) span.Set("http.response.status_code", static_cast<int64_t>(reply.http_status));
  if (reply.has_any_token()) {
    span.Set("gen_ai.usage.input_tokens", reply.input_tokens);
    span.Set("gen_ai.usage.output_tokens", reply.output_tokens);
  }
  if (!reply.finish_reason.empty())
    span.Set("gen_ai.response.finish_reasons", std::vector<std::string>{reply.finish_reason});
  if (reply.timing.has_ttft())
    span.Set("gen_ai.response.time_to_first_chunk", absl::ToDoubleSeconds(FromProto(reply.timing.ttft())));
  if (!reply.ok()) span.Fail(EnumWord(reply.failure.error_type));
  span.End();
}

}  // namespace ftl

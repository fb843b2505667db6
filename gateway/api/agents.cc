#include "gateway/api/agents.h"

#include <fmt/format.h>

#include "common/error/try.h"
#include "common/json/message_json.h"
#include "finetunelab/batch_runner/v1/agents_service.pb.h"

namespace ftl::gateway {

namespace pb = finetunelab::batch_runner::v1;

namespace {

std::string ETagOf(int64_t version) { return fmt::format("\"{}\"", version); }

Task<> SendState(Services& services, Incoming& incoming) {
  CO_TRY(const auto message,
         co_await services.upstream.Call(incoming.call, Upstream::MethodNamed(incoming.route.rpc), incoming.request));
  auto& kept = static_cast<pb::GetAgentStateResponse&>(*message);
  http::Response response = http::JsonResponse(incoming.route.status, std::move(*kept.mutable_state()));
  response.With("ETag", ETagOf(kept.version()));
  co_return co_await incoming.exchange.Send(std::move(response));
}

Task<> KeepState(Services& services, Incoming& incoming) {
  CO_TRY(const auto message,
         co_await services.upstream.Call(incoming.call, Upstream::MethodNamed(incoming.route.rpc), incoming.request));
  const auto& kept = static_cast<const pb::PutAgentStateResponse&>(*message);
  http::Response response = http::JsonResponse(incoming.route.status, ToJson(kept));
  response.With("ETag", ETagOf(kept.version()));
  co_return co_await incoming.exchange.Send(std::move(response));
}

}  // namespace

Handler GetAgentState(Services& services) {
  return [&services](Incoming& incoming) { return SendState(services, incoming); };
}

Handler PutAgentState(Services& services) {
  return [&services](Incoming& incoming) { return KeepState(services, incoming); };
}

}  // namespace ftl::gateway

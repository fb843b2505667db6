#include "gateway/api/configure.h"

#include <initializer_list>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "common/endpoint/url/provider.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/json_writer.h"
#include "common/json/message_json.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"

namespace ftl::gateway {

namespace vault = finetunelab::session_vault::v1;
namespace runner = finetunelab::batch_runner::v1;

namespace {

constexpr std::string_view kGetRun = "finetunelab.batch_runner.v1.BatchRunnerService.GetRun";

// Only the browser of the person themselves keeps anything, and only in its own storage.
constexpr char kClearSiteData[] = "\"cache\", \"cookies\", \"storage\"";

using JsonFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

void AppendObject(JsonFields fields, std::string& out) {
  out += '{';
  for (const auto& [name, text] : fields) {
    if (text.empty()) continue;
    if (out.back() != '{') out += ',';
    AppendJsonString(name, out);
    out += ':';
    AppendJsonString(text, out);
  }
  out += '}';
}

std::string ProvidersJson(std::string_view sample_url, std::string_view sample_model_id, bool has_workspace) {
  std::string out = "{\"providers\":[";
  for (const Provider& provider : Providers()) {
    if (out.back() == '}') out += ',';
    AppendObject({{"provider", provider.provider},
                  {"name", provider.name},
                  {"base_url", provider.base_url},
                  {"docs_url", provider.docs_url},
                  {"example_model_id", provider.example_model_id},
                  {"key_hint", provider.key_hint}},
                 out);
  }
  out += ']';
  if (!sample_url.empty()) {
    out += ",\"sample\":";
    AppendObject({{"endpoint_url", sample_url}, {"model_id", sample_model_id}}, out);
  }
  if (has_workspace) out += ",\"workspace\":\"/workspace\"";
  return out + '}';
}

// Both calls at once: neither needs the other.
Task<> SendConfiguration(Services& services, Incoming& incoming) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): the operators only
  runner::GetRunRequest latest;
  latest.set_session_id(static_cast<const vault::GetSessionRequest&>(*incoming.request).session_id());
  const auto [response, run] =
      co_await (services.upstream.Call(incoming.call, Upstream::MethodNamed(incoming.route.rpc), incoming.request) &&
                services.upstream.Call<runner::GetRunResponse>(incoming.call, kGetRun, std::move(latest)));
  CO_TRY(response.status());
  auto& session = static_cast<vault::GetSessionResponse&>(**response);
  if (run.ok()) {
    session.set_latest_test_run_id(run->id());
  } else if (ReasonOf(run.status()) != Reason::kNoRun) {
    co_return run.status();
  }
  co_return co_await incoming.exchange.Send(http::JsonResponse(incoming.route.status, ToJson(session)));
}

Task<> SendModels(Services& services, Incoming& incoming) {
  const auto& request = static_cast<const runner::ListModelsRequest&>(*incoming.request);
  if (!request.endpoint_url().empty()) {
    CO_TRY(
        co_await services.quotas.TakeOne(incoming.call, "model_lists_per_minute", incoming.exchange.client_address()));
  }
  CO_TRY(const auto response,
         co_await services.upstream.Call(incoming.call, Upstream::MethodNamed(incoming.route.rpc), incoming.request));
  co_return co_await incoming.exchange.Send(http::JsonResponse(incoming.route.status, ToJson(*response)));
}

Task<> SendCleanUp(Services& services, Incoming& incoming) {
  const bool deletes_now =
      static_cast<const vault::CloseSessionRequest&>(*incoming.request).when() != vault::CLOSE_WHEN_IF_ABANDONED;
  CO_TRY(const auto response,
         co_await services.upstream.Call(incoming.call, Upstream::MethodNamed(incoming.route.rpc), incoming.request));
  http::Response answer = http::JsonResponse(incoming.route.status, ToJson(*response));
  if (deletes_now) answer.With("Clear-Site-Data", kClearSiteData);
  co_return co_await incoming.exchange.Send(std::move(answer));
}

}  // namespace

Handler GetConfiguration(Services& services) {
  return [&services](Incoming& incoming) { return SendConfiguration(services, incoming); };
}

Handler ListModels(Services& services) {
  return [&services](Incoming& incoming) { return SendModels(services, incoming); };
}

Handler ListProviders(std::string_view sample_url, std::string_view sample_model_id, bool has_workspace) {
  return [json = ProvidersJson(sample_url, sample_model_id, has_workspace)](Incoming& incoming) {
    return incoming.exchange.Send(http::JsonResponse(incoming.route.status, json));
  };
}

Handler CleanUp(Services& services) {
  return [&services](Incoming& incoming) { return SendCleanUp(services, incoming); };
}

}  // namespace ftl::gateway

#include "gateway/api/models.h"

#include <fmt/format.h>

#include "common/error/try.h"
#include "common/json/json_writer.h"
#include "finetunelab/batch_runner/v1/workspace_service.pb.h"

namespace ftl::gateway {

namespace runner = finetunelab::batch_runner::v1;

namespace {

constexpr std::string_view kListAllModels = "finetunelab.batch_runner.v1.WorkspaceService.ListAllModels";
constexpr std::string_view kDefaultKey = "default";

std::string IdOf(const runner::AvailableModel& model) {
  if (model.key_name() == kDefaultKey) return fmt::format("{}/{}", model.service(), model.id());
  return fmt::format("{}:{}/{}", model.service(), model.key_name(), model.id());
}

Task<> SendModels(Services& services, Incoming& incoming) {
  runner::ListAllModelsRequest request;
  request.set_owner(incoming.owner);
  CO_TRY(const auto listed, co_await services.upstream.Call<runner::ListAllModelsResponse>(
                                incoming.call, kListAllModels, std::move(request)));
  std::string json = R"({"object":"list","data":[)";
  for (const runner::AvailableModel& model : listed.models()) {
    json += json.back() == '[' ? "{\"id\":" : ",{\"id\":";
    AppendJsonString(IdOf(model), json);
    fmt::format_to(std::back_inserter(json),
                   ",\"object\":\"model\",\"created\":{},\"owned_by\":", model.created_at().seconds());
    AppendJsonString(model.service(), json);
    json += '}';
  }
  co_return co_await incoming.exchange.Send(http::JsonResponse(incoming.route.status, json + "]}"));
}

}  // namespace

Handler ListModelsForClients(Services& services) {
  return [&services](Incoming& incoming) { return SendModels(services, incoming); };
}

}  // namespace ftl::gateway

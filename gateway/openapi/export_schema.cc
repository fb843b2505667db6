#include "gateway/openapi/export_schema.h"

#include <memory>

#include <fmt/format.h>

#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "finetunelab/batch_runner/v1/result.pb.h"
#include "finetunelab/batch_runner/v1/run.pb.h"
#include "gateway/openapi/schemas.h"

namespace ftl::gateway {
namespace {

namespace runner = finetunelab::batch_runner::v1;

constexpr std::string_view kMoment = R"({"type":"string","format":"date-time"})";

// What the session's part is, which no message of the API is.
std::string SessionSchema() {
  std::string properties;
  for (const char* name : {"model_id", "model_name", "provider", "endpoint_origin"}) {
    properties += fmt::format(R"("{}":{{"type":"string"}},)", name);
  }
  return fmt::format(
      R"({{"type":"object","properties":{{{}"created_at":{}}},)"
      R"("required":["model_id","model_name","provider","endpoint_origin","created_at"],"additionalProperties":false}})",
      properties, kMoment);
}

}  // namespace

std::string ExportSchema() {
  const Comments comments;
  Schemas schemas(comments, "#/$defs/");
  const auto reference = [&schemas](const google::protobuf::Descriptor* type) {
    return schemas.Reference(*type, /*is_answer=*/true);
  };
  const std::string run = reference(runner::Run::descriptor());
  const std::string metrics = reference(finetunelab::analytics::v1::GetMetricsResponse::descriptor());
  const std::string result = reference(runner::Result::descriptor());
  return fmt::format(
      R"({{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"/schemas/export.json",)"
      R"("title":"Export of a batch test as JSON","description":"A line of JSON lines is one of `results`.",)"
      R"("type":"object","properties":{{"export_date":{},"complete":{{"type":"boolean","description":)"
      R"("False while a run is going."}},"filter":{{"type":"string","description":"Which results follow, where not all do; )"
      R"(metrics are of all."}},"session":{},"runs":{{"type":"array","items":{}}},"metrics":{},)"
      R"("results":{{"type":"array","items":{}}}}},)"
      R"("required":["export_date","complete","session","runs","metrics","results"],"additionalProperties":false,)"
      R"("$defs":{{{}}}}})",
      kMoment, SessionSchema(), run, metrics, result, schemas.Json());
}

Route ExportSchemaRoute() {
  Route route;
  route.method = "GET";
  route.path = "/schemas/export.json";
  route.tier = Tier::kOperations;
  route.summary = "The JSON Schema of an export as JSON";
  route.handler = [json = std::make_shared<std::string>()](Incoming& incoming) {
    if (json->empty()) *json = ExportSchema();
    http::Response response = http::JsonResponse(200, "");
    response.content_type = "application/schema+json";
    response.cache_control = "no-cache";
    response.shared_body = *json;
    return incoming.exchange.Send(std::move(response));
  };
  return route;
}

}  // namespace ftl::gateway

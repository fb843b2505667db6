#include "gateway/workspace_routes.h"

#include "gateway/api/keys.h"
#include "gateway/api/models.h"

namespace ftl::gateway {
namespace {

#define FTL_KEYS "finetunelab.session_vault.v1.StoredKeysService."
#define FTL_IDENTITY "finetunelab.session_vault.v1.IdentityService."
#define FTL_WORKSPACE "finetunelab.batch_runner.v1.WorkspaceService."

}  // namespace

std::vector<Route> WorkspaceRoutes(Services& services) {
  std::vector<Route> routes = {
      {.method = "POST",
       .path = "/api/tokens",
       .rpc = FTL_IDENTITY "CreateToken",
       .status = 201,
       .words_are_judged_behind = true,
       .scope = "admin",
       .summary = "Make a token for a program",
       .example = R"({"name":"nightly run","scopes":["chat","runs"],"expires_at":"2027-01-01T00:00:00Z"})"},
      {.method = "GET",
       .path = "/api/tokens",
       .rpc = FTL_IDENTITY "ListTokens",
       .scope = "admin",
       .summary = "The tokens for programs"},
      {.method = "DELETE",
       .path = "/api/tokens/{id}",
       .rpc = FTL_IDENTITY "DeleteToken",
       .body_optional = true,
       .scope = "admin",
       .summary = "Delete a token"},
      {.method = "POST",
       .path = "/api-keys",
       .rpc = FTL_KEYS "PutStoredKey",
       .status = 201,
       .scope = "keys",
       .summary = "Store a key of a service",
       .example =
           R"({"service_name":"openai_compatible","name":"ours","api_key":"YOUR_KEY","base_url":"https://models.example.com/v1","test":true})",
       .problems = {Reason::kKeyFormat, Reason::kEndpointNotAllowed, Reason::kEndpointFailed, Reason::kEndpointTimeout},
       .handler = PutKey(services)},
      {.method = "GET",
       .path = "/api-keys",
       .rpc = FTL_KEYS "ListStoredKeys",
       .scope = "keys",
       .summary = "The stored keys, and the services that there are"},
      {.method = "POST",
       .path = "/api-keys/{service_name}/test",
       .rpc = FTL_WORKSPACE "TestKey",
       .body_optional = true,
       .scope = "keys",
       .summary = "Ask a service whether it takes a key",
       .example = R"({"api_key":"YOUR_KEY","base_url":"https://models.example.com/v1"})",
       .problems = {Reason::kKeyFormat, Reason::kEndpointNotAllowed, Reason::kNotFound, Reason::kKeyForgotten}},
      {.method = "DELETE",
       .path = "/api-keys/{service_name}",
       .rpc = FTL_KEYS "DeleteStoredKey",
       .body_optional = true,
       .scope = "keys",
       .summary = "Delete a stored key"},
      {.method = "GET",
       .path = "/api/models",
       .rpc = FTL_WORKSPACE "ListAllModels",
       .scope = "chat",
       .summary = "The models of all stored keys"},
      {.method = "GET",
       .path = "/v1/models",
       .scope = "chat",
       .summary = "The models of all stored keys, for clients of OpenAI's API",
       .handler = ListModelsForClients(services)},
  };
  for (Route& route : routes) {
    route.tier = Tier::kWorkspace;
    route.problems.insert(route.problems.end(),
                          {Reason::kForbiddenOrigin, Reason::kUnauthenticated, Reason::kPermissionDenied});
  }
  return routes;
}

}  // namespace ftl::gateway

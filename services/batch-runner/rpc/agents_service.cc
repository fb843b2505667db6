#include "services/batch-runner/rpc/agents_service.h"

#include <absl/strings/numbers.h>

#include "common/error/try.h"
#include "common/proto/copy_fields.h"
#include "common/rpc/paging.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/rpc/idempotency_of.h"

namespace ftl::batch_runner {
namespace {

template <typename Request>
void JudgeAgent(const Request& request, FieldFaults& faults) {
  JudgeLength("description", request.description(), 0, kDescriptionBytes, faults);
  if (request.has_model()) JudgeModelChoice(request.model(), faults);
  JudgeLength("system_prompt", request.system_prompt(), 0, kSystemPromptBytes, faults);
  if (request.has_parameters()) JudgeChatParameters(request.parameters(), "parameters.", faults);
}

// `"3"`, a list of such is not understood; `*` for any that there is.
absl::StatusOr<AgentStore::Known> KnownBy(const std::string& if_match) {
  AgentStore::Known known;
  if (if_match.empty()) return known;
  known.any = false;
  known.exists = if_match == "*";
  if (known.exists) return known;
  const bool is_quoted = if_match.size() > 2 && if_match.front() == '"' && if_match.back() == '"';
  if (!is_quoted || !absl::SimpleAtoi(if_match.substr(1, if_match.size() - 2), &known.version)) {
    return Refuse(Reason::kBadRequest, "If-Match must be the ETag of the state, such as \"3\", or *.");
  }
  return known;
}

}  // namespace

Task<pb::CreateAgentResponse> AgentsService::CreateAgent(const CallContext& call,
                                                         const pb::CreateAgentRequest& request) {
  FieldFaults faults;
  JudgeLength("name", request.name(), 1, kNameBytes, faults);
  JudgeAgent(request, faults);
  if (request.has_project()) JudgeProject(request.project(), faults);
  CO_TRY(faults.Verdict());
  CO_TRY(const pb::Agent made, co_await store_.Create(call, request, IdempotencyOf(request)));
  pb::CreateAgentResponse response;
  CopyFields(made, response);
  co_return response;
}

Task<pb::ListAgentsResponse> AgentsService::ListAgents(const CallContext& call, const pb::ListAgentsRequest& request) {
  CO_TRY(const int page_size, PageSize(request.page_size()));
  const std::string project = request.has_project() ? request.project() : std::string(kDefaultProject);
  const std::string list = "agents " + request.owner() + " " + project;
  CO_TRY(const std::string after, PagePosition(list, request.page_token()));
  CO_TRY(auto page, co_await store_.List(call, request.owner(), project, after, page_size));
  pb::ListAgentsResponse response;
  response.set_total(page.total);
  for (pb::Agent& agent : page.agents) *response.add_agents() = std::move(agent);
  if (page.more) {
    response.set_next_page_token(PageToken(list, response.agents(response.agents_size() - 1).name()));
  }
  co_return response;
}

Task<pb::GetAgentResponse> AgentsService::GetAgent(const CallContext& call, const pb::GetAgentRequest& request) {
  CO_TRY(const pb::Agent agent, co_await store_.Get(call, request.owner(), request.id()));
  pb::GetAgentResponse response;
  CopyFields(agent, response);
  co_return response;
}

Task<pb::UpdateAgentResponse> AgentsService::UpdateAgent(const CallContext& call,
                                                         const pb::UpdateAgentRequest& request) {
  FieldFaults faults;
  if (request.has_name()) JudgeLength("name", request.name(), 1, kNameBytes, faults);
  JudgeAgent(request, faults);
  CO_TRY(faults.Verdict());
  CO_TRY(const pb::Agent changed, co_await store_.Update(call, request));
  pb::UpdateAgentResponse response;
  CopyFields(changed, response);
  co_return response;
}

Task<pb::DeleteAgentResponse> AgentsService::DeleteAgent(const CallContext& call,
                                                         const pb::DeleteAgentRequest& request) {
  pb::DeleteAgentResponse response;
  CO_TRY(const bool deleted, co_await store_.Delete(call, request.owner(), request.id()));
  response.set_deleted(deleted);
  co_return response;
}

Task<pb::GetAgentStateResponse> AgentsService::GetAgentState(const CallContext& call,
                                                             const pb::GetAgentStateRequest& request) {
  co_return co_await store_.GetState(call, request.owner(), request.id());
}

Task<pb::PutAgentStateResponse> AgentsService::PutAgentState(const CallContext& call,
                                                             const pb::PutAgentStateRequest& request) {
  CO_TRY(const AgentStore::Known known, KnownBy(request.if_match()));
  co_return co_await store_.PutState(call, request.owner(), request.id(), request.raw_content(), known);
}

Task<pb::DeleteAgentStateResponse> AgentsService::DeleteAgentState(const CallContext& call,
                                                                   const pb::DeleteAgentStateRequest& request) {
  CO_TRY(const AgentStore::Known known, KnownBy(request.if_match()));
  pb::DeleteAgentStateResponse response;
  CO_TRY(const bool deleted, co_await store_.DeleteState(call, request.owner(), request.id(), known));
  response.set_deleted(deleted);
  co_return response;
}

}  // namespace ftl::batch_runner

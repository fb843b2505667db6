#pragma once

#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/batch_runner/v1/agents_service.grpc.pb.h"
#include "services/batch-runner/store/agent_store.h"

namespace ftl::batch_runner {

// Keeps agents and their states. One per server, on the module's thread; the store outlives it.
class AgentsService final : public pb::AgentsService::CallbackService {
 public:
  AgentsService(rpc::Serving serving, AgentStore& store) : serving_(std::move(serving)), store_(store) {}

  FTL_SERVE(CreateAgent)
  FTL_SERVE(ListAgents)
  FTL_SERVE(GetAgent)
  FTL_SERVE(UpdateAgent)
  FTL_SERVE(DeleteAgent)
  FTL_SERVE(GetAgentState)
  FTL_SERVE(PutAgentState)
  FTL_SERVE(DeleteAgentState)

 private:
  Task<pb::CreateAgentResponse> CreateAgent(const CallContext& call, const pb::CreateAgentRequest& request);
  Task<pb::ListAgentsResponse> ListAgents(const CallContext& call, const pb::ListAgentsRequest& request);
  Task<pb::GetAgentResponse> GetAgent(const CallContext& call, const pb::GetAgentRequest& request);
  Task<pb::UpdateAgentResponse> UpdateAgent(const CallContext& call, const pb::UpdateAgentRequest& request);
  Task<pb::DeleteAgentResponse> DeleteAgent(const CallContext& call, const pb::DeleteAgentRequest& request);
  Task<pb::GetAgentStateResponse> GetAgentState(const CallContext& call, const pb::GetAgentStateRequest& request);
  Task<pb::PutAgentStateResponse> PutAgentState(const CallContext& call, const pb::PutAgentStateRequest& request);
  Task<pb::DeleteAgentStateResponse> DeleteAgentState(const CallContext& call,
                                                      const pb::DeleteAgentStateRequest& request);

  rpc::Serving serving_;
  AgentStore& store_;
};

}  // namespace ftl::batch_runner

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/agents_service.pb.h"
#include "services/batch-runner/store/idempotency.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

absl::Status AgentNotFound();

// The columns of an agent `x`, and the agent in a row of them.
#define FTL_AGENT_COLUMNS                                                                                    \
  "x.id::text AS id, x.name, x.description, x.model::text AS model, x.system_prompt, x.parameters::text AS " \
  "parameters, x.project, x.created_at, x.updated_at "
pb::Agent AgentOf(const Row& row);

// SQL of agents and their states. Every method works for one owner and meets nobody else's; ids may be any text.
class AgentStore {
 public:
  explicit AgentStore(Database& database) : database_(database) {}

  // The stored one, or the one that the same key and content made before. CONFLICT for a name that is taken,
  // IDEMPOTENCY_KEY_REUSED.
  Task<pb::Agent> Create(const CallContext& call, pb::CreateAgentRequest request, Idempotency idempotency);

  // By name, those after `after_name`.
  struct Page {
    std::vector<pb::Agent> agents;
    int32_t total = 0;
    bool more = false;
  };
  Task<Page> List(const CallContext& call, std::string owner, std::string project, std::string after_name, int limit);
  // NOT_FOUND.
  Task<pb::Agent> Get(const CallContext& call, std::string owner, std::string id);
  // NOT_FOUND, CONFLICT.
  Task<pb::Agent> Update(const CallContext& call, pb::UpdateAgentRequest request);
  // Whether there was one.
  Task<bool> Delete(const CallContext& call, std::string owner, std::string id);

  // NOT_FOUND.
  Task<pb::GetAgentStateResponse> GetState(const CallContext& call, std::string owner, std::string id);
  // The version that the caller takes for the newest.
  struct Known {
    bool any = true;      // whatever there is, or nothing
    bool exists = false;  // some version
    int64_t version = 0;  // this one
  };
  // NOT_FOUND for the agent, CONFLICT where something else is kept.
  Task<pb::PutAgentStateResponse> PutState(const CallContext& call, std::string owner, std::string id,
                                           std::string state, Known known);
  // Keeps what another program kept of the agent of that name, and gives whether it did: not where something is kept
  // already. An agent that is not there is made. A dry run stores nothing.
  Task<bool> ImportState(const CallContext& call, std::string owner, std::string project, std::string name,
                         std::string state, bool dry_run);
  // Whether there was something. CONFLICT.
  Task<bool> DeleteState(const CallContext& call, std::string owner, std::string id, Known known);

 private:
  Database& database_;
};

}  // namespace ftl::batch_runner

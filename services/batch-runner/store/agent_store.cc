#include "services/batch-runner/store/agent_store.h"

#include "common/conversation/conversation_row.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/store/conversation_store.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kCreate{"agent.create", R"(
  INSERT INTO agents AS x (owner, project, name, description, model, system_prompt, parameters, idempotency_key,
                           idempotency_digest)
  VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7::jsonb, $8, $9)
  ON CONFLICT (owner, idempotency_key) WHERE idempotency_key IS NOT NULL DO UPDATE SET name = x.name
  RETURNING x.idempotency_digest, )" FTL_AGENT_COLUMNS};

// A row is at most some 70 KiB; a page holds 1 MiB and the row that passes it.
constexpr Query kList{"agent.list", "SELECT " FTL_AGENT_COLUMNS R"(
  FROM agents x
  JOIN (SELECT id, sum(coalesce(octet_length(system_prompt), 0)) OVER (ORDER BY name)
                   - coalesce(octet_length(system_prompt), 0) AS bytes_before
        FROM (SELECT id, name, system_prompt FROM agents WHERE owner = $1 AND project = $2 AND name > $3
              ORDER BY name LIMIT $4::int) page) weighed ON weighed.id = x.id
  WHERE x.owner = $1 AND weighed.bytes_before < 1048576 ORDER BY x.name)"};

constexpr Query kCount{"agent.count", "SELECT count(*)::int AS total FROM agents WHERE owner = $1 AND project = $2"};

constexpr Query kLastName{"agent.last_name", "SELECT max(name) AS name FROM agents WHERE owner = $1 AND project = $2"};

constexpr Query kGet{"agent.get", "SELECT " FTL_AGENT_COLUMNS "FROM agents x WHERE x.owner = $1 AND x.id = $2::uuid"};

constexpr Query kUpdate{"agent.update", R"(
  UPDATE agents x
  SET name = coalesce($3, name), model = coalesce($5::jsonb, model), parameters = coalesce($7::jsonb, parameters),
      description = CASE WHEN $4::text IS NULL THEN description ELSE nullif($4, '') END,
      system_prompt = CASE WHEN $6::text IS NULL THEN system_prompt ELSE nullif($6, '') END, updated_at = now()
  WHERE owner = $1 AND id = $2::uuid RETURNING )" FTL_AGENT_COLUMNS};

constexpr Query kDelete{"agent.delete", "DELETE FROM agents WHERE owner = $1 AND id = $2::uuid"};

constexpr Query kGetState{"agent.get_state", R"(
  SELECT state::text AS state, version, updated_at FROM agent_states WHERE owner = $1 AND agent_id = $2::uuid)"};

// `$4`: any, `$5`: some version, `$6`: this one.
constexpr Query kPutState{"agent.put_state", R"(
  INSERT INTO agent_states AS s (owner, agent_id, state, version)
  SELECT $1, $2::uuid, $3::json, 1
  WHERE $4 OR EXISTS (SELECT FROM agent_states WHERE owner = $1 AND agent_id = $2::uuid AND ($5 OR version = $6))
  ON CONFLICT (owner, agent_id) DO UPDATE SET state = EXCLUDED.state, version = s.version + 1, updated_at = now()
  WHERE $4 OR $5 OR s.version = $6
  RETURNING version, updated_at)"};

constexpr Query kHasState{"agent.has_state", R"(
  SELECT EXISTS (SELECT FROM agents a JOIN agent_states s ON s.owner = a.owner AND s.agent_id = a.id
                 WHERE a.owner = $1 AND a.project = $2 AND a.name = $3) AS is_there)"};

constexpr Query kImportAgent{"agent.import", R"(
  INSERT INTO agents (owner, project, name) VALUES ($1, $2, $3) ON CONFLICT (owner, project, name) DO NOTHING)"};

constexpr Query kImportState{"agent.import_state", R"(
  INSERT INTO agent_states (owner, agent_id, state, version)
  SELECT owner, id, $4::json, 1 FROM agents WHERE owner = $1 AND project = $2 AND name = $3
  ON CONFLICT (owner, agent_id) DO NOTHING)"};

constexpr Query kDeleteState{"agent.delete_state", R"(
  DELETE FROM agent_states WHERE owner = $1 AND agent_id = $2::uuid AND ($3 OR $4 OR version = $5))"};

std::optional<std::string> OrNull(bool has, const std::string& text) {
  return has ? std::optional(text) : std::nullopt;
}

absl::Status NameTaken(std::string_view name) {
  return Refuse(Reason::kConflict, "Another agent of this project has this name. Choose another.").With("name", name);
}

absl::Status StateMoved() {
  return Refuse(Reason::kConflict,
                "Another state is kept than the one that If-Match names. Read it again, and decide anew.");
}

}  // namespace

pb::Agent AgentOf(const Row& row) {
  pb::Agent agent;
  agent.set_id(row.Get<std::string>("id"));
  agent.set_name(row.Get<std::string>("name"));
  if (auto text = row.Get<std::optional<std::string>>("description")) agent.set_description(*std::move(text));
  if (auto model = ModelIn(row)) *agent.mutable_model() = *std::move(model);
  if (auto prompt = row.Get<std::optional<std::string>>("system_prompt")) agent.set_system_prompt(*std::move(prompt));
  if (auto parameters = ParametersIn(row)) *agent.mutable_parameters() = *std::move(parameters);
  agent.set_project(row.Get<std::string>("project"));
  *agent.mutable_created_at() = ToProto(row.Get<absl::Time>("created_at"));
  *agent.mutable_updated_at() = ToProto(row.Get<absl::Time>("updated_at"));
  return agent;
}

absl::Status AgentNotFound() {
  return Refuse(Reason::kNotFound, "There is no such agent. GET /api/agents lists them.");
}

Task<pb::Agent> AgentStore::Create(const CallContext& call, pb::CreateAgentRequest request, Idempotency idempotency) {
  const std::string project = request.has_project() ? request.project() : std::string(kDefaultProject);
  std::vector<Statement> statements;
  statements.push_back(KnowOwner(request.owner()));
  statements.push_back(
      {kCreate,
       Params(request.owner(), project, request.name(), OrNull(!request.description().empty(), request.description()),
              ModelJson(request), OrNull(!request.system_prompt().empty(), request.system_prompt()),
              ParametersJson(request), OrNull(!idempotency.key.empty(), idempotency.key),
              OrNull(!idempotency.key.empty(), idempotency.digest))});
  const auto rows = co_await database_.RunAll(call.deadline, SessionScope(request.owner()), std::move(statements));
  if (!rows.ok() && IsUniqueViolation(rows.status(), "agents_name")) co_return NameTaken(request.name());
  CO_TRY(rows.status());
  const Row row = (*rows)[1].Only();
  if (row.Get<std::optional<std::string>>("idempotency_digest").value_or("") != idempotency.digest) {
    co_return Refuse(Reason::kIdempotencyKeyReused,
                     "This Idempotency-Key made another agent. Use a new key for a new one.");
  }
  co_return AgentOf(row);
}

Task<AgentStore::Page> AgentStore::List(const CallContext& call, std::string owner, std::string project,
                                        std::string after_name, int limit) {
  std::vector<Statement> statements;
  statements.push_back({kList, Params(owner, project, after_name, limit)});
  statements.push_back({kCount, Params(owner, project)});
  statements.push_back({kLastName, Params(owner, project)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements)));
  Page page;
  for (const Row row : rows[0]) page.agents.push_back(AgentOf(row));
  page.total = rows[1].Only().Get<int32_t>("total");
  const auto last = rows[2].Only().Get<std::optional<std::string>>("name");
  page.more = !page.agents.empty() && last && page.agents.back().name() != *last;
  co_return page;
}

Task<pb::Agent> AgentStore::Get(const CallContext& call, std::string owner, std::string id) {
  if (!IsUuid(id)) co_return AgentNotFound();
  CO_TRY(const Rows rows, co_await database_.Run(call.deadline, SessionScope(owner), kGet, Params(owner, id)));
  if (rows.empty()) co_return AgentNotFound();
  co_return AgentOf(rows[0]);
}

Task<pb::Agent> AgentStore::Update(const CallContext& call, pb::UpdateAgentRequest request) {
  if (!IsUuid(request.id())) co_return AgentNotFound();
  Params values(request.owner(), request.id(), OrNull(request.has_name(), request.name()),
                OrNull(request.has_description(), request.description()), ModelJson(request),
                OrNull(request.has_system_prompt(), request.system_prompt()), ParametersJson(request));
  const auto rows = co_await database_.Run(call.deadline, SessionScope(request.owner()), kUpdate, std::move(values));
  if (!rows.ok() && IsUniqueViolation(rows.status(), "agents_name")) co_return NameTaken(request.name());
  CO_TRY(rows.status());
  if (rows->empty()) co_return AgentNotFound();
  co_return AgentOf((*rows)[0]);
}

Task<bool> AgentStore::Delete(const CallContext& call, std::string owner, std::string id) {
  if (!IsUuid(id)) co_return false;
  CO_TRY(const Rows rows, co_await database_.Run(call.deadline, SessionScope(owner), kDelete, Params(owner, id)));
  co_return rows.affected() > 0;
}

Task<pb::GetAgentStateResponse> AgentStore::GetState(const CallContext& call, std::string owner, std::string id) {
  if (!IsUuid(id)) co_return AgentNotFound();
  std::vector<Statement> statements;
  statements.push_back({kGet, Params(owner, id)});
  statements.push_back({kGetState, Params(owner, id)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements)));
  if (rows[0].empty()) co_return AgentNotFound();
  if (rows[1].empty()) {
    co_return Refuse(Reason::kNotFound, "Nothing is kept of this agent yet. PUT its state first.");
  }
  pb::GetAgentStateResponse response;
  response.set_state(rows[1][0].Get<std::string>("state"));
  response.set_version(rows[1][0].Get<int64_t>("version"));
  *response.mutable_updated_at() = ToProto(rows[1][0].Get<absl::Time>("updated_at"));
  co_return response;
}

Task<pb::PutAgentStateResponse> AgentStore::PutState(const CallContext& call, std::string owner, std::string id,
                                                     std::string state, Known known) {
  if (!IsUuid(id)) co_return AgentNotFound();
  std::vector<Statement> statements;
  statements.push_back({kPutState, Params(owner, id, state, known.any, known.exists, known.version)});
  const auto rows = co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements));
  if (!rows.ok() && IsForeignKeyViolation(rows.status())) co_return AgentNotFound();
  CO_TRY(rows.status());
  if (rows->front().empty()) {
    CO_TRY(co_await Get(call, owner, id));
    co_return StateMoved();
  }
  pb::PutAgentStateResponse response;
  response.set_version(rows->front()[0].Get<int64_t>("version"));
  *response.mutable_updated_at() = ToProto(rows->front()[0].Get<absl::Time>("updated_at"));
  co_return response;
}

Task<bool> AgentStore::ImportState(const CallContext& call, std::string owner, std::string project, std::string name,
                                   std::string state, bool dry_run) {
  if (dry_run) {
    CO_TRY(const Rows rows,
           co_await database_.Run(call.deadline, SessionScope(owner), kHasState, Params(owner, project, name)));
    co_return !rows.Only().Get<bool>("is_there");
  }
  std::vector<Statement> statements;
  statements.push_back(KnowOwner(owner));
  statements.push_back({kImportAgent, Params(owner, project, name)});
  statements.push_back({kImportState, Params(owner, project, name, state)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements)));
  co_return rows[2].affected() > 0;
}

Task<bool> AgentStore::DeleteState(const CallContext& call, std::string owner, std::string id, Known known) {
  if (!IsUuid(id)) co_return false;
  std::vector<Statement> statements;
  statements.push_back({kDeleteState, Params(owner, id, known.any, known.exists, known.version)});
  statements.push_back({kGetState, Params(owner, id)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements)));
  if (rows[0].affected() > 0) co_return true;
  if (!known.any && !rows[1].empty()) co_return StateMoved();
  co_return false;
}

}  // namespace ftl::batch_runner

#include "services/batch-runner/store/template_store.h"

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/json_writer.h"
#include "common/json/message_json.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/chat/template_text.h"
#include "services/batch-runner/store/conversation_store.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kCreate{"template.create", R"(
  INSERT INTO prompt_templates AS t (owner, project, name, description, idempotency_key, idempotency_digest)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (owner, idempotency_key) WHERE idempotency_key IS NOT NULL DO UPDATE SET name = t.name
  RETURNING t.id::text AS id, t.idempotency_digest)"};

constexpr Query kFirstVersion{"template.first_version", R"(
  INSERT INTO prompt_template_versions (owner, template_id, version, content, defaults)
  VALUES ($1, $2::uuid, 1, $3, $4::jsonb) ON CONFLICT DO NOTHING)"};

constexpr Query kList{"template.list", "SELECT " FTL_TEMPLATE_COLUMNS R"(
  FROM (SELECT id, sum(bytes) OVER (ORDER BY name) - bytes AS bytes_before
        FROM (SELECT t.id, t.name, octet_length(v.content) AS bytes
              FROM prompt_templates t
              JOIN prompt_template_versions v ON v.owner = $1 AND v.template_id = t.id AND v.version = t.version
              WHERE t.owner = $1 AND t.project = $2 AND t.name > $3 ORDER BY t.name LIMIT $4::int) page) weighed
  JOIN prompt_templates x ON x.owner = $1 AND x.id = weighed.id
  JOIN prompt_template_versions v ON v.owner = $1 AND v.template_id = x.id AND v.version = x.version
  WHERE weighed.bytes_before < 1048576 ORDER BY x.name)"};

constexpr Query kCount{"template.count", R"(
  SELECT count(*)::int AS total, max(name) AS last_name FROM prompt_templates WHERE owner = $1 AND project = $2)"};

constexpr Query kGet{"template.get", "SELECT " FTL_TEMPLATE_COLUMNS R"(
  FROM prompt_templates x
  JOIN prompt_template_versions v
    ON v.owner = $1 AND v.template_id = x.id AND v.version = CASE WHEN $3::int = 0 THEN x.version ELSE $3::int END
  WHERE x.owner = $1 AND x.id = $2::uuid)"};

constexpr Query kRename{"template.rename", R"(
  UPDATE prompt_templates
  SET name = coalesce($3, name), description = CASE WHEN $4::text IS NULL THEN description ELSE nullif($4, '') END
  WHERE owner = $1 AND id = $2::uuid)"};

// Only where text or defaults differ from the newest; the template's row is locked by kRename before.
constexpr Query kNextVersion{"template.next_version", R"(
  WITH newest AS (
    SELECT v.version, v.content, v.defaults
    FROM prompt_templates t
    JOIN prompt_template_versions v ON v.owner = $1 AND v.template_id = t.id AND v.version = t.version
    WHERE t.owner = $1 AND t.id = $2::uuid),
  made AS (
    INSERT INTO prompt_template_versions (owner, template_id, version, content, defaults)
    SELECT $1, $2::uuid, version + 1, coalesce($3, content), defaults || $4::jsonb FROM newest
    WHERE coalesce($3, content) <> content OR defaults || $4::jsonb <> defaults
    RETURNING version)
  UPDATE prompt_templates t SET version = made.version FROM made WHERE t.owner = $1 AND t.id = $2::uuid)"};

constexpr Query kDelete{"template.delete", "DELETE FROM prompt_templates WHERE owner = $1 AND id = $2::uuid"};

std::optional<std::string> OrNull(bool has, const std::string& text) {
  return has ? std::optional(text) : std::nullopt;
}

std::string DefaultsJson(const google::protobuf::Map<std::string, std::string>& defaults) {
  std::string json = "{";
  for (const auto& [name, value] : defaults) {
    if (json.size() > 1) json += ',';
    AppendJsonString(name, json);
    json += ':';
    AppendJsonString(value, json);
  }
  return json + "}";
}

absl::Status NameTaken(std::string_view name) {
  return Refuse(Reason::kConflict, "Another template of this project has this name. Choose another.")
      .With("name", name);
}

}  // namespace

pb::PromptTemplate TemplateOf(const Row& row) {
  pb::PromptTemplate made;
  made.set_id(row.Get<std::string>("id"));
  made.set_name(row.Get<std::string>("name"));
  if (auto text = row.Get<std::optional<std::string>>("description")) made.set_description(*std::move(text));
  made.set_content(row.Get<std::string>("content"));
  pb::CreateTemplateRequest stored;
  InputFaults faults;
  (void)ReadBody("{\"defaults\":" + row.Get<std::string>("defaults") + "}", stored, faults);
  for (const std::string& name : VariablesIn(made.content())) {
    pb::TemplateVariable& variable = *made.add_variables();
    variable.set_name(name);
    if (const auto value = stored.defaults().find(name); value != stored.defaults().end()) {
      variable.set_default_(value->second);
    }
  }
  made.set_version(row.Get<int32_t>("version"));
  made.set_project(row.Get<std::string>("project"));
  *made.mutable_created_at() = ToProto(row.Get<absl::Time>("created_at"));
  *made.mutable_updated_at() = ToProto(row.Get<absl::Time>("updated_at"));
  return made;
}

absl::Status TemplateNotFound() {
  return Refuse(Reason::kNotFound,
                "There is no such template, or not that version of it. GET /api/templates lists them.");
}

Task<pb::PromptTemplate> TemplateStore::Create(const CallContext& call, pb::CreateTemplateRequest request,
                                               Idempotency idempotency) {
  const std::string& owner = request.owner();
  const std::string project = request.has_project() ? request.project() : std::string(kDefaultProject);
  auto work = [&](Transaction& transaction) -> Task<pb::PromptTemplate> {
    std::vector<Statement> statements;
    statements.push_back(KnowOwner(owner));
    statements.push_back(
        {kCreate, Params(owner, project, request.name(), OrNull(!request.description().empty(), request.description()),
                         OrNull(!idempotency.key.empty(), idempotency.key),
                         OrNull(!idempotency.key.empty(), idempotency.digest))});
    CO_TRY(const auto made, co_await transaction.RunAll(std::move(statements)));
    const Row row = made[1].Only();
    if (row.Get<std::optional<std::string>>("idempotency_digest").value_or("") != idempotency.digest) {
      co_return Refuse(Reason::kIdempotencyKeyReused,
                       "This Idempotency-Key made another template. Use a new key for a new one.");
    }
    const std::string id = row.Get<std::string>("id");
    std::vector<Statement> more;
    more.push_back({kFirstVersion, Params(owner, id, request.content(), DefaultsJson(request.defaults()))});
    more.push_back({kGet, Params(owner, id, 0)});
    CO_TRY(const auto stored, co_await transaction.RunAll(std::move(more)));
    co_return TemplateOf(stored[1].Only());
  };
  auto made = co_await database_.Transact(call.deadline, SessionScope(owner), work);
  if (!made.ok() && IsUniqueViolation(made.status(), "prompt_templates_name")) co_return NameTaken(request.name());
  co_return made;
}

Task<TemplateStore::Page> TemplateStore::List(const CallContext& call, std::string owner, std::string project,
                                              std::string after_name, int limit) {
  std::vector<Statement> statements;
  statements.push_back({kList, Params(owner, project, after_name, limit)});
  statements.push_back({kCount, Params(owner, project)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements)));
  Page page;
  for (const Row row : rows[0]) page.templates.push_back(TemplateOf(row));
  const Row count = rows[1].Only();
  page.total = count.Get<int32_t>("total");
  const auto last = count.Get<std::optional<std::string>>("last_name");
  page.more = !page.templates.empty() && last && page.templates.back().name() != *last;
  co_return page;
}

Task<TemplateStore::Found> TemplateStore::Get(const CallContext& call, std::string owner, std::string id,
                                              int32_t version) {
  if (!IsUuid(id)) co_return TemplateNotFound();
  CO_TRY(const Rows rows, co_await database_.Run(call.deadline, SessionScope(owner), kGet, Params(owner, id, version)));
  if (rows.empty()) co_return TemplateNotFound();
  co_return Found{TemplateOf(rows[0]), rows[0].Get<int32_t>("latest_version")};
}

Task<pb::PromptTemplate> TemplateStore::Update(const CallContext& call, pb::UpdateTemplateRequest request) {
  if (!IsUuid(request.id())) co_return TemplateNotFound();
  const std::string& owner = request.owner();
  std::vector<Statement> statements;
  statements.push_back({kRename, Params(owner, request.id(), OrNull(request.has_name(), request.name()),
                                        OrNull(request.has_description(), request.description()))});
  statements.push_back({kNextVersion, Params(owner, request.id(), OrNull(request.has_content(), request.content()),
                                             DefaultsJson(request.defaults()))});
  statements.push_back({kGet, Params(owner, request.id(), 0)});
  const auto rows = co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements));
  if (!rows.ok() && IsUniqueViolation(rows.status(), "prompt_templates_name")) co_return NameTaken(request.name());
  CO_TRY(rows.status());
  if (rows->back().empty()) co_return TemplateNotFound();
  co_return TemplateOf(rows->back()[0]);
}

Task<bool> TemplateStore::Delete(const CallContext& call, std::string owner, std::string id) {
  if (!IsUuid(id)) co_return false;
  CO_TRY(const Rows rows, co_await database_.Run(call.deadline, SessionScope(owner), kDelete, Params(owner, id)));
  co_return rows.affected() > 0;
}

}  // namespace ftl::batch_runner

#include "services/batch-runner/store/conversation_store.h"

#include <algorithm>

#include <absl/time/clock.h>

#include "common/conversation/conversation_row.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr int64_t kPageBytes = 1 << 20;

constexpr Query kKnowOwner{"conversation.know_owner", "INSERT INTO owners (owner) VALUES ($1) ON CONFLICT DO NOTHING"};

constexpr Query kSettle{"conversation.settle", R"(
  WITH silent AS (
    DELETE FROM message_drafts d USING messages m
    WHERE d.owner = $1 AND d.beat_at < now() - make_interval(secs => $3)
      AND m.owner = $1 AND m.id = d.message_id AND m.conversation_id = $2::uuid
    RETURNING d.message_id, d.content, d.reasoning)
  UPDATE messages m
  SET status = 'incomplete', content = silent.content, reasoning = nullif(silent.reasoning, ''),
      error = 'The program that received this answer stopped. What had come is kept; it can be continued.',
      error_type = 'unknown'
  FROM silent WHERE m.owner = $1 AND m.id = silent.message_id AND m.status = 'generating')"};

constexpr Query kCreate{"conversation.create", R"(
  INSERT INTO conversations AS c (owner, project, title, model, system_prompt, parameters, idempotency_key, idempotency_digest)
  VALUES ($1, $2, $3, $4::jsonb, $5, $6::jsonb, $7, $8)
  ON CONFLICT (owner, idempotency_key) WHERE idempotency_key IS NOT NULL DO UPDATE SET title = c.title
  RETURNING c.idempotency_digest, )" FTL_CONVERSATION_COLUMNS};

#define FTL_FOUND                                               \
  " FROM conversations c WHERE c.owner = $1 AND c.project = $2" \
  " AND ($3::text[] IS NULL OR c.id IN (SELECT search_conversations($2, $3))) "

constexpr Query kList{"conversation.list", "SELECT " FTL_CONVERSATION_COLUMNS FTL_FOUND
                                           "AND ($4::timestamptz IS NULL OR (c.updated_at, c.id) < ($4, $5::uuid)) "
                                           "ORDER BY c.updated_at DESC, c.id DESC LIMIT $6::int"};

constexpr Query kCount{"conversation.count", "SELECT count(*)::int AS total" FTL_FOUND};

constexpr Query kGet{"conversation.get",
                     "SELECT " FTL_CONVERSATION_COLUMNS "FROM conversations c WHERE c.owner = $1 AND c.id = $2::uuid"};

// A page's worth of bytes is weighed before any text is read.
constexpr Query kMessages{"conversation.messages", "SELECT " FTL_MESSAGE_TEXT_SO_FAR FTL_MESSAGE_COLUMNS R"(
  FROM (SELECT id, bytes_with - bytes AS bytes_before
        FROM (SELECT id, sequence, bytes, sum(bytes) OVER (ORDER BY sequence) AS bytes_with
              FROM (SELECT id, sequence, octet_length(content)::bigint + coalesce(octet_length(reasoning), 0) AS bytes
                    FROM messages WHERE owner = $1 AND conversation_id = $2::uuid AND sequence > $3
                    ORDER BY sequence LIMIT $4::int) page) weighed) fitting
  JOIN messages m ON m.owner = $1 AND m.id = fitting.id
  LEFT JOIN message_drafts d ON d.owner = $1 AND d.message_id = m.id AND m.status = 'generating'
  WHERE fitting.bytes_before < $5::bigint
  ORDER BY m.sequence)"};

constexpr Query kUpdate{"conversation.update", R"(
  UPDATE conversations c
  SET title = coalesce($3, title), model = coalesce($4::jsonb, model),
      system_prompt = CASE WHEN $5::text IS NULL THEN system_prompt ELSE nullif($5, '') END,
      parameters = coalesce($6::jsonb, parameters), pinned = coalesce($7, pinned),
      active_message_id = coalesce($8::uuid, active_message_id)
  WHERE owner = $1 AND id = $2::uuid
    AND ($8::uuid IS NULL OR EXISTS (SELECT FROM messages WHERE owner = $1 AND conversation_id = $2::uuid AND id = $8::uuid))
  RETURNING )" FTL_CONVERSATION_COLUMNS};

constexpr Query kIsThere{"conversation.is_there", R"(
  SELECT EXISTS (SELECT FROM conversations WHERE owner = $1 AND project = $2 AND origin = $3) AS is_there)"};

constexpr Query kImport{"conversation.import", R"(
  INSERT INTO conversations (owner, project, id, title, origin, message_count, active_message_id, created_at, updated_at)
  VALUES ($1, $2, $3::uuid, $4, $5, $6::int, $7::uuid, $8, $9)
  ON CONFLICT (owner, project, origin) WHERE origin IS NOT NULL DO NOTHING)"};

// Only where the conversation was stored just before.
constexpr Query kImportMessages{"conversation.import_messages", R"(
  INSERT INTO messages (owner, conversation_id, id, parent_id, sequence, depth, role, content, status, created_at)
  SELECT $1, c.id, m.id, m.parent_id, m.place, m.depth, m.role, m.content, 'complete', m.created_at
  FROM conversations c,
       unnest($3::uuid[], $4::uuid[], $5::int[], $6::text[], $7::text[], $8::timestamptz[]) WITH ORDINALITY
       AS m (id, parent_id, depth, role, content, created_at, place)
  WHERE c.owner = $1 AND c.id = $2::uuid)"};

constexpr Query kDelete{"conversation.delete", "DELETE FROM conversations WHERE owner = $1 AND id = $2::uuid"};

std::optional<std::string> OrNull(bool has, const std::string& text) {
  return has ? std::optional(text) : std::nullopt;
}

}  // namespace

Statement KnowOwner(std::string_view owner) { return {kKnowOwner, Params(owner)}; }

Statement SettleAnswers(std::string_view owner, std::string_view conversation_id) {
  return {kSettle, Params(owner, conversation_id, absl::ToDoubleSeconds(kSilence))};
}

absl::Status ConversationNotFound() {
  return Refuse(Reason::kNotFound, "There is no such conversation. GET /api/conversations lists them.");
}

Task<pb::Conversation> ConversationStore::Create(const CallContext& call, pb::CreateConversationRequest request,
                                                 Idempotency idempotency) {
  const std::string project = request.has_project() ? request.project() : std::string(kDefaultProject);
  std::vector<Statement> statements;
  statements.push_back(KnowOwner(request.owner()));
  statements.push_back({kCreate, Params(request.owner(), project, request.title(), ModelJson(request),
                                        OrNull(!request.system_prompt().empty(), request.system_prompt()),
                                        ParametersJson(request), OrNull(!idempotency.key.empty(), idempotency.key),
                                        OrNull(!idempotency.key.empty(), idempotency.digest))});
  CO_TRY(const auto rows,
         co_await database_.RunAll(call.deadline, SessionScope(request.owner()), std::move(statements)));
  const Row row = rows[1].Only();
  if (row.Get<std::optional<std::string>>("idempotency_digest").value_or("") != idempotency.digest) {
    co_return Refuse(Reason::kIdempotencyKeyReused,
                     "This Idempotency-Key made another conversation. Use a new key for a new one.");
  }
  co_return ConversationOf(row);
}

Task<ConversationStore::Page> ConversationStore::List(const CallContext& call, std::string owner, std::string project,
                                                      std::vector<std::string> words, std::optional<Place> after,
                                                      int limit) {
  const auto wanted = words.empty() ? std::nullopt : std::optional(words);
  const auto time = after ? std::optional(after->updated_at) : std::nullopt;
  const auto id = after ? std::optional(after->id) : std::nullopt;
  std::vector<Statement> statements;
  statements.push_back({kList, Params(owner, project, wanted, time, id, limit + 1)});
  statements.push_back({kCount, Params(owner, project, wanted)});
  CO_TRY(const auto rows, co_await reads_.RunAll(call.deadline, SessionScope(owner), std::move(statements)));
  Page page;
  page.total = rows[1].Only().Get<int32_t>("total");
  page.more = rows[0].size() > limit;
  for (const Row row : rows[0]) {
    if (static_cast<int>(page.conversations.size()) < limit) page.conversations.push_back(ConversationOf(row));
  }
  co_return page;
}

Task<ConversationStore::View> ConversationStore::Look(const CallContext& call, std::string owner, std::string id,
                                                      int32_t after_sequence, int limit) {
  if (!IsUuid(id)) co_return ConversationNotFound();
  std::vector<Statement> statements;
  statements.push_back(SettleAnswers(owner, id));
  statements.push_back({kGet, Params(owner, id)});
  statements.push_back({kMessages, Params(owner, id, after_sequence, limit, kPageBytes)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements)));
  if (rows[1].empty()) co_return ConversationNotFound();
  View view;
  view.conversation = ConversationOf(rows[1][0]);
  for (const Row row : rows[2]) {
    view.messages.push_back(MessageOf(row));
    view.last_sequence = row.Get<int32_t>("sequence");
  }
  co_return view;
}

Task<pb::Conversation> ConversationStore::Update(const CallContext& call, pb::UpdateConversationRequest request) {
  if (!IsUuid(request.id())) co_return ConversationNotFound();
  const auto unknown_message = [] {
    return Refuse(Reason::kInvalidField, "The active message must be one of this conversation.")
        .Field("active_message_id", "is no message of this conversation");
  };
  if (request.has_active_message_id() && !IsUuid(request.active_message_id())) co_return unknown_message();
  const auto pinned = request.has_pinned() ? std::optional(request.pinned()) : std::nullopt;
  std::vector<Statement> statements;
  statements.push_back(
      {kUpdate, Params(request.owner(), request.id(), OrNull(request.has_title(), request.title()), ModelJson(request),
                       OrNull(request.has_system_prompt(), request.system_prompt()), ParametersJson(request), pinned,
                       OrNull(request.has_active_message_id(), request.active_message_id()))});
  statements.push_back({kGet, Params(request.owner(), request.id())});
  CO_TRY(const auto rows,
         co_await database_.RunAll(call.deadline, SessionScope(request.owner()), std::move(statements)));
  if (rows[1].empty()) co_return ConversationNotFound();
  if (rows[0].empty()) co_return unknown_message();
  co_return ConversationOf(rows[0][0]);
}

Task<std::optional<std::string>> ConversationStore::Import(const CallContext& call, std::string owner,
                                                           std::string project, ForeignConversation conversation,
                                                           bool dry_run) {
  using Id = std::optional<std::string>;
  if (dry_run) {
    CO_TRY(const Rows rows, co_await reads_.Run(call.deadline, SessionScope(owner), kIsThere,
                                                Params(owner, project, conversation.origin)));
    co_return rows.Only().Get<bool>("is_there") ? Id() : Id("");
  }
  const size_t count = conversation.messages.size();
  std::vector<std::string> ids(count);
  std::vector<Id> parents(count);
  std::vector<int32_t> depths(count);
  std::vector<std::string> roles(count);
  std::vector<std::string> contents(count);
  std::vector<absl::Time> moments(count);
  const absl::Time now = absl::Now();
  std::optional<absl::Time> first;
  std::optional<absl::Time> last;
  for (size_t i = 0; i < count; ++i) {
    ForeignMessage& message = conversation.messages[i];
    ids[i] = NewUuid();
    depths[i] = 1;
    if (message.parent) {
      parents[i] = ids[*message.parent];
      depths[i] = depths[*message.parent] + 1;
    }
    roles[i] = EnumWord(message.role);
    contents[i] = std::move(message.content);
    moments[i] = message.created_at.value_or(now);
    first = std::min(first.value_or(moments[i]), moments[i]);
    last = std::max(last.value_or(moments[i]), moments[i]);
  }
  const std::string id = NewUuid();
  std::vector<Statement> statements;
  statements.push_back(KnowOwner(owner));
  statements.push_back({kImport, Params(owner, project, id, conversation.title, conversation.origin,
                                        static_cast<int64_t>(count), ids[conversation.active], first, last)});
  statements.push_back({kImportMessages, Params(owner, id, ids, parents, depths, roles, contents, moments)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements)));
  co_return rows[1].affected() > 0 ? Id(id) : Id();
}

Task<bool> ConversationStore::Delete(const CallContext& call, std::string owner, std::string id) {
  if (!IsUuid(id)) co_return false;
  CO_TRY(const Rows rows, co_await database_.Run(call.deadline, SessionScope(owner), kDelete, Params(owner, id)));
  co_return rows.affected() > 0;
}

}  // namespace ftl::batch_runner

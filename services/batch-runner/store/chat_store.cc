#include "services/batch-runner/store/chat_store.h"

#include "common/conversation/conversation_row.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/message_json.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/store/agent_store.h"
#include "services/batch-runner/store/conversation_store.h"
#include "services/batch-runner/store/template_store.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kRepeated{"chat.repeated", R"(
  SELECT id::text AS id, idempotency_digest FROM messages WHERE owner = $1 AND idempotency_key = $2)"};

constexpr Query kConversation{"chat.conversation", "SELECT " FTL_CONVERSATION_COLUMNS
                                                   "FROM conversations c WHERE c.owner = $1 AND c.id = $2::uuid"};

// By id, else by name in the project of the conversation.
#define FTL_NAMED                                                                                          \
  "WHERE x.owner = $1 AND (x.id = $5::uuid OR (x.name = $2 AND x.project = coalesce((SELECT project FROM " \
  "conversations "                                                                                         \
  "WHERE owner = $1 AND id = $3::uuid), $4))) ORDER BY x.id = $5::uuid DESC LIMIT 1"

constexpr Query kAgent{"chat.agent", "SELECT " FTL_AGENT_COLUMNS "FROM agents x " FTL_NAMED};

constexpr Query kTemplate{"chat.template", "SELECT " FTL_TEMPLATE_COLUMNS R"(
  FROM prompt_templates x
  JOIN prompt_template_versions v ON v.owner = $1 AND v.template_id = x.id AND v.version = x.version )" FTL_NAMED};

constexpr Query kTarget{"chat.target", "SELECT " FTL_MESSAGE_TEXT_SO_FAR FTL_MESSAGE_COLUMNS R"(
  FROM messages m LEFT JOIN message_drafts d ON d.owner = $1 AND d.message_id = m.id AND m.status = 'generating'
  WHERE m.owner = $1 AND m.conversation_id = $2::uuid AND m.id = $3::uuid)"};

// From the target, its parent where the branch goes on beside it, else the newest message; upwards, `$5` of them.
constexpr Query kBranch{"chat.branch",
                        "WITH RECURSIVE branch AS ("
                        R"(
    SELECT m.id, m.parent_id, m.depth, 1 AS place
    FROM messages m
    WHERE m.owner = $1 AND m.conversation_id = $2::uuid
      AND m.id = CASE WHEN $4 THEN (SELECT parent_id FROM messages WHERE owner = $1 AND conversation_id = $2::uuid AND id = $3::uuid)
                 ELSE coalesce($3::uuid, (SELECT active_message_id FROM conversations WHERE owner = $1 AND id = $2::uuid)) END
    UNION ALL
    SELECT m.id, m.parent_id, m.depth, b.place + 1
    FROM branch b JOIN messages m ON m.owner = $1 AND m.id = b.parent_id
    WHERE b.place < $5::int)
  SELECT m.depth, )" FTL_MESSAGE_TEXT_SO_FAR FTL_MESSAGE_COLUMNS R"(
  FROM branch JOIN messages m ON m.owner = $1 AND m.id = branch.id
  LEFT JOIN message_drafts d ON d.owner = $1 AND d.message_id = m.id AND m.status = 'generating'
  ORDER BY m.depth)"};

constexpr Query kNewConversation{"chat.new_conversation", R"(
  INSERT INTO conversations (owner, project, id, title, system_prompt, parameters)
  VALUES ($1, $2, $3::uuid, '', $4, $5::jsonb))"};

// What follows is stored only where this was: it names the answer as the conversation's newest message.
constexpr Query kGrow{"chat.grow", R"(
  UPDATE conversations
  SET message_count = message_count + $3::int, active_message_id = $4::uuid, updated_at = now(), model = $5::jsonb,
      title = CASE WHEN title = '' THEN $6 ELSE title END
  WHERE owner = $1 AND id = $2::uuid AND message_count + $3::int <= $7::int)"};

constexpr Query kSay{"chat.say", R"(
  INSERT INTO messages (owner, conversation_id, id, parent_id, sequence, depth, role, content, status)
  SELECT $1, c.id, said.id, said.parent_id, c.message_count - $4::int + said.place, $5::int + said.place, said.role,
         said.content, 'complete'
  FROM conversations c,
       unnest($6::uuid[], $7::uuid[], $8::text[], $9::text[]) WITH ORDINALITY AS said (id, parent_id, role, content, place)
  WHERE c.owner = $1 AND c.id = $2::uuid AND c.active_message_id = $3::uuid)"};

constexpr Query kAnswer{"chat.answer", R"(
  INSERT INTO messages (owner, conversation_id, id, parent_id, sequence, depth, role, content, status, model, left_out,
                        continues, idempotency_key, idempotency_digest)
  SELECT $1, c.id, $3::uuid, $4::uuid, c.message_count, $5::int, 'assistant', '', 'generating', $6::jsonb, $7::int,
         $8::uuid, $9, $10
  FROM conversations c WHERE c.owner = $1 AND c.id = $2::uuid AND c.active_message_id = $3::uuid)"};

constexpr Query kDraft{"chat.draft", R"(
  INSERT INTO message_drafts (owner, message_id, content)
  SELECT $1, id, $3 FROM messages WHERE owner = $1 AND id = $2::uuid
  RETURNING message_id)"};

constexpr Query kKeep{"chat.keep", R"(
  UPDATE message_drafts SET content = $3, reasoning = $4, beat_at = now()
  WHERE owner = $1 AND message_id = $2::uuid RETURNING stop_requested)"};

constexpr Query kForgetDraft{"chat.forget_draft",
                             "DELETE FROM message_drafts WHERE owner = $1 AND message_id = $2::uuid"};

// Also of an answer that was ended because nothing was heard of it: here it is, and it is all of it.
constexpr Query kFinish{"chat.finish", R"(
  UPDATE messages
  SET status = $3, content = $4, reasoning = nullif($5, ''), tool_calls = $6::jsonb, finish_reason = nullif($7, ''),
      error = nullif($8, ''), error_type = nullif($9, ''), ttft_us = $10, latency_us = $11, input_tokens = $12,
      output_tokens = $13, reasoning_tokens = $14, tokens_estimated = $15, cost = $16
  WHERE owner = $1 AND id = $2::uuid AND status <> 'complete')"};

// Only while nothing follows the answer. What somebody has changed meanwhile stays as he wants it.
constexpr Query kTakeBack{"chat.take_back", R"(
  WITH back AS (
    UPDATE conversations
    SET message_count = message_count - cardinality($4::uuid[]), active_message_id = $5::uuid, updated_at = $6,
        model = CASE WHEN model = $7::jsonb THEN $8::jsonb ELSE model END,
        title = CASE WHEN title = $9 THEN $10 ELSE title END
    WHERE owner = $1 AND id = $2::uuid AND active_message_id = $3::uuid RETURNING id)
  DELETE FROM messages m USING back
  WHERE m.owner = $1 AND m.conversation_id = back.id AND m.id = ANY ($4::uuid[]))"};

constexpr Query kTakeConversationBack{"chat.take_conversation_back", R"(
  DELETE FROM conversations WHERE owner = $1 AND id = $2::uuid AND message_count = 0)"};

constexpr Query kPlace{"chat.place", R"(
  SELECT conversation_id::text AS conversation_id FROM messages WHERE owner = $1 AND id = $2::uuid AND role = 'assistant')"};

constexpr Query kGet{
    "chat.get", "SELECT m.conversation_id::text AS conversation_id, " FTL_MESSAGE_TEXT_SO_FAR FTL_MESSAGE_COLUMNS R"(
  FROM messages m LEFT JOIN message_drafts d ON d.owner = $1 AND d.message_id = m.id AND m.status = 'generating'
  WHERE m.owner = $1 AND m.id = $2::uuid AND m.role = 'assistant')"};

constexpr Query kAskToStop{"chat.ask_to_stop", R"(
  UPDATE message_drafts SET stop_requested = true WHERE owner = $1 AND message_id = $2::uuid)"};

std::optional<std::string> OrNull(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

std::optional<std::string> UuidOrNull(const std::string& text) {
  return IsUuid(text) ? std::optional(text) : std::nullopt;
}

absl::Status AnswerNotFound() { return Refuse(Reason::kNotFound, "There is no such answer."); }

std::optional<int64_t> Microseconds(bool has, const google::protobuf::Duration& span) {
  return has ? std::optional(absl::ToInt64Microseconds(FromProto(span))) : std::nullopt;
}

std::optional<std::string> ToolCallsJson(const pb::Message& answer) {
  if (answer.tool_calls().empty()) return std::nullopt;
  std::string json = "[";
  for (const pb::MessageToolCall& call : answer.tool_calls()) json += (json.size() > 1 ? "," : "") + ToJson(call);
  return json + "]";
}

template <typename Number>
std::optional<Number> NumberOrNull(bool has, Number number) {
  return has ? std::optional(number) : std::nullopt;
}

}  // namespace

Task<ChatStore::Found> ChatStore::Find(const CallContext& call, const pb::ChatRequest& request,
                                       const Idempotency& idempotency, int window) {
  const std::string& owner = request.owner();
  const std::string project = request.has_project() ? request.project() : std::string(kDefaultProject);
  const ChatTarget target = TargetOf(request);
  const auto conversation = UuidOrNull(request.conversation_id());
  // What is no UUID is no message; nothing has the nil one.
  const std::string nil = "00000000-0000-0000-0000-000000000000";
  const auto message =
      target.message_id.empty() ? std::nullopt : std::optional(UuidOrNull(target.message_id).value_or(nil));
  std::vector<Statement> statements;
  statements.push_back({kRepeated, Params(owner, OrNull(idempotency.key))});
  statements.push_back({kConversation, Params(owner, conversation)});
  const auto named = [&](const std::string& name) {
    return Params(owner, name, conversation, project, UuidOrNull(name));
  };
  if (request.has_agent()) statements.push_back({kAgent, named(request.agent())});
  if (request.has_template_()) statements.push_back({kTemplate, named(request.template_())});
  statements.push_back({kTarget, Params(owner, conversation, message)});
  statements.push_back({kBranch, Params(owner, conversation, message, target.beside, window)});
  if (conversation) statements.insert(statements.begin(), SettleAnswers(owner, *conversation));
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements)));
  auto next = rows.begin() + (conversation ? 1 : 0);
  Found found;
  if (const Rows& repeated = *next++; !repeated.empty()) {
    if (repeated[0].Get<std::optional<std::string>>("idempotency_digest").value_or("") != idempotency.digest) {
      co_return Refuse(Reason::kIdempotencyKeyReused,
                       "This Idempotency-Key asked something else. Use a new key for a new message.");
    }
    found.repeated = repeated[0].Get<std::string>("id");
  }
  ChatScene& scene = found.scene;
  if (const Rows& at = *next++; !at.empty()) scene.conversation = ConversationOf(at[0]);
  if (request.has_agent()) {
    if (const Rows& at = *next++; !at.empty()) scene.agent = AgentOf(at[0]);
  }
  if (request.has_template_()) {
    if (const Rows& at = *next++; !at.empty()) scene.prompt_template = TemplateOf(at[0]);
  }
  if (const Rows& at = *next++; !at.empty()) scene.target = MessageOf(at[0]);
  for (const Row row : *next) {
    scene.branch.push_back(MessageOf(row));
    scene.depth = row.Get<int32_t>("depth");
  }
  co_return found;
}

pb::Message ChatStore::AnswerOf(const Beginning& beginning, std::vector<std::string>& said_ids) {
  const ChatPlan& plan = beginning.plan;
  said_ids.clear();
  for (size_t i = 0; i < plan.said.size(); ++i) said_ids.push_back(NewUuid());
  pb::Message answer;
  answer.set_id(beginning.answer_id);
  if (!said_ids.empty()) {
    answer.set_parent_id(said_ids.back());
  } else if (plan.parent_id) {
    answer.set_parent_id(*plan.parent_id);
  }
  answer.set_role(pb::MESSAGE_ROLE_ASSISTANT);
  answer.set_status(pb::MESSAGE_STATUS_GENERATING);
  *answer.mutable_model() = plan.model;
  if (plan.left_out > 0) answer.set_left_out(plan.left_out);
  if (plan.continues) answer.set_continues(*plan.continues);
  return answer;
}

Task<> ChatStore::Begin(const CallContext& call, const Beginning& beginning, const pb::Message& answer,
                        const std::vector<std::string>& said_ids) {
  const ChatPlan& plan = beginning.plan;
  const std::string& owner = beginning.owner;
  const std::string& conversation = beginning.conversation_id;
  const int added = static_cast<int>(said_ids.size()) + 1;
  std::vector<std::optional<std::string>> parents;
  std::vector<std::string> roles;
  std::vector<std::string> contents;
  for (size_t i = 0; i < said_ids.size(); ++i) {
    parents.push_back(i == 0 ? plan.parent_id : std::optional(said_ids[i - 1]));
    roles.push_back(EnumWord(plan.said[i].role));
    contents.push_back(plan.said[i].content);
  }
  const std::string model = ToJson(plan.model);
  std::vector<Statement> statements;
  if (!beginning.before) {
    statements.push_back(KnowOwner(owner));
    pb::CallParameters kept = plan.parameters;
    kept.clear_stream();
    statements.push_back(
        {kNewConversation, Params(owner, beginning.project, conversation, plan.system_prompt, ToJson(kept))});
  }
  statements.push_back(
      {kGrow, Params(owner, conversation, added, answer.id(), model, plan.title, kMessagesOfConversation)});
  if (!said_ids.empty()) {
    statements.push_back(
        {kSay, Params(owner, conversation, answer.id(), added, plan.depth, said_ids, parents, roles, contents)});
  }
  statements.push_back(
      {kAnswer, Params(owner, conversation, answer.id(),
                       answer.has_parent_id() ? std::optional(answer.parent_id()) : std::nullopt, plan.depth + added,
                       model, NumberOrNull(answer.has_left_out(), answer.left_out()), plan.continues,
                       OrNull(beginning.idempotency.key), OrNull(beginning.idempotency.digest))});
  statements.push_back({kDraft, Params(owner, answer.id(), plan.begins_with)});
  const auto rows = co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements));
  if (!rows.ok() && IsUniqueViolation(rows.status(), "messages_idempotency")) {
    co_return Refuse(Reason::kConflict,
                     "Another request with this Idempotency-Key was a moment quicker. Send it again.");
  }
  CO_TRY(rows.status());
  if (rows->back().empty()) {
    co_return Refuse(Reason::kConflict, "This conversation takes no more messages, or is gone. Begin a new one.")
        .With("limit", kMessagesOfConversation);
  }
  co_return absl::OkStatus();
}

Task<ChatStore::Standing> ChatStore::Keep(Deadline deadline, std::string owner, std::string message_id,
                                          std::string_view content, std::string_view reasoning) {
  std::vector<Statement> statements;
  statements.push_back({kKeep, Params(owner, message_id, content, reasoning)});
  CO_TRY(const auto rows, co_await growing_.RunAll(deadline, SessionScope(owner), message_id, std::move(statements)));
  if (rows[0].empty()) co_return Standing{};
  co_return Standing{.is_there = true, .is_to_stop = rows[0][0].Get<bool>("stop_requested")};
}

Task<> ChatStore::Finish(Deadline deadline, std::string owner, const pb::Message& answer) {
  Params values(owner, answer.id(), EnumWord(answer.status()), answer.content(), answer.reasoning(),
                ToolCallsJson(answer), answer.finish_reason(), answer.error(),
                answer.has_error_type() ? EnumWord(answer.error_type()) : std::string(),
                Microseconds(answer.has_ttft(), answer.ttft()), Microseconds(answer.has_latency(), answer.latency()),
                NumberOrNull(answer.has_input_tokens(), answer.input_tokens()),
                NumberOrNull(answer.has_output_tokens(), answer.output_tokens()),
                NumberOrNull(answer.has_reasoning_tokens(), answer.reasoning_tokens()),
                NumberOrNull(answer.has_tokens_estimated(), answer.tokens_estimated()),
                NumberOrNull(answer.has_cost(), answer.cost()));
  std::vector<Statement> statements;
  statements.push_back({kForgetDraft, Params(owner, answer.id())});
  statements.push_back({kFinish, std::move(values)});
  CO_TRY(co_await database_.RunAll(deadline, SessionScope(owner), std::move(statements)));
  co_return absl::OkStatus();
}

Task<bool> ChatStore::TakeBack(Deadline deadline, const Beginning& beginning,
                               const std::vector<std::string>& said_ids) {
  std::vector<std::string> ids = said_ids;
  ids.push_back(beginning.answer_id);
  std::vector<Statement> statements;
  const pb::Conversation before = beginning.before.value_or(pb::Conversation());
  statements.push_back(
      {kTakeBack, Params(beginning.owner, beginning.conversation_id, beginning.answer_id, ids,
                         before.has_active_message_id() ? std::optional(before.active_message_id()) : std::nullopt,
                         FromProto(before.updated_at()), ToJson(beginning.plan.model), ModelJson(before),
                         before.title().empty() ? beginning.plan.title : before.title(), before.title())});
  if (!beginning.before) {
    statements.push_back({kTakeConversationBack, Params(beginning.owner, beginning.conversation_id)});
  }
  CO_TRY(const auto rows, co_await database_.RunAll(deadline, SessionScope(beginning.owner), std::move(statements)));
  co_return rows[0].affected() > 0;
}

Task<ChatStore::Stored> ChatStore::Get(const CallContext& call, std::string owner, std::string message_id) {
  if (!IsUuid(message_id)) co_return AnswerNotFound();
  CO_TRY(const Rows place,
         co_await database_.Run(call.deadline, SessionScope(owner), kPlace, Params(owner, message_id)));
  if (place.empty()) co_return AnswerNotFound();
  std::vector<Statement> statements;
  statements.push_back(SettleAnswers(owner, place[0].Get<std::string>("conversation_id")));
  statements.push_back({kGet, Params(owner, message_id)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements)));
  if (rows[1].empty()) co_return AnswerNotFound();
  co_return Stored{rows[1][0].Get<std::string>("conversation_id"), MessageOf(rows[1][0])};
}

Task<> ChatStore::AskToStop(const CallContext& call, std::string owner, std::string message_id) {
  CO_TRY(co_await database_.Run(call.deadline, SessionScope(owner), kAskToStop, Params(owner, message_id)));
  co_return absl::OkStatus();
}

}  // namespace ftl::batch_runner

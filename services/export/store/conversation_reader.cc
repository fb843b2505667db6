#include "services/export/store/conversation_reader.h"

#include <utility>

#include "common/conversation/conversation_row.h"
#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl::exporter {
namespace {

namespace runner = finetunelab::batch_runner::v1;

constexpr Query kGet{"export.conversation",
                     "SELECT " FTL_CONVERSATION_COLUMNS "FROM conversations c WHERE c.owner = $1 AND c.id::text = $2"};

// What a page weighs is known before any text is read.
#define FTL_FITTING                                                                                                \
  "fitting AS (SELECT id, place FROM (SELECT id, place, sum(bytes) OVER (ORDER BY place) - bytes AS bytes_before " \
  "FROM (SELECT id, place, bytes FROM part WHERE place > $3::int ORDER BY place LIMIT 1000) page) weighed "        \
  "WHERE bytes_before < 1048576) "                                                                                 \
  "SELECT fitting.place, " FTL_MESSAGE_TEXT FTL_MESSAGE_COLUMNS                                                    \
  "FROM fitting JOIN messages m ON m.owner = $1 AND m.id = fitting.id ORDER BY fitting.place"

constexpr Query kAll{"export.messages", R"(
  WITH part AS (
    SELECT id, sequence AS place, octet_length(content)::bigint AS bytes
    FROM messages WHERE owner = $1 AND conversation_id = $2::uuid), )" FTL_FITTING};

constexpr Query kBranch{"export.branch", R"(
  WITH RECURSIVE part AS (
    SELECT m.id, m.parent_id, m.depth AS place, octet_length(m.content)::bigint AS bytes
    FROM conversations c JOIN messages m ON m.owner = $1 AND m.id = c.active_message_id
    WHERE c.owner = $1 AND c.id = $2::uuid
    UNION ALL
    SELECT m.id, m.parent_id, m.depth, octet_length(m.content)::bigint
    FROM part JOIN messages m ON m.owner = $1 AND m.id = part.parent_id), )" FTL_FITTING};

}  // namespace

Task<runner::Conversation> ConversationReader::Get(Deadline deadline, std::string owner, std::string id) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(owner), kGet, Params(owner, id)));
  if (rows.empty()) {
    co_return Refuse(Reason::kNotFound, "There is no such conversation. GET /api/conversations lists them.");
  }
  co_return ConversationOf(rows[0]);
}

Task<std::vector<runner::Message>> ConversationReader::ReadAfter(Deadline deadline, std::string owner, std::string id,
                                                                 Part part, int32_t& after) {
  const Query& query = part == Part::kAll ? kAll : kBranch;
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(owner), query, Params(owner, id, after)));
  std::vector<runner::Message> messages;
  for (const Row row : rows) {
    messages.push_back(MessageOf(row));
    after = row.Get<int32_t>("place");
  }
  co_return messages;
}

}  // namespace ftl::exporter

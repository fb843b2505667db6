#include "services/batch-runner/store/comparison_store.h"

#include "common/comparison/comparison_row.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/store/conversation_store.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kRepeated{"comparison.repeated", R"(
  SELECT id::text AS id, idempotency_digest FROM comparisons WHERE owner = $1 AND idempotency_key = $2)"};

constexpr Query kBegin{"comparison.begin", R"(
  INSERT INTO comparisons (owner, project, id, created_at, process, blind, columns, prompt_preview, asked,
                           idempotency_key, idempotency_digest)
  VALUES ($1, $2, $3::uuid, $4, $5::uuid, $6, $7, $8, $9::jsonb, $10, $11))"};

constexpr Query kPlaces{"comparison.places", R"(
  INSERT INTO compared_answers (owner, comparison_id, column_index, repetition, answer)
  SELECT $1, $2::uuid, place.*, '{}'
  FROM (SELECT i, r FROM generate_series(0, $3::int - 1) i, generate_series(1, $4::int) r) place)"};

constexpr Query kKeep{"comparison.keep", R"(
  UPDATE compared_answers a SET answer = $5::jsonb
  WHERE a.owner = $1 AND a.comparison_id = $2::uuid AND a.column_index = $3 AND a.repetition = $4)"};

constexpr Query kEnd{"comparison.end", R"(
  UPDATE comparisons SET status = $3, completed_at = now()
  WHERE owner = $1 AND id = $2::uuid AND status = 'running')"};

constexpr Query kStanding{"comparison.standing", R"(
  UPDATE comparisons SET heard_at = now() WHERE owner = $1 AND id = $2::uuid RETURNING stop_requested)"};

constexpr Query kGet{"comparison.get",
                     "SELECT " FTL_COMPARISON_COLUMNS "FROM comparisons c WHERE c.owner = $1 AND c.id = $2::uuid"};

constexpr Query kAnswers{"comparison.answers", "SELECT " FTL_COMPARED_ANSWER_COLUMNS R"(
  FROM compared_answers a WHERE a.owner = $1 AND a.comparison_id = $2::uuid ORDER BY a.column_index, a.repetition)"};

constexpr Query kAskToStop{"comparison.ask_to_stop", R"(
  UPDATE comparisons SET stop_requested = true WHERE owner = $1 AND id = $2::uuid)"};

constexpr Query kMark{"comparison.mark", R"(
  UPDATE comparisons c SET marked = $3, marked_at = now()
  WHERE c.owner = $1 AND c.id = $2::uuid AND $3::int < c.columns AND NOT (c.blind AND c.marked IS NOT NULL)
    AND (c.status <> 'running' OR NOT is_heard_of(c.heard_at)))"};

constexpr Query kDelete{"comparison.delete", "DELETE FROM comparisons WHERE owner = $1 AND id = $2::uuid"};

absl::Status NotFound() {
  return Refuse(Reason::kNotFound, "There is no such comparison. GET /api/compare lists them.");
}

std::optional<std::string> OrNull(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

// What stands in no column of its own.
std::string AskedJson(const pb::Comparison& comparison) {
  pb::Comparison asked;
  *asked.mutable_models() = comparison.models();
  *asked.mutable_messages() = comparison.messages();
  *asked.mutable_parameters() = comparison.parameters();
  asked.set_repeat(comparison.repeat());
  return StoredJson(asked);
}

}  // namespace

Task<std::optional<std::string>> ComparisonStore::Find(const CallContext& call, std::string owner,
                                                       const Idempotency& idempotency) {
  if (idempotency.key.empty()) co_return std::nullopt;
  CO_TRY(const Rows rows,
         co_await database_.Run(call.deadline, SessionScope(owner), kRepeated, Params(owner, idempotency.key)));
  if (rows.empty()) co_return std::nullopt;
  if (rows[0].Get<std::string>("idempotency_digest") != idempotency.digest) {
    co_return Refuse(Reason::kIdempotencyKeyReused,
                     "This Idempotency-Key compared something else. Use a new key for a new comparison.");
  }
  co_return rows[0].Get<std::string>("id");
}

Task<> ComparisonStore::Begin(const CallContext& call, std::string owner, const pb::Comparison& comparison,
                              const Idempotency& idempotency) {
  std::vector<Statement> statements;
  statements.push_back(KnowOwner(owner));
  statements.push_back({kBegin, Params(owner, comparison.project(), comparison.id(), FromProto(comparison.created_at()),
                                       process_, comparison.blind(), comparison.columns(), comparison.prompt_preview(),
                                       AskedJson(comparison), OrNull(idempotency.key), OrNull(idempotency.digest))});
  statements.push_back({kPlaces, Params(owner, comparison.id(), comparison.columns(), comparison.repeat())});
  const auto rows = co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements));
  if (!rows.ok() && IsUniqueViolation(rows.status(), "comparisons_idempotency")) {
    co_return Refuse(Reason::kConflict,
                     "Another request with this Idempotency-Key was a moment quicker. Send it again.");
  }
  co_return rows.status();
}

Task<ComparisonStore::Standing> ComparisonStore::Keep(Deadline deadline, std::string owner, std::string id,
                                                      const std::vector<pb::ComparedAnswer>& answers,
                                                      std::optional<pb::ComparisonStatus> ended) {
  std::vector<Statement> statements;
  for (const pb::ComparedAnswer& answer : answers) {
    statements.push_back({kKeep, Params(owner, id, answer.index(), answer.repetition(), StoredJson(answer))});
  }
  if (ended) statements.push_back({kEnd, Params(owner, id, EnumWord(*ended))});
  statements.push_back({kStanding, Params(owner, id)});
  CO_TRY(const auto rows, co_await database_.RunAll(deadline, SessionScope(owner), std::move(statements)));
  if (rows.back().empty()) co_return Standing{};
  co_return Standing{.is_there = true, .is_to_stop = rows.back()[0].Get<bool>("stop_requested")};
}

Task<pb::Comparison> ComparisonStore::Get(const CallContext& call, std::string owner, std::string id) {
  if (!IsUuid(id)) co_return NotFound();
  std::vector<Statement> statements;
  statements.push_back({kGet, Params(owner, id)});
  statements.push_back({kAnswers, Params(owner, id)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(owner), std::move(statements)));
  if (rows[0].empty()) co_return NotFound();
  pb::Comparison comparison = ComparisonOf(rows[0][0]);
  const bool is_running = comparison.status() == pb::COMPARISON_STATUS_RUNNING;
  for (const Row row : rows[1]) *comparison.add_answers() = ComparedAnswerOf(row, is_running);
  co_return comparison;
}

Task<> ComparisonStore::AskToStop(const CallContext& call, std::string owner, std::string id) {
  co_return (co_await database_.Run(call.deadline, SessionScope(owner), kAskToStop, Params(owner, id))).status();
}

Task<pb::MarkComparisonResponse> ComparisonStore::Mark(const CallContext& call,
                                                       const pb::MarkComparisonRequest& request) {
  FieldFaults faults;
  if (request.has_index() == request.tie()) faults.Add("index", "is given, or tie is true, and not both");
  if (request.index() < 0) faults.Add("index", "must be that of a column, counted from 0");
  CO_TRY(faults.Verdict());
  if (!IsUuid(request.id())) co_return NotFound();
  const int32_t marked = request.tie() ? -1 : request.index();
  std::vector<Statement> statements;
  statements.push_back({kMark, Params(request.owner(), request.id(), marked)});
  statements.push_back({kGet, Params(request.owner(), request.id())});
  CO_TRY(const auto rows,
         co_await database_.RunAll(call.deadline, SessionScope(request.owner()), std::move(statements)));
  if (rows[1].empty()) co_return NotFound();
  pb::Comparison comparison = ComparisonOf(rows[1][0]);
  if (rows[0].affected() == 0) {
    if (comparison.status() == pb::COMPARISON_STATUS_RUNNING) {
      co_return Refuse(Reason::kConflict, "Answers are still coming. Mark the better one when all are there.");
    }
    if (request.index() >= comparison.columns()) {
      faults.Add("index", "must be that of a column, counted from 0");
      co_return faults.Verdict();
    }
    co_return Refuse(Reason::kConflict, "This comparison was marked before its models were told; its mark stays.");
  }
  pb::MarkComparisonResponse response;
  response.set_id(comparison.id());
  *response.mutable_mark() = comparison.mark();
  *response.mutable_models() = comparison.models();
  co_return response;
}

Task<bool> ComparisonStore::Delete(const CallContext& call, std::string owner, std::string id) {
  if (!IsUuid(id)) co_return false;
  CO_TRY(const Rows rows, co_await database_.Run(call.deadline, SessionScope(owner), kDelete, Params(owner, id)));
  co_return rows.affected() > 0;
}

}  // namespace ftl::batch_runner

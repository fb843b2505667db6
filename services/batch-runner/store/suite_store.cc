#include "services/batch-runner/store/suite_store.h"

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/session/session_gate.h"
#include "services/batch-runner/store/suite_row.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kListShipped{"suite.list_shipped", R"(
  SELECT id::text AS id, name, description, task_domain, difficulty, prompt_count FROM demo_test_suites
  WHERE is_active AND ($1::text IS NULL OR task_domain = $1)
  ORDER BY array_position(ARRAY['customer_support', 'code_generation', 'qa', 'creative', 'custom'], task_domain),
           array_position(ARRAY['easy', 'medium', 'hard'], difficulty), name)"};

constexpr Query kListOwn{"suite.list_own", R"(
  SELECT id::text AS id, name, NULL::text AS description, task_domain, difficulty, prompt_count FROM demo_session_suites
  WHERE demo_session_id = $1 AND ($2::text IS NULL OR task_domain = $2) ORDER BY created_at, id)"};

constexpr Query kGetShipped{"suite.get_shipped", R"(
  SELECT id::text AS id, name, description, task_domain, difficulty, prompt_count, prompts::text AS prompts
  FROM demo_test_suites WHERE is_active AND id = $1::uuid)"};

constexpr Query kGetOwn{"suite.get_own", R"(
  SELECT id::text AS id, name, NULL::text AS description, task_domain, difficulty, prompt_count, prompts::text AS prompts
  FROM demo_session_suites WHERE demo_session_id = $1 AND id = $2::uuid)"};

constexpr Query kCreate{"suite.create", R"(
  INSERT INTO demo_session_suites (demo_session_id, name, prompts, prompt_count, idempotency_key, idempotency_digest)
  VALUES ($1, $2, $3::jsonb, $4, $5, $6)
  ON CONFLICT (demo_session_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO UPDATE SET name = demo_session_suites.name
  RETURNING id::text AS id, idempotency_digest)"};

pb::Suite SuiteOf(const Row& row) {
  pb::Suite suite;
  suite.set_id(row.Get<std::string>("id"));
  suite.set_name(row.Get<std::string>("name"));
  if (auto description = row.Get<std::optional<std::string>>("description"))
    suite.set_description(*std::move(description));
  suite.set_task_domain(TaskDomainOf(row.Get<std::string_view>("task_domain")));
  if (const auto difficulty = row.Get<std::optional<std::string>>("difficulty")) {
    suite.set_difficulty(DifficultyOf(difficulty));
  }
  suite.set_prompt_count(row.Get<int32_t>("prompt_count"));
  return suite;
}

}  // namespace

absl::Status SuiteNotFound() {
  return Refuse(Reason::kSuiteNotFound, "There is no such test suite. GET /api/demo/v2/test-suites lists them.");
}

std::vector<Statement> AskSuite(std::string_view session, std::string_view id) {
  std::vector<Statement> statements;
  statements.push_back({kGetShipped, Params(id)});
  if (!session.empty()) statements.push_back({kGetOwn, Params(session, id)});
  return statements;
}

absl::StatusOr<pb::Suite> SuiteFrom(std::span<const Rows> rows) {
  const Rows& found = rows.front().empty() ? rows.back() : rows.front();
  if (found.empty()) return SuiteNotFound();
  pb::Suite suite = SuiteOf(found[0]);
  TRY(PromptsFromJson(found[0].Get<std::string_view>("prompts"), suite));
  return suite;
}

Task<std::vector<pb::Suite>> SuiteStore::List(const CallContext& call, std::string session,
                                              std::optional<pb::TaskDomain> domain) {
  const auto word = domain ? std::optional(TaskDomainWord(*domain)) : std::nullopt;
  std::vector<Statement> statements;
  statements.push_back({kListShipped, Params(word)});
  if (!session.empty()) {
    statements.push_back(AskSessionState(session));
    statements.push_back({kListOwn, Params(session, word)});
  }
  CO_TRY(const auto rows, co_await reads_.RunAll(call.deadline, SessionScope(session), std::move(statements)));
  std::vector<pb::Suite> suites;
  for (const Row row : rows[0]) suites.push_back(SuiteOf(row));
  if (!session.empty()) {
    CO_TRY(RequireOpen(rows[1]));
    for (const Row row : rows[2]) suites.push_back(SuiteOf(row));
  }
  co_return suites;
}

Task<pb::Suite> SuiteStore::Get(const CallContext& call, std::string session, std::string id) {
  if (!IsUuid(id)) co_return SuiteNotFound();
  std::vector<Statement> statements = AskSuite(session, id);
  if (!session.empty()) statements.push_back(AskSessionState(session));
  CO_TRY(auto rows, co_await reads_.RunAll(call.deadline, SessionScope(session), std::move(statements)));
  if (!session.empty()) {
    CO_TRY(RequireOpen(rows.back()));
    rows.pop_back();
  }
  co_return SuiteFrom(rows);
}

Task<pb::Suite> SuiteStore::Create(const CallContext& call, std::string session, pb::Suite suite,
                                   Idempotency idempotency) {
  const auto absent_if_empty = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
  };
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(session));
  statements.push_back({kCreate, Params(session, suite.name(), PromptsToJson(suite), suite.prompts_size(),
                                        absent_if_empty(idempotency.key), absent_if_empty(idempotency.digest))});
  auto stored = co_await database_.RunAll(call.deadline, SessionScope(session), std::move(statements));
  // The row hangs on its session: where that is gone, or never was, the answer says so and not how it was noticed.
  if (!stored.ok() && IsForeignKeyViolation(stored.status())) {
    std::vector<Statement> ask;
    ask.push_back(AskSessionState(session));
    CO_TRY(const auto state, co_await database_.RunAll(call.deadline, SessionScope(session), std::move(ask)));
    CO_TRY(RequireOpen(state[0]));
    co_return SessionExpired();
  }
  CO_TRY(const auto rows, std::move(stored));
  CO_TRY(RequireOpen(rows[0]));
  const Row row = rows[1].Only();
  if (row.Get<std::optional<std::string>>("idempotency_digest").value_or("") != idempotency.digest) {
    co_return Refuse(Reason::kIdempotencyKeyReused,
                     "This Idempotency-Key made another suite. Use a new key for a new suite.");
  }
  suite.set_id(row.Get<std::string>("id"));
  co_return suite;
}

}  // namespace ftl::batch_runner

#include "services/batch-runner/store/result_store.h"

#include "common/error/try.h"
#include "common/result/result_row.h"
#include "common/session/session_gate.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kPageBytes = 2 << 20;

constexpr Query kByPrompt{"result.by_prompt", "SELECT " FTL_RESULT_COLUMNS
                                              " FROM demo_batch_test_results r WHERE r.demo_session_id = $1"
                                              " AND r.test_run_id = $2::uuid AND r.prompt_id > $3::bigint"
                                              " AND r.sequence <= $4::bigint ORDER BY r.prompt_id LIMIT $5::int"};

constexpr Query kBySequence{"result.by_sequence", "SELECT " FTL_RESULT_COLUMNS
                                                  " FROM demo_batch_test_results r WHERE r.demo_session_id = $1"
                                                  " AND r.test_run_id = $2::uuid AND r.sequence > $3::bigint"
                                                  " ORDER BY r.sequence LIMIT $4::int"};

// Counters equal rows, so the run knows how many there are.
constexpr Query kTotal{"result.total", R"(
  SELECT completed_prompts + failed_prompts AS total FROM demo_batch_test_runs WHERE demo_session_id = $1 AND id = $2::uuid)"};

}  // namespace

Task<ResultStore::Page> ResultStore::ByPrompt(const CallContext& call, std::string session, std::string test_run_id,
                                              int32_t after_prompt, int64_t up_to_sequence, int limit) {
  Statement results{kByPrompt,
                    Params(session, test_run_id, static_cast<int64_t>(after_prompt), up_to_sequence, limit + 1)};
  return Read(call, std::move(session), std::move(test_run_id), std::move(results), limit);
}

Task<ResultStore::Page> ResultStore::BySequence(const CallContext& call, std::string session, std::string test_run_id,
                                                int64_t after_sequence, int limit) {
  Statement results{kBySequence, Params(session, test_run_id, after_sequence, limit + 1)};
  return Read(call, std::move(session), std::move(test_run_id), std::move(results), limit);
}

Task<ResultStore::Page> ResultStore::Read(const CallContext& call, std::string session, std::string test_run_id,
                                          Statement results, int limit) {
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(session));
  statements.push_back(std::move(results));
  statements.push_back({kTotal, Params(session, test_run_id)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(session), std::move(statements)));
  CO_TRY(RequireOpen(rows[0]));
  Page page;
  page.total = rows[2].empty() ? 0 : rows[2][0].Get<int32_t>("total");
  size_t bytes = 0;
  for (const Row row : rows[1]) {
    if (static_cast<int>(page.results.size()) == limit || (bytes > 0 && bytes >= kPageBytes)) {
      page.more = true;
      break;
    }
    page.results.push_back(ResultOf(row));
    bytes += page.results.back().ByteSizeLong();
  }
  co_return page;
}

}  // namespace ftl::batch_runner

#include "services/batch-runner/store/result_store.h"

#include <limits>

#include "common/error/try.h"
#include "common/result/result_row.h"
#include "services/batch-runner/store/run_door.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kPageBytes = 2 << 20;

// Beyond every sequence.
constexpr int64_t kNoLastSequence = std::numeric_limits<int64_t>::max();

// What is in front of the row before is within $6 bytes: so there is one row more than a page holds, and no further.
constexpr Query kByPrompt{"result.by_prompt",
                          "SELECT " FTL_RESULT_COLUMNS
                          " FROM (SELECT *, sum(octet_length(prompt) + coalesce(octet_length(response), 0))"
                          " OVER (ORDER BY prompt_id ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING) AS bytes_before"
                          " FROM (SELECT * FROM demo_batch_test_results WHERE demo_session_id = " FTL_ENTERED_SESSION
                          " AND test_run_id = $1::uuid AND prompt_id > $2::bigint"
                          " AND sequence <= coalesce($3::bigint, nullif(current_setting($4, true), '')::bigint)"
                          " ORDER BY prompt_id LIMIT $5::int) AS page) AS r"
                          " WHERE coalesce(bytes_before, 0) < $6::bigint ORDER BY r.prompt_id"};

constexpr Query kBySequence{
    "result.by_sequence",
    "SELECT " FTL_RESULT_COLUMNS " FROM demo_batch_test_results r WHERE r.demo_session_id = " FTL_ENTERED_SESSION
    " AND r.test_run_id = $1::uuid AND r.sequence > $2::bigint ORDER BY r.sequence LIMIT $3::int"};

// Counters equal rows, so the run knows how many there are.
constexpr Query kTotal{"result.total",
                       "SELECT completed_prompts + failed_prompts AS total FROM demo_batch_test_runs"
                       " WHERE demo_session_id = " FTL_ENTERED_SESSION " AND id = $1::uuid"};

}  // namespace

Statement AskByPrompt(std::string_view test_run_id, int32_t after_prompt, std::optional<int64_t> up_to_sequence,
                      int limit) {
  return {kByPrompt, Params(test_run_id, static_cast<int64_t>(after_prompt), up_to_sequence, kLastSequence, limit + 1,
                            kPageBytes)};
}

ResultStore::Page PageOf(const Rows& rows, int limit) {
  ResultStore::Page page;
  size_t bytes = 0;
  for (const Row row : rows) {
    if (static_cast<int>(page.results.size()) == limit || (bytes > 0 && bytes >= kPageBytes)) {
      page.more = true;
      break;
    }
    page.results.push_back(ResultOf(row));
    bytes += page.results.back().ByteSizeLong();
  }
  return page;
}

Task<ResultStore::Page> ResultStore::ByPrompt(const CallContext& call, std::string session, std::string test_run_id,
                                              int32_t after_prompt, int limit) {
  Statement results = AskByPrompt(test_run_id, after_prompt, kNoLastSequence, limit);
  return Read(call, std::move(session), std::move(test_run_id), std::move(results), limit);
}

Task<ResultStore::Page> ResultStore::BySequence(const CallContext& call, std::string session, std::string test_run_id,
                                                int64_t after_sequence, int limit) {
  Statement results{kBySequence, Params(test_run_id, after_sequence, limit + 1)};
  return Read(call, std::move(session), std::move(test_run_id), std::move(results), limit);
}

Task<ResultStore::Page> ResultStore::Read(const CallContext& call, std::string session, std::string test_run_id,
                                          Statement results, int limit) {
  if (!IsUuid(test_run_id)) co_return RunNotFound();
  std::vector<Statement> statements = EnterRun(test_run_id, session);
  statements.push_back(std::move(results));
  statements.push_back({kTotal, Params(test_run_id)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope::None(), std::move(statements)));
  CO_TRY(RequireEntered(rows));
  Page page = PageOf(rows[kEntered], limit);
  page.total = rows.back().empty() ? 0 : rows.back()[0].Get<int32_t>("total");
  co_return page;
}

}  // namespace ftl::batch_runner

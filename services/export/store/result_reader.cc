#include "services/export/store/result_reader.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/result/result_filter.h"
#include "common/result/result_row.h"
#include "common/session/session_gate.h"
#include "services/export/store/run_row.h"

namespace ftl::exporter {
namespace {

namespace analytics = finetunelab::analytics::v1;
namespace runner = finetunelab::batch_runner::v1;

constexpr Query kSession{"export.session", R"(
  SELECT model_id, model_name, provider, endpoint_origin, created_at, now() AS taken_at
  FROM demo_model_configs WHERE session_id = $1)"};

// One statement, one moment. Few runs, so that an id that is no uuid may be compared as text.
constexpr Query kRuns{"export.runs", "SELECT " FTL_EXPORT_RUN_COLUMNS R"( FROM demo_batch_test_runs r
  WHERE r.demo_session_id = $1 AND ($2::text = '' OR r.id::text = lower($2::text)) ORDER BY r.created_at, r.id)"};

// What a row weighs is known without reading its text; 500 stands for all but the texts. `{}` are the filters.
constexpr std::string_view kResults = "SELECT " FTL_RESULT_COLUMNS R"( FROM (
    SELECT p.*, sum(500 + octet_length(p.prompt) + coalesce(octet_length(p.response), 0)) OVER here AS bytes,
           row_number() OVER here AS place
    FROM (SELECT * FROM demo_batch_test_results r
          WHERE r.demo_session_id = $1 AND r.test_run_id = $2 AND r.prompt_id > $3 AND r.sequence <= $4{}
          ORDER BY r.prompt_id LIMIT $5::int) p
    WINDOW here AS (ORDER BY p.prompt_id ROWS UNBOUNDED PRECEDING)) r
  WHERE r.bytes <= 1048576 OR r.place = 1 ORDER BY r.prompt_id)";

constexpr std::string_view kCases = R"(
  SELECT count(*) FILTER (WHERE NOT r.success OR r.checks_passed + r.checks_failed > 0) AS cases,
         count(*) FILTER (WHERE r.success AND r.checks_failed > 0) AS failures,
         count(*) FILTER (WHERE NOT r.success) AS errors
  FROM demo_batch_test_results r WHERE r.demo_session_id = $1 AND r.test_run_id = $2 AND r.sequence <= $3{})";

SessionFacts FactsOf(const Row& row) {
  return {.model_id = row.Get<std::string>("model_id"),
          .model_name = row.Get<std::string>("model_name"),
          .provider = row.Get<std::string>("provider"),
          .endpoint_origin = row.Get<std::string>("endpoint_origin"),
          .created_at = row.Get<absl::Time>("created_at")};
}

}  // namespace

int32_t ResultsLike(const ResultPage& page) {
  size_t bytes = 0;
  for (const runner::Result& result : page) bytes += 500 + result.prompt().size() + result.response().size();
  return static_cast<int32_t>(std::clamp<size_t>(page.size() * 1048576 / bytes, 1, 1000));
}

Task<Report> ResultReader::TakeSnapshot(Deadline deadline, std::string session, std::string test_run_id) {
  std::vector<Statement> statements = {
      AskSessionState(session), {kSession, Params(session)}, {kRuns, Params(session, test_run_id)}};
  CO_TRY(const std::vector<Rows> rows,
         co_await database_.RunAll(deadline, SessionScope(session), std::move(statements)));
  CO_TRY(RequireOpen(rows[0]));
  if (rows[1].empty()) co_return SessionExpired();
  if (!test_run_id.empty() && rows[2].empty()) {
    co_return Refuse(Reason::kRunNotFound,
                     "There is no such run in this session. Leave test_run_id out for all its runs.");
  }
  Report report;
  report.taken_at = rows[1].Only().Get<absl::Time>("taken_at");
  report.session = FactsOf(rows[1].Only());
  for (const Row row : rows[2]) report.runs.push_back(RunOf(row));
  co_return report;
}

Task<std::vector<CaseCounts>> ResultReader::CountCases(Deadline deadline, std::string session, const Report& report,
                                                       const analytics::ListResultsRequest& filter) {
  std::vector<Statement> statements = {AskSessionState(session)};
  std::string text;  // of each run
  for (const runner::Run& run : report.runs) {
    Params params(session, run.id(), run.last_sequence());
    const std::string conditions = ResultFilterSql(filter, params);
    if (text.empty()) text = fmt::format(fmt::runtime(kCases), conditions);
    statements.push_back({Query{"", text}, std::move(params)});
  }
  CO_TRY(const std::vector<Rows> rows,
         co_await database_.RunAll(deadline, SessionScope(session), std::move(statements)));
  CO_TRY(RequireOpen(rows[0]));
  std::vector<CaseCounts> counts;
  for (size_t i = 1; i < rows.size(); ++i) {
    const Row row = rows[i].Only();
    counts.push_back({row.Get<int64_t>("cases"), row.Get<int64_t>("failures"), row.Get<int64_t>("errors")});
  }
  co_return counts;
}

Task<ResultPage> ResultReader::ReadAfter(Deadline deadline, std::string session, const runner::Run& run, int32_t after,
                                         int32_t at_most, const analytics::ListResultsRequest& filter) {
  Params params(session, run.id(), after, run.last_sequence(), at_most);
  const std::string text = fmt::format(fmt::runtime(kResults), ResultFilterSql(filter, params));
  std::vector<Statement> statements = {AskSessionState(session), {Query{"", text}, std::move(params)}};
  CO_TRY(const std::vector<Rows> rows,
         co_await database_.RunAll(deadline, SessionScope(session), std::move(statements)));
  CO_TRY(RequireOpen(rows[0]));
  ResultPage results;
  results.reserve(rows[1].size());
  for (const Row row : rows[1]) results.push_back(ResultOf(row));
  co_return results;
}

}  // namespace ftl::exporter

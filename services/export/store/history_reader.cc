#include "services/export/store/history_reader.h"

#include <utility>

#include "common/error/try.h"
#include "common/history/request_row.h"
#include "common/history/timed_id.h"

namespace ftl::exporter {
namespace {

namespace runner = finetunelab::batch_runner::v1;

// A page is cut twice: by what is stored, which reads no text, and then by the texts themselves, which may be
// compressed. 500 stands for all else.
constexpr Query kPage{"history.page", "SELECT " FTL_REQUEST_COLUMNS R"( FROM (
    SELECT p.*, sum(500 + coalesce(octet_length(p.messages::text), 0) + coalesce(octet_length(p.response), 0)
                        + coalesce(octet_length(p.reasoning), 0)) OVER here AS bytes, row_number() OVER here AS place
    FROM (SELECT * FROM (
            SELECT q.*, sum(500 + coalesce(pg_column_size(q.messages), 0) + coalesce(pg_column_size(q.response), 0)
                                + coalesce(pg_column_size(q.reasoning), 0)) OVER stored AS stored_bytes,
                   row_number() OVER stored AS stored_place
            FROM (SELECT * FROM requests r
                  WHERE r.owner = $1 AND r.project = $2 AND r.created_at >= $3 AND r.created_at < $4
                    AND (r.created_at, r.id) > ($3, $5::uuid)
                  ORDER BY r.created_at, r.id LIMIT 1000) q
            WINDOW stored AS (ORDER BY q.created_at, q.id ROWS UNBOUNDED PRECEDING)) s
          WHERE s.stored_bytes <= 1048576 OR s.stored_place = 1) p
    WINDOW here AS (ORDER BY p.created_at, p.id ROWS UNBOUNDED PRECEDING)) r
  WHERE r.bytes <= 1048576 OR r.place = 1 ORDER BY r.created_at, r.id)"};

constexpr Query kRecord{"history.record", R"(
  INSERT INTO audit_log (event, demo_session_id, details)
  VALUES ('history_exported', $1, jsonb_build_object('format', $2::text)))"};

constexpr const char* kBeforeAll = "00000000-0000-0000-0000-000000000000";

}  // namespace

Task<std::vector<runner::LoggedRequest>> HistoryReader::ReadAfter(Deadline deadline, std::string owner,
                                                                  std::string project, absl::Time from, absl::Time to,
                                                                  std::string after) {
  const absl::Time begin = TimeOfTimedId(after).value_or(from);
  const Params params(owner, project, begin, to, after.empty() ? kBeforeAll : after);
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(owner), kPage, params));
  std::vector<runner::LoggedRequest> requests;
  requests.reserve(static_cast<size_t>(rows.size()));
  for (const Row row : rows) requests.push_back(RequestOf(row));
  co_return requests;
}

Task<> HistoryReader::Record(Deadline deadline, std::string owner, std::string format) {
  co_return (co_await database_.Run(deadline, SessionScope(owner), kRecord, Params(owner, format))).status();
}

}  // namespace ftl::exporter

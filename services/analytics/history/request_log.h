#pragma once

#include <optional>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/analytics/v1/history_service.pb.h"
#include "services/analytics/store/page_token.h"

namespace ftl::analytics {

namespace pb = finetunelab::analytics::v1;

// The log of calls as it is read: a page of it, one row, what is counted of it. Totals come from counters as far as
// they go, and from rows at the edges of a time alone, unless a text is looked for. `database` outlives it.
class RequestLog {
 public:
  explicit RequestLog(Database& database) : database_(database) {}

  // INVALID_FIELD.
  Task<pb::ListRequestsResponse> List(const CallContext& call, const pb::ListRequestsRequest& request);
  // NOT_FOUND.
  Task<finetunelab::batch_runner::v1::LoggedRequest> Get(const CallContext& call, const pb::GetRequestRequest& request);
  // INVALID_FIELD.
  Task<pb::GetHistoryAnalyticsResponse> Analyze(const CallContext& call, const pb::GetHistoryAnalyticsRequest& request);

 private:
  // At most so many rows behind `place`, newest first.
  Task<Rows> Read(const CallContext& call, const pb::ListRequestsRequest& request,
                  const std::optional<PagePlace>& place, int most);
  Task<int64_t> Count(const CallContext& call, const pb::ListRequestsRequest& request);

  Database& database_;
};

}  // namespace ftl::analytics

#pragma once

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/analytics/v1/comparisons_service.pb.h"

namespace ftl::analytics {

namespace pb = finetunelab::analytics::v1;

// Comparisons as they are read, with what their figures and marks say. `database` outlives it.
class StoredComparisons {
 public:
  explicit StoredComparisons(Database& database) : database_(database) {}

  // INVALID_FIELD.
  Task<pb::ListComparisonsResponse> List(const CallContext& call, const pb::ListComparisonsRequest& request);
  // NOT_FOUND.
  Task<finetunelab::batch_runner::v1::Comparison> Get(const CallContext& call, const pb::GetComparisonRequest& request);
  Task<pb::GetStandingsResponse> Standings(const CallContext& call, const pb::GetStandingsRequest& request);

 private:
  Database& database_;
};

}  // namespace ftl::analytics

#include "services/batch-runner/rpc/request_log_service.h"

#include "common/error/try.h"
#include "common/time/proto_time.h"

namespace ftl::batch_runner {
namespace {

// Millions take longer than a call usually may.
constexpr absl::Duration kDeleteLimit = absl::Minutes(10);

}  // namespace

Task<pb::DeleteLogResponse> RequestLogService::DeleteLog(const CallContext&, const pb::DeleteLogRequest& request) {
  FieldFaults faults;
  if (!request.has_before()) faults.Add("before", "is missing; calls that began before this moment are deleted");
  CO_TRY(faults.Verdict());
  pb::DeleteLogResponse response;
  const std::string project = request.has_project() ? request.project() : "default";
  CO_TRY(const int64_t deleted,
         co_await log_.DeleteBefore(DeadlineIn(kDeleteLimit), request.owner(), project, FromProto(request.before())));
  response.set_deleted(deleted);
  co_return response;
}

}  // namespace ftl::batch_runner

#include "gateway/api/performance.h"

#include <memory>
#include <utility>

#include "common/error/try.h"
#include "common/rpc/call.h"
#include "finetunelab/analytics/v1/performance_service.grpc.pb.h"

namespace ftl::gateway {

namespace pb = finetunelab::analytics::v1;

performance::Recorder::Keep KeepByAnalytics(const rpc::Channels& channels) {
  std::shared_ptr<pb::PerformanceService::Stub> stub = pb::PerformanceService::NewStub(channels.To("analytics"));
  return [stub](Deadline deadline, std::vector<pb::PerformanceRow> rows) -> Task<> {
    CallContext call = OwnCall(TimeLeft(deadline));
    pb::RecordPerformanceRequest request;
    for (pb::PerformanceRow& row : rows) *request.add_rows() = std::move(row);
    CO_TRY(co_await rpc::Call(call, stub->async(), &pb::PerformanceService::Stub::async::RecordPerformance, request));
    co_return absl::OkStatus();
  };
}

}  // namespace ftl::gateway

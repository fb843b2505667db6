#pragma once

#include <utility>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/rpc/serve.h"
#include "finetunelab/batch_runner/v1/compare_service.grpc.pb.h"
#include "services/batch-runner/compare/comparisons.h"
#include "services/batch-runner/rpc/idempotency_of.h"

namespace ftl::batch_runner {

// Compares models. One per server, on the module's thread; the comparisons and their store outlive it.
class CompareService final : public pb::CompareService::CallbackService {
 public:
  CompareService(rpc::Serving serving, Comparisons& comparisons, ComparisonStore& store)
      : serving_(std::move(serving)), comparisons_(comparisons), store_(store) {}

  FTL_SERVE_STREAM(Compare)
  FTL_SERVE_STREAM(RejoinCompare)
  FTL_SERVE(StopCompare)
  FTL_SERVE(MarkComparison)
  FTL_SERVE(DeleteComparison)

 private:
  template <typename Response>
  static Comparisons::Write Into(rpc::Writer<Response>& writer) {
    return [&writer](const pb::CompareEvent& event) -> Task<> {
      Response response;
      *response.mutable_event() = event;
      co_return co_await writer.Write(response);
    };
  }

  Task<> Compare(const CallContext& call, const pb::CompareRequest& request, rpc::Writer<pb::CompareResponse>& writer) {
    CO_TRY(std::string id, co_await comparisons_.Begin(call, request, IdempotencyOf(request)));
    co_return co_await comparisons_.Tell(call, request.owner(), std::move(id), {}, Into(writer));
  }

  Task<> RejoinCompare(const CallContext& call, const pb::RejoinCompareRequest& request,
                       rpc::Writer<pb::RejoinCompareResponse>& writer) {
    CompareCursor cursor{request.id(), {}};
    if (!request.last_event_id().empty()) {
      auto named = CompareCursorOf(request.last_event_id());
      const bool is_of_it = named && (request.id().empty() || named->comparison_id == request.id());
      if (!is_of_it)
        co_return Refuse(Reason::kBadRequest, "The Last-Event-ID must be the id of an event of this comparison.");
      cursor = *std::move(named);
    }
    co_return co_await comparisons_.Tell(call, request.owner(), cursor.comparison_id, cursor.places, Into(writer));
  }

  Task<pb::StopCompareResponse> StopCompare(const CallContext& call, const pb::StopCompareRequest& request) {
    return comparisons_.Stop(call, request.owner(), request.id());
  }

  Task<pb::MarkComparisonResponse> MarkComparison(const CallContext& call, const pb::MarkComparisonRequest& request) {
    return store_.Mark(call, request);
  }

  Task<pb::DeleteComparisonResponse> DeleteComparison(const CallContext& call,
                                                      const pb::DeleteComparisonRequest& request) {
    CO_TRY(const bool deleted, co_await comparisons_.Delete(call, request.owner(), request.id()));
    pb::DeleteComparisonResponse response;
    response.set_deleted(deleted);
    co_return response;
  }

  rpc::Serving serving_;
  Comparisons& comparisons_;
  ComparisonStore& store_;
};

}  // namespace ftl::batch_runner

#pragma once

#include <string>

#include "common/rpc/serve.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.grpc.pb.h"
#include "services/batch-runner/connection/connection_probe.h"
#include "services/batch-runner/connection/model_discovery.h"
#include "services/batch-runner/rpc/desk.h"
#include "services/batch-runner/run/dispatcher.h"
#include "services/batch-runner/run/feed.h"
#include "services/batch-runner/settings.h"
#include "services/batch-runner/store/result_store.h"
#include "services/batch-runner/store/run_store.h"
#include "services/batch-runner/suite/reading_thread.h"

namespace ftl::batch_runner {

// The gRPC service; each method is a sentence over the parts it is given. What asks the database alone, and starts of
// runs, run at the desk; the rest on the module's thread.
class BatchRunnerService final : public pb::BatchRunnerService::CallbackService {
 public:
  struct Parts {
    const BatchRunnerSettings& settings;
    Desk& desk;
    RunStore& runs;
    ResultStore& results;
    const WorkStore& work;
    ReadingThread& reading;
    ConnectionProbe& probe;
    ModelDiscovery& models;
    Dispatcher& dispatcher;
    Feed& feed;
    Notifier& notifier;
  };
  BatchRunnerService(rpc::Serving serving, Parts parts)
      : serving_(std::move(serving)), at_desk_(serving_.On(parts.desk.executor())), parts_(parts) {}

  FTL_SERVE_BY(at_desk_, ListSuites)
  FTL_SERVE_BY(at_desk_, GetSuite)
  FTL_SERVE_BY(at_desk_, CreateSuite)
  FTL_SERVE_BY(at_desk_, PreviewSuite)
  FTL_SERVE(TestConnection)
  FTL_SERVE(ListModels)
  FTL_SERVE_BY(at_desk_, StartRun)
  FTL_SERVE_BY(at_desk_, GetRun)
  FTL_SERVE_BY(at_desk_, ListRuns)
  FTL_SERVE_BY(at_desk_, ListResults)
  FTL_SERVE_STREAM(WatchRun)
  FTL_SERVE(CancelRun)

 private:
  Task<pb::ListSuitesResponse> ListSuites(const CallContext& call, const pb::ListSuitesRequest& request);
  Task<pb::GetSuiteResponse> GetSuite(const CallContext& call, const pb::GetSuiteRequest& request);
  Task<pb::CreateSuiteResponse> CreateSuite(const CallContext& call, const pb::CreateSuiteRequest& request);
  Task<pb::PreviewSuiteResponse> PreviewSuite(const CallContext& call, const pb::PreviewSuiteRequest& request);
  Task<pb::TestConnectionResponse> TestConnection(const CallContext& call, const pb::TestConnectionRequest& request);
  Task<pb::ListModelsResponse> ListModels(const CallContext& call, const pb::ListModelsRequest& request);
  Task<pb::StartRunResponse> StartRun(const CallContext& call, const pb::StartRunRequest& request);
  Task<pb::Run> StoreAndBegin(const CallContext& call, std::string session_hash, const RunSession& session,
                              const RunPlan& plan, Idempotency idempotency);
  Task<pb::GetRunResponse> GetRun(const CallContext& call, const pb::GetRunRequest& request);
  Task<pb::ListRunsResponse> ListRuns(const CallContext& call, const pb::ListRunsRequest& request);
  Task<pb::ListResultsResponse> ListResults(const CallContext& call, const pb::ListResultsRequest& request);
  Task<> WatchRun(const CallContext& call, const pb::WatchRunRequest& request,
                  rpc::Writer<pb::WatchRunResponse>& writer);
  Task<pb::CancelRunResponse> CancelRun(const CallContext& call, const pb::CancelRunRequest& request);

  const rpc::Serving serving_;
  const rpc::Serving at_desk_;
  Parts parts_;
};

}  // namespace ftl::batch_runner

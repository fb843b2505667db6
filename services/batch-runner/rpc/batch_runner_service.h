#pragma once

#include <string>

#include "common/rpc/serve.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.grpc.pb.h"
#include "services/batch-runner/connection/connection_probe.h"
#include "services/batch-runner/connection/model_discovery.h"
#include "services/batch-runner/run/dispatcher.h"
#include "services/batch-runner/run/feed.h"
#include "services/batch-runner/settings.h"
#include "services/batch-runner/store/result_store.h"
#include "services/batch-runner/store/run_store.h"
#include "services/batch-runner/store/suite_store.h"
#include "services/batch-runner/suite/reading_thread.h"

namespace ftl::batch_runner {

// The gRPC service; each method is a sentence over the parts it is given.
class BatchRunnerService final : public pb::BatchRunnerService::CallbackService {
 public:
  struct Parts {
    const BatchRunnerSettings& settings;
    RunStore& runs;
    ResultStore& results;
    SuiteStore& suites;
    ReadingThread& reading;
    ConnectionProbe& probe;
    ModelDiscovery& models;
    Dispatcher& dispatcher;
    Feed& feed;
    Notifier& notifier;
  };
  BatchRunnerService(rpc::Serving serving, Parts parts) : serving_(std::move(serving)), parts_(parts) {}

  FTL_SERVE(ListSuites)
  FTL_SERVE(GetSuite)
  FTL_SERVE(CreateSuite)
  FTL_SERVE(PreviewSuite)
  FTL_SERVE(TestConnection)
  FTL_SERVE(ListModels)
  FTL_SERVE(StartRun)
  FTL_SERVE(GetRun)
  FTL_SERVE(ListRuns)
  FTL_SERVE(ListResults)
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
  Task<pb::GetRunResponse> GetRun(const CallContext& call, const pb::GetRunRequest& request);
  Task<pb::ListRunsResponse> ListRuns(const CallContext& call, const pb::ListRunsRequest& request);
  Task<pb::ListResultsResponse> ListResults(const CallContext& call, const pb::ListResultsRequest& request);
  Task<> WatchRun(const CallContext& call, const pb::WatchRunRequest& request,
                  rpc::Writer<pb::WatchRunResponse>& writer);
  Task<pb::CancelRunResponse> CancelRun(const CallContext& call, const pb::CancelRunRequest& request);

  rpc::Serving serving_;
  Parts parts_;
};

}  // namespace ftl::batch_runner

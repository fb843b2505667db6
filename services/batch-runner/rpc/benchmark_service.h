#pragma once

#include <string>
#include <utility>

#include "common/error/try.h"
#include "common/rpc/serve.h"
#include "finetunelab/batch_runner/v1/benchmark_service.grpc.pb.h"
#include "services/batch-runner/bench/benchmarks.h"

namespace ftl::batch_runner {

// The door to benchmarks. One per server, on the module's thread; `benchmarks` outlives it.
class BenchmarkService final : public pb::BenchmarkService::CallbackService {
 public:
  BenchmarkService(rpc::Serving serving, Benchmarks& benchmarks)
      : serving_(std::move(serving)), benchmarks_(benchmarks) {}

  FTL_SERVE(StartBenchmark)
  FTL_SERVE(ListBenchmarks)
  FTL_SERVE_STREAM(WatchBenchmark)
  grpc::ServerUnaryReactor* MeasureModel(grpc::CallbackServerContext* context, const pb::StartBenchmarkRequest* request,
                                         pb::MeasureModelResponse* response) override {
    return rpc::ServeUnary(serving_, context, request, response, "MeasureModel",
                           [this](const CallContext& call, const pb::StartBenchmarkRequest& message) {
                             return benchmarks_.Measure(call, message);
                           });
  }
  // The response of these is the benchmark itself.
  grpc::ServerUnaryReactor* GetBenchmark(grpc::CallbackServerContext* context, const pb::GetBenchmarkRequest* request,
                                         pb::Benchmark* response) override {
    return rpc::ServeUnary(serving_, context, request, response, "GetBenchmark",
                           [this](const CallContext& call, const pb::GetBenchmarkRequest& message) {
                             return benchmarks_.Get(call, message.owner(), ProjectOf(message), message.id());
                           });
  }
  grpc::ServerUnaryReactor* CancelBenchmark(grpc::CallbackServerContext* context,
                                            const pb::CancelBenchmarkRequest* request,
                                            pb::Benchmark* response) override {
    return rpc::ServeUnary(serving_, context, request, response, "CancelBenchmark",
                           [this](const CallContext& call, const pb::CancelBenchmarkRequest& message) {
                             return benchmarks_.Cancel(call, message.owner(), ProjectOf(message), message.id());
                           });
  }

  Task<pb::StartBenchmarkResponse> StartBenchmark(const CallContext& call, const pb::StartBenchmarkRequest& request) {
    return benchmarks_.Start(call, request);
  }
  Task<pb::ListBenchmarksResponse> ListBenchmarks(const CallContext& call, const pb::ListBenchmarksRequest& request) {
    CO_TRY(const std::vector<pb::Benchmark> benchmarks,
           co_await benchmarks_.List(call, request.owner(), ProjectOf(request)));
    pb::ListBenchmarksResponse response;
    response.mutable_benchmarks()->Assign(benchmarks.begin(), benchmarks.end());
    co_return response;
  }
  Task<> WatchBenchmark(const CallContext& call, const pb::WatchBenchmarkRequest& request,
                        rpc::Writer<pb::WatchBenchmarkResponse>& writer) {
    return benchmarks_.Watch(call, request, writer);
  }

 private:
  template <typename Request>
  static std::string ProjectOf(const Request& request) {
    return request.has_project() ? request.project() : "default";
  }

  rpc::Serving serving_;
  Benchmarks& benchmarks_;
};

}  // namespace ftl::batch_runner

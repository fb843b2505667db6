#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/rpc/call_context.h"
#include "common/rpc/serve.h"
#include "finetunelab/batch_runner/v1/benchmark_service.pb.h"
#include "services/batch-runner/call/model_call.h"
#include "services/batch-runner/store/benchmark_store.h"
#include "services/batch-runner/workspace/model_catalogue.h"

namespace ftl::batch_runner {

class Load;

// Benchmarks: those that this process runs, and what is stored of all, so that any process tells of each and ends it.
// On the module's thread.
class Benchmarks {
 public:
  struct Parts {
    asio::any_io_executor executor;
    ModelCalls& calls;
    ModelCatalogue& catalogue;
    BenchmarkStore& store;
  };
  explicit Benchmarks(Parts parts) : parts_(std::move(parts)) {}
  ~Benchmarks();

  // At a time, those that start included.
  static constexpr size_t kMostRunning = 4;

  // INVALID_FIELD, OVERLOADED, DRAINING; those of a stored key.
  Task<pb::StartBenchmarkResponse> Start(const CallContext& call, const pb::StartBenchmarkRequest& request);
  // The older form: one call after the other, all before the answer.
  Task<pb::MeasureModelResponse> Measure(const CallContext& call, const pb::StartBenchmarkRequest& request);
  // NOT_FOUND, here and below.
  Task<pb::Benchmark> Get(const CallContext& call, std::string owner, std::string project, std::string id);
  // Waits for its end for some seconds; gives it as it stands then.
  Task<pb::Benchmark> Cancel(const CallContext& call, std::string owner, std::string project, std::string id);
  Task<> Watch(const CallContext& call, const pb::WatchBenchmarkRequest& request,
               rpc::Writer<pb::WatchBenchmarkResponse>& writer);
  Task<std::vector<pb::Benchmark>> List(const CallContext& call, std::string owner, std::string project);
  // Breaks all off, so that the thread can end. Their rows stay as they are: who reads one later, finds it interrupted.
  void Close();

 private:
  asio::awaitable<void> Run(std::shared_ptr<Load> load);
  asio::awaitable<void> Keep(std::shared_ptr<Load> load);
  bool IsHere(const std::string& id) const;
  // The model of the older form, and the key that lists it.
  Task<pb::ModelChoice> FindModel(const CallContext& call, const std::string& owner, const std::string& model_name);

  Parts parts_;
  std::map<std::string, std::shared_ptr<Load>> running_;  // by id
  // Shared, since a call may outlive this by its own end.
  const std::shared_ptr<size_t> starting_ = std::make_shared<size_t>(0);
  bool is_closed_ = false;
};

}  // namespace ftl::batch_runner

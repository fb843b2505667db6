#include "gateway/api/benchmarks.h"

#include "common/error/try.h"
#include "common/json/message_json.h"
#include "finetunelab/batch_runner/v1/benchmark_service.grpc.pb.h"
#include "gateway/http/problem.h"
#include "gateway/http/sse_writer.h"
#include "gateway/upstream/event_sender.h"

namespace ftl::gateway {

namespace pb = finetunelab::batch_runner::v1;

namespace {

using Stub = pb::BenchmarkService::Stub;

constexpr std::string_view kMeasure = "finetunelab.batch_runner.v1.BenchmarkService.MeasureModel";

Task<> SendStart(Services& services, Incoming& incoming) {
  const auto& request = static_cast<const pb::StartBenchmarkRequest&>(*incoming.request);
  const bool is_old_form = request.has_model_name() || request.has_prompt() || request.has_iterations();
  const auto* method = Upstream::MethodNamed(is_old_form ? kMeasure : incoming.route.rpc);
  CO_TRY(const auto response, co_await services.upstream.Call(incoming.call, method, incoming.request));
  const int status = is_old_form ? 200 : incoming.route.status;
  co_return co_await incoming.exchange.Send(http::JsonResponse(status, ToJson(*response)));
}

Task<> SendStanding(Stub& stub, Incoming& incoming) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto& request = static_cast<const pb::WatchBenchmarkRequest&>(*incoming.request);
  Pump<pb::WatchBenchmarkResponse> pump(
      executor, rpc::Stream<pb::WatchBenchmarkResponse>::Start(incoming.call, stub.async(),
                                                               &Stub::async::WatchBenchmark, request));
  const auto events_of = [](const pb::WatchBenchmarkResponse& response) {
    const bool is_under_way = response.benchmark().status() == pb::BENCHMARK_STATUS_RUNNING;
    std::string event;
    http::AppendEvent(is_under_way ? "progress" : "done", 0, ToJson(response.benchmark()), event);
    return event;
  };
  const auto end_of = [&incoming](const absl::Status& status) {
    std::string end;
    if (!status.ok()) http::AppendEvent("error", 0, http::ProblemJson(status, incoming.call.request_id), end);
    return end;
  };
  co_return co_await SendEvents(pump, incoming.exchange, incoming.call.deadline, events_of, end_of);
}

}  // namespace

Handler StartBenchmark(Services& services) {
  return [&services](Incoming& incoming) { return SendStart(services, incoming); };
}

Handler WatchBenchmark(Services& services) {
  std::shared_ptr<Stub> stub = pb::BenchmarkService::NewStub(services.upstream.Channel("batch-runner"));
  return [stub](Incoming& incoming) { return SendStanding(*stub, incoming); };
}

}  // namespace ftl::gateway

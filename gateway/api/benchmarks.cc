#include "gateway/api/benchmarks.h"

#include "common/error/try.h"
#include "common/json/message_json.h"
#include "finetunelab/batch_runner/v1/benchmark_service.grpc.pb.h"
#include "gateway/http/problem.h"
#include "gateway/http/sse_writer.h"
#include "gateway/upstream/pump.h"

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

Task<> SendEvents(Stub& stub, Incoming& incoming) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto& request = static_cast<const pb::WatchBenchmarkRequest&>(*incoming.request);
  Pump<pb::WatchBenchmarkResponse> pump(
      executor, rpc::Stream<pb::WatchBenchmarkResponse>::Start(incoming.call, stub.async(),
                                                               &Stub::async::WatchBenchmark, request));
  // Until the first look is there, a refusal can still be an answer of its own.
  co_await pump.Wait(incoming.call.deadline);
  auto next = pump.Take();
  CO_TRY(next.status());
  CO_TRY(co_await incoming.exchange.Begin(http::EventStreamHead()));
  http::SseWriter sse(incoming.exchange.body());
  while (next.ok() && next->has_value()) {
    const pb::Benchmark& benchmark = (*next)->benchmark();
    const bool is_under_way = benchmark.status() == pb::BENCHMARK_STATUS_RUNNING;
    std::string event;
    http::AppendEvent(is_under_way ? "progress" : "done", 0, ToJson(benchmark), event);
    CO_TRY(co_await sse.Write(event));
    while (!co_await pump.Wait(sse.heartbeat_due())) CO_TRY(co_await sse.Heartbeat());
    next = pump.Take();
  }
  std::string end;
  if (!next.ok()) http::AppendEvent("error", 0, http::ProblemJson(next.status(), incoming.call.request_id), end);
  CO_TRY(co_await sse.Write(end));
  co_return co_await sse.End();
}

}  // namespace

Handler StartBenchmark(Services& services) {
  return [&services](Incoming& incoming) { return SendStart(services, incoming); };
}

Handler WatchBenchmark(Services& services) {
  std::shared_ptr<Stub> stub = pb::BenchmarkService::NewStub(services.upstream.Channel("batch-runner"));
  return [stub](Incoming& incoming) { return SendEvents(*stub, incoming); };
}

}  // namespace ftl::gateway

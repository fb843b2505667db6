#include "gateway/api/operations.h"

#include <algorithm>

#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <unistd.h>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "common/error/refusal.h"
#include "common/json/json_writer.h"
#include "common/observe/metrics.h"
#include "common/rpc/call.h"
#include "grpc/health/v1/health.pb.h"

namespace ftl::gateway {
namespace {

namespace pb = grpc::health::v1;
using Stub = grpc::TemplatedGenericStub<pb::HealthCheckRequest, pb::HealthCheckResponse>;

constexpr absl::Duration kFresh = absl::Seconds(1);
constexpr absl::Duration kAskLimit = absl::Seconds(2);

struct Asked {
  grpc::ClientContext context;
  pb::HealthCheckRequest request;
  pb::HealthCheckResponse response;
};

// Nothing where it is not known.
void AppendPercent(std::string_view name, std::optional<double> percent, std::string& out) {
  if (percent) out += fmt::format("\"{}\":{:.1f},", name, *percent);
}

http::Response StatusAnswer(bool good, std::string_view good_word, std::string_view bad_word) {
  http::Response response =
      http::JsonResponse(good ? 200 : 503, fmt::format("{{\"status\":\"{}\"}}", good ? good_word : bad_word));
  if (!good) response.With("Retry-After", "2");
  return response;
}

}  // namespace

Operations::Operations(Upstream& upstream, const performance::LastMinute& requests)
    : upstream_(upstream),
      requests_(requests),
      started_(std::chrono::steady_clock::now()),
      asked_at_(started_ - std::chrono::hours(1)) {}

asio::awaitable<Operations::ServiceHealth> Operations::Ask(std::string_view service, Deadline deadline) {
  auto asked = std::make_shared<Asked>();
  CallContext call = OwnCall(kAskLimit);
  call.deadline = std::min(call.deadline, deadline);
  rpc::Prepare(call, asked->context);
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto start = [asked, executor, channel = upstream_.Channel(service)](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    Stub(channel).UnaryCall(&asked->context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &asked->request,
                            &asked->response, [shared, asked, executor](const grpc::Status& status) {
                              asio::post(executor, [shared, ok = status.ok()] { std::move (*shared)(ok); });
                            });
  };
  const bool answered =
      co_await asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(start, asio::use_awaitable);
  ServiceHealth health;
  health.name = service;
  health.serving = answered && asked->response.status() == pb::HealthCheckResponse::SERVING;
  if (answered) {
    const auto& metadata = asked->context.GetServerInitialMetadata();
    if (const auto version = metadata.find("x-ftl-version"); version != metadata.end()) {
      health.version.assign(version->second.data(), version->second.size());
    }
  }
  co_return health;
}

asio::awaitable<void> Operations::Refresh() {
  using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): the operators only
  const Deadline now = std::chrono::steady_clock::now();
  if (absl::FromChrono(now - asked_at_) < kFresh) co_return;
  asked_at_ = now;
  const auto& names = Upstream::Services();
  const Deadline deadline = DeadlineIn(kAskLimit);
  auto [vault, runner, analytics, exporter] = co_await (Ask(names[0], deadline) && Ask(names[1], deadline) &&
                                                        Ask(names[2], deadline) && Ask(names[3], deadline));
  services_ = {vault, runner, analytics, exporter};
}

std::string Operations::MachineJson() {
  const performance::MachineReading machine = machine_.Look();
  const performance::ProcessReading process = performance::LookAtProcess();
  std::string out = "{";
  AppendPercent("cpu_usage_percent", machine.cpu_percent, out);
  AppendPercent("memory_usage_percent", machine.memory_percent, out);
  AppendPercent("disk_usage_percent", machine.disk_percent, out);
  out += "\"gpus\":[";
  for (const performance::Gpu& gpu : gpus_.Look()) {
    out += out.back() == '}' ? ",{\"name\":" : "{\"name\":";
    AppendJsonString(gpu.name, out);
    out += fmt::format(R"(,"usage_percent":{:.1f},"memory_usage_percent":{:.1f}}})", gpu.usage_percent,
                       gpu.memory_usage_percent);
  }
  out += fmt::format(
      R"(],"requests":{},"process":{{"pid":{},"resident_bytes":{},"private_bytes":{},"cpu_seconds":{:.2f}}}}})",
      requests_.Sum(std::chrono::steady_clock::now()), getpid(), process.resident_bytes, process.private_bytes,
      process.cpu_seconds);
  return out;
}

Task<> Operations::Check(Deadline) {
  co_await Refresh();
  for (const ServiceHealth& service : services_) {
    if (!service.serving) {
      co_return Refuse(Reason::kServiceUnavailable, fmt::format("{} does not serve.", service.name));
    }
  }
  co_return absl::OkStatus();
}

Task<> Operations::Health(Incoming& incoming) {
  co_await Refresh();
  const bool all = !draining_ && std::all_of(services_.begin(), services_.end(),
                                             [](const ServiceHealth& service) { return service.serving; });
  std::string json = fmt::format(R"({{"status":"{}","version":"{}","uptime_s":{:.0f},"services":[)",
                                 draining_ ? "draining"
                                 : all     ? "ok"
                                           : "unavailable",
                                 FTL_VERSION, absl::ToDoubleSeconds(-TimeLeft(started_)));
  for (const ServiceHealth& service : services_) {
    if (json.back() == '}') json += ',';
    json += fmt::format(R"({{"name":"{}","status":"{}")", service.name, service.serving ? "ok" : "unavailable");
    if (!service.version.empty()) {
      json += ",\"version\":";
      AppendJsonString(service.version, json);
    }
    json += '}';
  }
  json += "],\"metrics\":" + MachineJson() + "}";
  http::Response response = http::JsonResponse(all ? 200 : 503, std::move(json));
  if (!all) response.With("Retry-After", "2");
  co_return co_await incoming.exchange.Send(std::move(response));
}

Task<> Operations::Live(Incoming& incoming) { return incoming.exchange.Send(StatusAnswer(true, "ok", "")); }

Task<> Operations::Ready(Incoming& incoming) {
  const absl::Status check = co_await Check(incoming.call.deadline);
  const bool ready = !draining_ && check.ok();
  co_return co_await incoming.exchange.Send(StatusAnswer(ready, "ready", draining_ ? "draining" : "unavailable"));
}

Task<> Operations::Metrics(Incoming& incoming) {
  return incoming.exchange.Send(http::JsonResponse(200, MachineJson()));
}

Task<> Operations::Prometheus(Incoming& incoming) {
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics::Exposition();
  return incoming.exchange.Send(std::move(response));
}

}  // namespace ftl::gateway

#include "gateway/front_door.h"

#include <absl/cleanup/cleanup.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/message_json.h"
#include "common/observe/log.h"
#include "common/observe/metrics.h"
#include "common/secret/secret.h"
#include "gateway/http/caller.h"
#include "gateway/http/problem.h"
#include "gateway/input.h"

namespace ftl::gateway {
namespace {

// More calls at a time than this only wait for each other.
constexpr int kMaxUnderWay = 4096;

bool ChangesSomething(std::string_view method) { return method != "GET" && method != "HEAD" && method != "OPTIONS"; }

void Record(const http::Exchange& exchange, const Route* route, const absl::Status& status, absl::Duration took) {
  static metrics::CallMetrics requests("ftl_http_server");
  const std::string_view path = route == nullptr ? std::string_view("(none)") : route->path;
  const std::string_view method = route == nullptr ? std::string_view("(other)") : exchange.head().method;
  requests.Record({{"method", std::string(method)}, {"route", std::string(path)}}, std::to_string(exchange.status()),
                  absl::ToDoubleSeconds(took));
  const log::Fields fields = {{"method", method},
                              {"route", path},
                              {"status", exchange.status()},
                              {"ms", absl::ToDoubleMilliseconds(took)},
                              {"request_id", exchange.request_id()},
                              {"code", status.ok() ? std::string() : CodeOf(ReasonOf(status))}};
  if (exchange.status() >= 500) {
    log::Warn("request failed", fields);
  } else if (ChangesSomething(exchange.head().method)) {
    log::Info("request", fields);
  }
}

}  // namespace

FrontDoor::FrontDoor(std::vector<Route> routes, Upstream& upstream, QuotaSlices& quotas)
    : routes_(std::move(routes)), upstream_(upstream), quotas_(quotas) {
  for (size_t i = 0; i < routes_.size(); ++i) router_.Add(routes_[i].method, routes_[i].path, i);
}

asio::awaitable<void> FrontDoor::Answer(http::Exchange& exchange) {
  const Deadline started = std::chrono::steady_clock::now();
  const Route* route = nullptr;
  const absl::Status status = co_await Handle(exchange, &route);
  if (!status.ok() && exchange.answered()) {
    exchange.CloseAfterwards();  // a stream that ends without its end says that it broke off
  } else if (!status.ok()) {
    http::Response problem = http::ProblemResponse(status, exchange.request_id());
    if (problem.status == 405) problem.With("Allow", router_.Allowed(exchange.head().path));
    (void)co_await exchange.Send(std::move(problem));
  }
  Record(exchange, route, status, -TimeLeft(started));
}

Task<> FrontDoor::Handle(http::Exchange& exchange, const Route** found) {
  const http::RequestHead& head = exchange.head();
  if (head.method == "OPTIONS") {
    const std::string allowed = head.path == "*" ? "GET, HEAD, POST, DELETE, OPTIONS" : router_.Allowed(head.path);
    if (allowed.empty()) co_return router_.Find("GET", head.path).status();
    http::Response options;
    options.status = 204;
    co_return co_await exchange.Send(std::move(options.With("Allow", allowed)));
  }
  CO_TRY(const http::Router::Match match, router_.Find(head.method, head.path));
  const Route& route = routes_[match.route];
  *found = &route;
  if (ChangesSomething(head.method) && http::IsForeign(head)) {
    co_return Refuse(Reason::kForbiddenOrigin,
                     "This request comes from another site; call the API from your own program.");
  }
  if (draining_ && route.is_demo)
    co_return Refuse(Reason::kDraining, "This server is shutting down; try again in a moment.");
  Incoming incoming{
      exchange, route, {exchange.request_id(), exchange.traceparent(), DeadlineIn(route.limit), ""}, nullptr};
  if (route.is_demo) {
    CO_TRY(co_await quotas_.TakeRequest(incoming.call, exchange.client_address()));
  }
  if (route.rpc.empty() && route.is_demo) {
    CO_TRY(JudgeParameters(head));
  }
  if (!route.rpc.empty()) {
    CO_TRY(JudgeContentType(route, head));
    CO_TRY(std::string body, co_await exchange.ReadBody(route.max_body_bytes));
    auto request = ReadInput(route, head, match.path_fields, body, exchange.client_address());
    Secret::Wipe(body);
    CO_TRY(incoming.request, std::move(request));
  }
  const absl::Status status = co_await Serve(incoming);
  if (incoming.request) WipeSecrets(*incoming.request);
  co_return status;
}

Task<> FrontDoor::Serve(Incoming& incoming) {
  if (incoming.route.handler) co_return co_await incoming.route.handler(incoming);
  if (under_way_ >= kMaxUnderWay)
    co_return Refuse(Reason::kOverloaded, "Too much is going on here; try again in a moment.");
  ++under_way_;
  const absl::Cleanup done = [this] { --under_way_; };
  co_return co_await Carry(incoming);
}

Task<> FrontDoor::Carry(Incoming& incoming) {
  CO_TRY(const auto response,
         co_await upstream_.Call(incoming.call, Upstream::MethodNamed(incoming.route.rpc), incoming.request));
  co_return co_await incoming.exchange.Send(http::JsonResponse(incoming.route.status, ToJson(*response)));
}

}  // namespace ftl::gateway

#include "gateway/front_door.h"

#include <absl/cleanup/cleanup.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/message_json.h"
#include "common/json/top_level_text.h"
#include "common/observe/log.h"
#include "common/observe/metrics.h"
#include "common/performance/slow_calls.h"
#include "common/secret/secret.h"
#include "common/session/session_id.h"
#include "common/time/proto_time.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"
#include "gateway/http/caller.h"
#include "gateway/http/problem.h"
#include "gateway/input.h"

namespace ftl::gateway {

namespace vault = finetunelab::session_vault::v1;

namespace {

constexpr std::string_view kSessionField = "session_id";
constexpr std::string_view kGetSession = "finetunelab.session_vault.v1.SessionVaultService.GetSession";

// More calls at a time than this only wait for each other.
constexpr int kMaxUnderWay = 4096;

bool ChangesSomething(std::string_view method) { return method != "GET" && method != "HEAD" && method != "OPTIONS"; }

// By OpenTelemetry's conventions for HTTP servers. The path as it was sent would name sessions.
void EndSpan(std::string_view method, std::string_view route, int status, trace::Span& span) {
  if (!span.is_recorded()) return;
  span.SetName(fmt::format("{} {}", method, route));
  span.Set("http.request.method", std::string(method));
  span.Set("http.route", std::string(route));
  span.Set("http.response.status_code", static_cast<int64_t>(status));
  span.Set("url.scheme", std::string("http"));
  if (status >= 500) span.Fail(std::to_string(status));
  span.End();
}

void OfferAsSlow(const http::Exchange& exchange, std::string name, absl::Duration took) {
  finetunelab::analytics::v1::SlowCall call;
  call.set_name(std::move(name));
  call.set_status(exchange.status());
  call.set_seconds(absl::ToDoubleSeconds(took));
  *call.mutable_ended_at() = ToProto(absl::Now());
  call.set_request_id(exchange.request_id());
  performance::SlowCalls::Own().Offer(std::move(call));
}

void Record(http::Exchange& exchange, const Route* route, const absl::Status& status, absl::Duration took) {
  static metrics::CallMetrics requests("ftl_http_server");
  const std::string_view path = route == nullptr ? std::string_view("(none)") : route->path;
  const std::string_view method = route == nullptr ? std::string_view("(other)") : exchange.head().method;
  requests.Record({{"method", std::string(method)}, {"route", std::string(path)}}, std::to_string(exchange.status()),
                  absl::ToDoubleSeconds(took));
  if (!exchange.streams()) OfferAsSlow(exchange, fmt::format("{} {}", method, path), took);
  EndSpan(method, path, exchange.status(), exchange.span());
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

FrontDoor::FrontDoor(std::vector<Route> routes, Upstream& upstream, QuotaSlices& quotas,
                     performance::LastMinute& answered)
    : routes_(std::move(routes)), upstream_(upstream), quotas_(quotas), answered_(answered), workspace_(upstream) {
  for (size_t i = 0; i < routes_.size(); ++i) {
    router_.Add(routes_[i].method, routes_[i].path, i);
    // A method that is not linked in ends the program as it starts, and not when somebody asks.
    if (!routes_[i].rpc.empty()) Upstream::MethodNamed(routes_[i].rpc);
  }
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
  answered_.Count(std::chrono::steady_clock::now());
  Record(exchange, route, status, -TimeLeft(started));
}

Task<> FrontDoor::Handle(http::Exchange& exchange, const Route** found) {
  const http::RequestHead& head = exchange.head();
  if (head.method == "OPTIONS") {
    const std::string allowed =
        head.path == "*" ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" : router_.Allowed(head.path);
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
  if (draining_ && route.tier != Tier::kOperations)
    co_return Refuse(Reason::kDraining, "This server is shutting down; try again in a moment.");
  Incoming incoming{
      exchange, route, {exchange.request_id(), exchange.traceparent(), DeadlineIn(route.limit), ""}, nullptr};
  std::optional<LargeBodies::Place> place;
  if (route.tier == Tier::kWorkspace) {
    CO_TRY(incoming.owner, co_await workspace_.Admit(incoming.call, head, route.scope));
  }
  if (route.tier == Tier::kDemo) {
    CO_TRY(co_await quotas_.TakeRequest(incoming.call, exchange.client_address()));
  }
  if (route.rpc.empty() && route.tier != Tier::kOperations) {
    CO_TRY(JudgeParameters(head));
  }
  if (!route.rpc.empty()) {
    CO_TRY(JudgeContentType(route, head));
    CO_TRY(co_await Understand(incoming, match.path_fields, place));
    NameOwner(incoming.owner, *incoming.request);
  }
  const absl::Status status = co_await Serve(incoming);
  if (incoming.request) WipeSecrets(*incoming.request);
  co_return status;
}

Task<> FrontDoor::Understand(Incoming& incoming, const http::Parameters& path_fields,
                             std::optional<LargeBodies::Place>& place) {
  const http::RequestHead& head = incoming.exchange.head();
  const Route& route = incoming.route;
  const size_t most = head.chunked ? route.max_body_bytes : head.content_length;
  if (most > LargeBodies::kLarge && most <= route.max_body_bytes && route.method != "GET") {
    CO_TRY(auto room, large_bodies_.Admit(incoming.exchange.client_address(), most));
    place.emplace(std::move(room));
    CO_TRY(incoming.request, co_await UnderstandLarge(incoming, path_fields));
    co_return absl::OkStatus();
  }
  CO_TRY(std::string body, co_await incoming.exchange.ReadBody(route.max_body_bytes));
  auto request = ReadInput(route, head, path_fields, body, incoming.exchange.client_address());
  Secret::Wipe(body);
  CO_TRY(incoming.request, std::move(request));
  co_return absl::OkStatus();
}

Task<std::shared_ptr<google::protobuf::Message>> FrontDoor::UnderstandLarge(Incoming& incoming,
                                                                            const http::Parameters& path_fields) {
  using Understood = absl::StatusOr<std::shared_ptr<google::protobuf::Message>>;
  http::Exchange& exchange = incoming.exchange;
  const Route& route = incoming.route;
  const bool needs_session = route.session == SessionUse::kRequired;
  CO_TRY(const std::string session, SessionOfHead(route, exchange.head()));
  bool is_known = !needs_session;
  const auto know = [&](std::string named) -> Task<> {
    CO_TRY(co_await FindSession(incoming, named));
    is_known = true;
    co_return absl::OkStatus();
  };
  if (!session.empty() && needs_session) {
    CO_TRY(co_await know(session));
  }
  TopLevelText named(kSessionField);
  const http::Exchange::Judge judge = [&](std::string_view piece) -> Task<> {
    if (is_known) co_return absl::OkStatus();
    named.Take(piece);
    if (named.found().empty()) co_return absl::OkStatus();
    co_return co_await know(named.found());
  };
  CO_TRY(std::string body, co_await exchange.ReadBody(route.max_body_bytes, LargeBodies::kLarge, judge));
  if (!is_known && body.size() > LargeBodies::kLarge) {
    CO_TRY(co_await know(""));
  }
  std::function<Understood()> work = [&] {
    Understood request = ReadInput(route, exchange.head(), path_fields, body, exchange.client_address());
    Secret::Wipe(body);
    std::string().swap(body);
    return request;
  };
  Understood request = co_await large_bodies_.Work<Understood>(std::move(work));
  co_return request;
}

Task<> FrontDoor::FindSession(const Incoming& incoming, const std::string& session) {
  if (session.empty()) {
    InputFaults faults;
    faults.Missing("session_id");
    co_return faults.Verdict();
  }
  if (!IsSessionId(session)) {
    co_return Refuse(Reason::kSessionNotFound, "There is no such session; open one with POST /api/demo/v2/configure.");
  }
  vault::GetSessionRequest request;
  request.set_session_id(session);
  const auto found = co_await upstream_.Call<vault::GetSessionResponse>(incoming.call, kGetSession, std::move(request));
  co_return found.status();
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

#include "gateway/api/compare.h"

#include <utility>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/json_writer.h"
#include "common/json/message_json.h"
#include "common/proto/enum_word.h"
#include "finetunelab/analytics/v1/comparisons_service.pb.h"
#include "finetunelab/batch_runner/v1/compare_service.grpc.pb.h"
#include "gateway/api/answer_line.h"
#include "gateway/http/sse_writer.h"
#include "gateway/upstream/event_sender.h"

namespace ftl::gateway {

namespace pb = finetunelab::batch_runner::v1;

namespace {

using Stub = pb::CompareService::Stub;

constexpr std::string_view kGetComparison = "finetunelab.analytics.v1.ComparisonsService.GetComparison";

// Which column, and which time where it is asked more than once: members with a comma before each.
std::string PlaceIn(const pb::CompareEvent& event) {
  std::string members = fmt::format(",\"index\":{}", event.index());
  if (event.has_repetition()) members += fmt::format(",\"repetition\":{}", event.repetition());
  return members;
}

std::string Text(std::string_view name, std::string_view text, const std::string& place) {
  std::string json = fmt::format("{{\"{}\":", name);
  AppendJsonString(text, json);
  return json + place + "}";
}

std::string Typed(std::string_view type, const google::protobuf::Message& members, const std::string& place) {
  std::string json = TypedLine(type, members);
  json.pop_back();
  return json + place + "}";
}

std::string Failure(const pb::CompareFailure& failure, const std::string& place, const std::string& request_id) {
  const bool is_late = failure.error_type() == finetunelab::endpoint::v1::ERROR_TYPE_TIMEOUT;
  const std::string type = EnumWord(failure.error_type());
  const absl::Status status =
      Refuse(is_late ? Reason::kEndpointTimeout : Reason::kEndpointFailed, failure.message()).With("error_type", type);
  return ErrorLine(status, request_id, fmt::format("{},\"error_type\":\"{}\"", place, type));
}

std::string LineOf(const pb::CompareEvent& event, const std::string& request_id) {
  const std::string place = PlaceIn(event);
  switch (event.event_case()) {
    case pb::CompareEvent::kStart:
      return Typed("start", event.start(), place);
    case pb::CompareEvent::kContent:
      return Text("content", event.content(), place);
    case pb::CompareEvent::kReasoning:
      return Text("reasoning", event.reasoning(), place);
    case pb::CompareEvent::kToolCall:
      return Typed("tool_call", event.tool_call(), place);
    case pb::CompareEvent::kTiming:
      return Typed("timing", event.timing(), place);
    case pb::CompareEvent::kTokenUsage:
      return Typed("token_usage", event.token_usage(), place);
    case pb::CompareEvent::kDone:
      return Typed("done", event.done(), place);
    case pb::CompareEvent::kError:
      return Failure(event.error(), place, request_id);
    case pb::CompareEvent::EVENT_NOT_SET:
      return "";
  }
  return "";
}

// As analytics gives it.
Task<pb::Comparison> StoredComparison(Services& services, Incoming& incoming, const std::string& owner,
                                      const std::string& id) {
  finetunelab::analytics::v1::GetComparisonRequest request;
  request.set_owner(owner);
  request.set_id(id);
  co_return co_await services.upstream.Call<pb::Comparison>(incoming.call, kGetComparison, request);
}

// Sends what comes, then what analytics says of it.
template <typename Response>
Task<> SendColumns(Services& services, Pump<Response>& pump, Incoming& incoming, const std::string& owner) {
  const bool has_begun = co_await pump.Wait(incoming.call.deadline);
  if (!has_begun) co_return AnswerIsLate();
  auto next = pump.Take();
  CO_TRY(next.status());
  CO_TRY(co_await incoming.exchange.Begin(http::EventStreamHead()));
  http::SseWriter sse(incoming.exchange.body());
  std::string id;
  while (next.ok() && next->has_value()) {
    const pb::CompareEvent& event = (*next)->event();
    if (event.has_start()) id = event.start().comparison_id();
    std::string events;
    http::AppendEvent("", event.id(), LineOf(event, incoming.call.request_id), events);
    CO_TRY(co_await sse.Write(events));
    while (true) {
      const bool has_come = co_await pump.Wait(sse.heartbeat_due());
      if (has_come) break;
      CO_TRY(co_await sse.Heartbeat());
    }
    next = pump.Take();
  }
  absl::Status ended = next.status();
  std::string last;
  if (ended.ok()) {
    const auto comparison = co_await StoredComparison(services, incoming, owner, id);
    ended = comparison.status();
    if (comparison.ok() && comparison->has_verdict()) {
      http::AppendEvent("", 0, TypedLine("verdict", comparison->verdict()), last);
    }
  }
  CO_TRY(co_await sse.Write(last + LastEvents(ended, incoming.call.request_id)));
  co_return co_await sse.End();
}

// Waits for the end of it, and sends it as one object.
Task<> SendWhole(Services& services, Pump<pb::CompareResponse>& pump, Incoming& incoming, const std::string& owner) {
  std::string id;
  while (true) {
    const bool has_come = co_await pump.Wait(incoming.call.deadline);
    if (!has_come) co_return AnswerIsLate();
    auto next = pump.Take();
    CO_TRY(next.status());
    if (!next->has_value()) break;
    if ((*next)->event().has_start()) id = (*next)->event().start().comparison_id();
  }
  CO_TRY(const pb::Comparison comparison, co_await StoredComparison(services, incoming, owner, id));
  co_return co_await incoming.exchange.Send(http::JsonResponse(incoming.route.status, ToJson(comparison)));
}

Task<> SendRest(Services& services, Stub& stub, Incoming& incoming, pb::RejoinCompareRequest request) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const std::string owner = request.owner();
  Pump<pb::RejoinCompareResponse> pump(
      executor, rpc::Stream<pb::RejoinCompareResponse>::Start(incoming.call, stub.async(), &Stub::async::RejoinCompare,
                                                              std::move(request)));
  co_return co_await SendColumns(services, pump, incoming, owner);
}

std::string LastEventId(const Incoming& incoming) {
  return std::string(incoming.exchange.head().Find("last-event-id").value_or(""));
}

Task<> Ask(Services& services, Stub& stub, Incoming& incoming) {
  const auto& request = static_cast<const pb::CompareRequest&>(*incoming.request);
  if (std::string last = LastEventId(incoming); !last.empty()) {
    pb::RejoinCompareRequest rest;
    rest.set_owner(request.owner());
    rest.set_last_event_id(std::move(last));
    co_return co_await SendRest(services, stub, incoming, std::move(rest));
  }
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Pump<pb::CompareResponse> pump(
      executor, rpc::Stream<pb::CompareResponse>::Start(incoming.call, stub.async(), &Stub::async::Compare, request));
  if (request.has_stream() && !request.stream()) {
    co_return co_await SendWhole(services, pump, incoming, request.owner());
  }
  co_return co_await SendColumns(services, pump, incoming, request.owner());
}

Task<> Rejoin(Services& services, Stub& stub, Incoming& incoming) {
  auto request = static_cast<const pb::RejoinCompareRequest&>(*incoming.request);
  if (request.last_event_id().empty()) request.set_last_event_id(LastEventId(incoming));
  co_return co_await SendRest(services, stub, incoming, std::move(request));
}

std::shared_ptr<Stub> NewStub(Services& services) {
  return pb::CompareService::NewStub(services.upstream.Channel("batch-runner"));
}

}  // namespace

Handler Compare(Services& services) {
  return [&services, stub = NewStub(services)](Incoming& incoming) { return Ask(services, *stub, incoming); };
}

Handler RejoinCompare(Services& services) {
  return [&services, stub = NewStub(services)](Incoming& incoming) { return Rejoin(services, *stub, incoming); };
}

}  // namespace ftl::gateway

#include "gateway/api/chat.h"

#include <utility>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/json_writer.h"
#include "common/json/message_json.h"
#include "common/proto/enum_word.h"
#include "finetunelab/batch_runner/v1/chat_service.grpc.pb.h"
#include "gateway/api/answer_line.h"
#include "gateway/http/sse_writer.h"
#include "gateway/upstream/event_sender.h"

namespace ftl::gateway {

namespace pb = finetunelab::batch_runner::v1;

namespace {

using Stub = pb::ChatService::Stub;

std::string Text(std::string_view name, std::string_view text) {
  std::string json = fmt::format("{{\"{}\":", name);
  AppendJsonString(text, json);
  return json + "}";
}

// A model's failure as the failure of a call.
absl::Status StatusOf(const pb::ChatFailure& failure) {
  const bool is_late = failure.error_type() == finetunelab::endpoint::v1::ERROR_TYPE_TIMEOUT;
  return Refuse(is_late ? Reason::kEndpointTimeout : Reason::kEndpointFailed, failure.message())
      .With("error_type", EnumWord(failure.error_type()))
      .With("message_id", failure.message_id());
}

std::string LineOf(const pb::ChatEvent& event, const std::string& request_id) {
  switch (event.event_case()) {
    case pb::ChatEvent::kStart:
      return TypedLine("start", event.start());
    case pb::ChatEvent::kContent:
      return Text("content", event.content());
    case pb::ChatEvent::kReasoning:
      return Text("reasoning", event.reasoning());
    case pb::ChatEvent::kToolCall:
      return TypedLine("tool_call", event.tool_call());
    case pb::ChatEvent::kTiming:
      return TypedLine("timing", event.timing());
    case pb::ChatEvent::kTokenUsage:
      return TypedLine("token_usage", event.token_usage());
    case pb::ChatEvent::kDone:
      return TypedLine("done", event.done());
    case pb::ChatEvent::kError:
      return ErrorLine(StatusOf(event.error()), request_id,
                       fmt::format(",\"message_id\":\"{}\",\"error_type\":\"{}\"", event.error().message_id(),
                                   EnumWord(event.error().error_type())));
    case pb::ChatEvent::EVENT_NOT_SET:
      return "";
  }
  return "";
}

template <typename Response>
Task<> SendAnswer(Pump<Response>& pump, Incoming& incoming) {
  const auto events_of = [&incoming](const Response& response) {
    std::string events;
    const std::string line = LineOf(response.event(), incoming.call.request_id);
    if (!line.empty()) http::AppendEvent("", response.event().id(), line, events);
    return events;
  };
  const auto end_of = [&incoming](const absl::Status& status) { return LastEvents(status, incoming.call.request_id); };
  co_return co_await SendEvents(pump, incoming.exchange, incoming.call.deadline, events_of, end_of);
}

// The events of an answer as one object.
struct WholeAnswer {
  std::string start;
  std::string reasoning;
  std::string content;
  std::string tool_calls;
  std::string figures;
  absl::Status failure;

  void Add(const pb::ChatEvent& event) {
    switch (event.event_case()) {
      case pb::ChatEvent::kStart:
        WriteMembers(event.start(), /*first=*/true, start);
        break;
      case pb::ChatEvent::kContent:
        content += event.content();
        break;
      case pb::ChatEvent::kReasoning:
        reasoning += event.reasoning();
        break;
      case pb::ChatEvent::kToolCall:
        tool_calls += (tool_calls.empty() ? "" : ",") + ToJson(event.tool_call());
        break;
      case pb::ChatEvent::kTiming:
        WriteMembers(event.timing(), /*first=*/false, figures);
        break;
      case pb::ChatEvent::kTokenUsage:
        WriteMembers(event.token_usage(), /*first=*/false, figures);
        break;
      case pb::ChatEvent::kDone:
        figures += ",\"finish_reason\":";
        AppendJsonString(event.done().finish_reason(), figures);
        if (event.done().has_cost()) {
          figures += ",\"cost\":";
          AppendJsonNumber(event.done().cost(), figures);
        }
        break;
      case pb::ChatEvent::kError:
        failure = StatusOf(event.error());
        break;
      case pb::ChatEvent::EVENT_NOT_SET:
        break;
    }
  }
  std::string Json() const {
    std::string json = "{" + start + ",\"role\":\"assistant\",\"content\":";
    AppendJsonString(content, json);
    if (!reasoning.empty()) {
      json += ",\"reasoning\":";
      AppendJsonString(reasoning, json);
    }
    if (!tool_calls.empty()) json += ",\"tool_calls\":[" + tool_calls + "]";
    return json + figures + "}";
  }
};

Task<> SendWhole(Pump<pb::ChatResponse>& pump, Incoming& incoming) {
  WholeAnswer answer;
  while (true) {
    const bool has_come = co_await pump.Wait(incoming.call.deadline);
    if (!has_come) co_return AnswerIsLate();
    auto next = pump.Take();
    CO_TRY(next.status());
    if (!next->has_value()) break;
    answer.Add((*next)->event());
  }
  CO_TRY(std::move(answer.failure));
  co_return co_await incoming.exchange.Send(http::JsonResponse(incoming.route.status, answer.Json()));
}

Task<> SendRest(Stub& stub, Incoming& incoming, pb::RejoinChatRequest request) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Pump<pb::RejoinChatResponse> pump(
      executor, rpc::Stream<pb::RejoinChatResponse>::Start(incoming.call, stub.async(), &Stub::async::RejoinChat,
                                                           std::move(request)));
  co_return co_await SendAnswer(pump, incoming);
}

std::string LastEventId(const Incoming& incoming) {
  return std::string(incoming.exchange.head().Find("last-event-id").value_or(""));
}

Task<> Ask(Stub& stub, Incoming& incoming) {
  const auto& request = static_cast<const pb::ChatRequest&>(*incoming.request);
  if (std::string last = LastEventId(incoming); !last.empty()) {
    pb::RejoinChatRequest rest;
    rest.set_owner(request.owner());
    rest.set_last_event_id(std::move(last));
    co_return co_await SendRest(stub, incoming, std::move(rest));
  }
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Pump<pb::ChatResponse> pump(
      executor, rpc::Stream<pb::ChatResponse>::Start(incoming.call, stub.async(), &Stub::async::Chat, request));
  if (request.has_stream() && !request.stream()) co_return co_await SendWhole(pump, incoming);
  co_return co_await SendAnswer(pump, incoming);
}

Task<> Rejoin(Stub& stub, Incoming& incoming) {
  auto request = static_cast<const pb::RejoinChatRequest&>(*incoming.request);
  if (request.last_event_id().empty()) request.set_last_event_id(LastEventId(incoming));
  co_return co_await SendRest(stub, incoming, std::move(request));
}

std::shared_ptr<Stub> NewStub(Services& services) {
  return pb::ChatService::NewStub(services.upstream.Channel("batch-runner"));
}

}  // namespace

Handler Chat(Services& services) {
  return [stub = NewStub(services)](Incoming& incoming) { return Ask(*stub, incoming); };
}

Handler RejoinChat(Services& services) {
  return [stub = NewStub(services)](Incoming& incoming) { return Rejoin(*stub, incoming); };
}

}  // namespace ftl::gateway

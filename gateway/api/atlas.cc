#include "gateway/api/atlas.h"

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/message_json.h"
#include "finetunelab/analytics/v1/analytics_service.grpc.pb.h"
#include "gateway/http/problem.h"
#include "gateway/http/sse_writer.h"
#include "gateway/upstream/pump.h"
#include "gateway/upstream/status_field.h"

namespace ftl::gateway {

namespace pb = finetunelab::analytics::v1;

namespace {

using Stub = pb::AnalyticsService::Stub;

std::string Typed(std::string_view type, const google::protobuf::Message& members) {
  std::string json = fmt::format("{{\"type\":\"{}\"", type);
  WriteMembers(members, /*first=*/false, json);
  return json + "}";
}

std::string Failure(const absl::Status& status, const std::string& request_id) {
  return "{\"type\":\"error\",\"problem_type\"" + http::ProblemJson(status, request_id).substr(sizeof "{\"type\"" - 1);
}

// One `data:` line of the contract.
std::string LineOf(const pb::AnswerPiece& piece, const std::string& request_id) {
  switch (piece.piece_case()) {
    case pb::AnswerPiece::kToolCall:
      return Typed("tool_call", piece.tool_call());
    case pb::AnswerPiece::kToolResult:
      return Typed("tool_result", piece.tool_result());
    case pb::AnswerPiece::kContent:
      return ToJson(piece);
    case pb::AnswerPiece::kTokenUsage:
      return Typed("token_usage", piece.token_usage());
    case pb::AnswerPiece::kGrounding:
      return Typed("grounding", piece.grounding());
    case pb::AnswerPiece::kExport:
      return Typed("export", piece.export_());
    case pb::AnswerPiece::kError:
      return Failure(StatusOf(piece.error()), request_id);
    case pb::AnswerPiece::PIECE_NOT_SET:
      return "";
  }
  return "";
}

Task<> SendAnswer(Stub& stub, Incoming& incoming) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto& request = static_cast<const pb::AskRequest&>(*incoming.request);
  Pump<pb::AskResponse> pump(
      executor, rpc::Stream<pb::AskResponse>::Start(incoming.call, stub.async(), &Stub::async::Ask, request));
  // Until the first piece is there, a refusal can still be an answer of its own.
  co_await pump.Wait(incoming.call.deadline);
  auto next = pump.Take();
  CO_TRY(next.status());
  CO_TRY(co_await incoming.exchange.Begin(http::EventStreamHead()));
  http::SseWriter sse(incoming.exchange.body());
  while (next.ok() && next->has_value()) {
    std::string events;
    const std::string line = LineOf((*next)->piece(), incoming.call.request_id);
    if (!line.empty()) http::AppendEvent("", 0, line, events);
    CO_TRY(co_await sse.Write(events));
    while (true) {
      const bool has_come = co_await pump.Wait(sse.heartbeat_due());
      if (has_come) break;
      CO_TRY(co_await sse.Heartbeat());
    }
    next = pump.Take();
  }
  std::string end;
  if (!next.ok()) http::AppendEvent("", 0, Failure(next.status(), incoming.call.request_id), end);
  http::AppendEvent("", 0, "[DONE]", end);
  CO_TRY(co_await sse.Write(end));
  co_return co_await sse.End();
}

}  // namespace

Handler AskAtlas(Services& services) {
  std::shared_ptr<Stub> stub = pb::AnalyticsService::NewStub(services.upstream.Channel("analytics"));
  return [stub](Incoming& incoming) { return SendAnswer(*stub, incoming); };
}

}  // namespace ftl::gateway

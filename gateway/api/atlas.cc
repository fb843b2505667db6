#include "gateway/api/atlas.h"

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/message_json.h"
#include "finetunelab/analytics/v1/analytics_service.grpc.pb.h"
#include "gateway/api/answer_line.h"
#include "gateway/http/sse_writer.h"
#include "gateway/upstream/event_sender.h"
#include "gateway/upstream/status_field.h"

namespace ftl::gateway {

namespace pb = finetunelab::analytics::v1;

namespace {

using Stub = pb::AnalyticsService::Stub;

// One `data:` line of the contract.
std::string LineOf(const pb::AnswerPiece& piece, const std::string& request_id) {
  switch (piece.piece_case()) {
    case pb::AnswerPiece::kToolCall:
      return TypedLine("tool_call", piece.tool_call());
    case pb::AnswerPiece::kToolResult:
      return TypedLine("tool_result", piece.tool_result());
    case pb::AnswerPiece::kContent:
      return ToJson(piece);
    case pb::AnswerPiece::kTokenUsage:
      return TypedLine("token_usage", piece.token_usage());
    case pb::AnswerPiece::kGrounding:
      return TypedLine("grounding", piece.grounding());
    case pb::AnswerPiece::kExport:
      return TypedLine("export", piece.export_());
    case pb::AnswerPiece::kError:
      return ErrorLine(StatusOf(piece.error()), request_id);
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
  const auto events_of = [&incoming](const pb::AskResponse& response) {
    std::string events;
    const std::string line = LineOf(response.piece(), incoming.call.request_id);
    if (!line.empty()) http::AppendEvent("", 0, line, events);
    return events;
  };
  const auto end_of = [&incoming](const absl::Status& status) { return LastEvents(status, incoming.call.request_id); };
  co_return co_await SendEvents(pump, incoming.exchange, incoming.call.deadline, events_of, end_of);
}

}  // namespace

Handler AskAtlas(Services& services) {
  std::shared_ptr<Stub> stub = pb::AnalyticsService::NewStub(services.upstream.Channel("analytics"));
  return [stub](Incoming& incoming) { return SendAnswer(*stub, incoming); };
}

}  // namespace ftl::gateway

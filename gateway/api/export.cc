#include "gateway/api/export.h"

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/rpc/call.h"
#include "finetunelab/exporter/v1/comparison_export_service.grpc.pb.h"
#include "finetunelab/exporter/v1/conversation_export_service.grpc.pb.h"
#include "finetunelab/exporter/v1/exporter_service.grpc.pb.h"
#include "finetunelab/exporter/v1/history_export_service.grpc.pb.h"

namespace ftl::gateway {

namespace pb = finetunelab::exporter::v1;

namespace {

using Stub = pb::ExporterService::Stub;

absl::Status JudgeRequest(const pb::ExportRequest& request) {
  if (!request.token().empty()) return absl::OkStatus();
  FieldFaults faults;
  if (request.session_id().empty()) faults.Add("session_id", "is missing");
  if (request.format() == pb::EXPORT_FORMAT_UNSPECIFIED)
    faults.Add("format", fmt::format("is missing; ask for {}", EnumWords<pb::ExportFormat>()));
  return faults.Verdict();
}

// The file that comes by `stream`, its bytes only where they are wanted.
Task<> SendFile(rpc::Stream<pb::ExportResponse>& stream, bool has_bytes, Incoming& incoming) {
  CO_TRY(const std::optional<pb::ExportResponse> first, co_await stream.Next());
  if (!first || !first->has_head()) co_return absl::InternalError("the file has no head");
  http::Response head;
  head.content_type = first->head().content_type();
  head.With("Content-Disposition", fmt::format("attachment; filename=\"{}\"", first->head().file_name()));
  CO_TRY(co_await incoming.exchange.Begin(std::move(head)));
  while (has_bytes) {
    CO_TRY(const std::optional<pb::ExportResponse> piece, co_await stream.Next());
    if (!piece) break;
    CO_TRY(co_await incoming.exchange.Write(piece->chunk()));
  }
  co_return co_await incoming.exchange.End();
}

Task<> SendReport(Stub& stub, Incoming& incoming) {
  auto& request = static_cast<pb::ExportRequest&>(*incoming.request);
  CO_TRY(JudgeRequest(request));
  request.set_head_only(incoming.exchange.head().method == "HEAD");
  auto stream = rpc::Stream<pb::ExportResponse>::Start(incoming.call, stub.async(), &Stub::async::Export, request);
  co_return co_await SendFile(stream, !request.head_only(), incoming);
}

template <typename Request, typename Stub, typename Method>
Task<> SendFileBy(Stub& stub, Method method, Incoming& incoming) {
  const auto& request = static_cast<const Request&>(*incoming.request);
  auto stream = rpc::Stream<pb::ExportResponse>::Start(incoming.call, stub.async(), method, request);
  co_return co_await SendFile(stream, incoming.exchange.head().method != "HEAD", incoming);
}

// The file that the service streams for a request.
template <typename Service, typename Request, typename Method>
Handler FileBy(Services& services, Method method) {
  std::shared_ptr<typename Service::Stub> stub = Service::NewStub(services.upstream.Channel("export"));
  return [stub, method](Incoming& incoming) { return SendFileBy<Request>(*stub, method, incoming); };
}

}  // namespace

Handler Download(Services& services) {
  std::shared_ptr<Stub> stub = pb::ExporterService::NewStub(services.upstream.Channel("export"));
  return [stub](Incoming& incoming) { return SendReport(*stub, incoming); };
}

Handler DownloadHistory(Services& services) {
  using Service = pb::HistoryExportService;
  return FileBy<Service, pb::ExportHistoryRequest>(services, &Service::Stub::async::ExportHistory);
}

Handler DownloadConversation(Services& services) {
  using Service = pb::ConversationExportService;
  return FileBy<Service, pb::ExportConversationRequest>(services, &Service::Stub::async::ExportConversation);
}

Handler DownloadComparison(Services& services) {
  using Service = pb::ComparisonExportService;
  return FileBy<Service, pb::ExportComparisonRequest>(services, &Service::Stub::async::ExportComparison);
}

}  // namespace ftl::gateway

#include "gateway/api/export.h"

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/rpc/call.h"
#include "finetunelab/exporter/v1/exporter_service.grpc.pb.h"

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

Task<> SendReport(Stub& stub, Incoming& incoming) {
  auto& request = static_cast<pb::ExportRequest&>(*incoming.request);
  CO_TRY(JudgeRequest(request));
  request.set_head_only(incoming.exchange.head().method == "HEAD");
  auto stream = rpc::Stream<pb::ExportResponse>::Start(incoming.call, stub.async(), &Stub::async::Export, request);
  CO_TRY(const std::optional<pb::ExportResponse> first, co_await stream.Next());
  if (!first || !first->has_head()) co_return absl::InternalError("the report has no head");
  http::Response head;
  head.content_type = first->head().content_type();
  head.With("Content-Disposition", fmt::format("attachment; filename=\"{}\"", first->head().file_name()));
  CO_TRY(co_await incoming.exchange.Begin(std::move(head)));
  while (!request.head_only()) {
    CO_TRY(const std::optional<pb::ExportResponse> piece, co_await stream.Next());
    if (!piece) break;
    CO_TRY(co_await incoming.exchange.Write(piece->chunk()));
  }
  co_return co_await incoming.exchange.End();
}

}  // namespace

Handler Download(Services& services) {
  std::shared_ptr<Stub> stub = pb::ExporterService::NewStub(services.upstream.Channel("export"));
  return [stub](Incoming& incoming) { return SendReport(*stub, incoming); };
}

}  // namespace ftl::gateway

#pragma once

#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/exporter/v1/comparison_export_service.grpc.pb.h"
#include "services/export/report/numbers.h"
#include "services/export/rpc/render_thread.h"

namespace ftl::exporter {

namespace pb = finetunelab::exporter::v1;

// The door to comparisons of models as files. One per server, on the module's thread; its parts outlive it.
class ComparisonExportService final : public pb::ComparisonExportService::CallbackService {
 public:
  ComparisonExportService(rpc::Serving serving, Numbers& numbers, RenderThread& pages)
      : serving_(std::move(serving)), numbers_(numbers), pages_(pages) {}
  // Its pieces are those of a report.
  grpc::ServerWriteReactor<pb::ExportResponse>* ExportComparison(grpc::CallbackServerContext* context,
                                                                 const pb::ExportComparisonRequest* request) override {
    return rpc::ServeStream<pb::ExportResponse>(
        serving_, context, request, "ExportComparison",
        [this](const CallContext& call, const pb::ExportComparisonRequest& message,
               rpc::Writer<pb::ExportResponse>& writer) { return Write(call, message, writer); });
  }

 private:
  Task<> Write(const CallContext& call, const pb::ExportComparisonRequest& request,
               rpc::Writer<pb::ExportResponse>& writer);

  rpc::Serving serving_;
  Numbers& numbers_;
  RenderThread& pages_;
};

}  // namespace ftl::exporter

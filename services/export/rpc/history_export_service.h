#pragma once

#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/exporter/v1/history_export_service.grpc.pb.h"
#include "services/export/store/history_reader.h"

namespace ftl::exporter {

namespace pb = finetunelab::exporter::v1;

// The door to the history as a file. One per server; `database` outlives it.
class HistoryExportService final : public pb::HistoryExportService::CallbackService {
 public:
  HistoryExportService(rpc::Serving serving, Database& database) : serving_(std::move(serving)), reader_(database) {}
  // Its pieces are those of a report.
  grpc::ServerWriteReactor<pb::ExportResponse>* ExportHistory(grpc::CallbackServerContext* context,
                                                              const pb::ExportHistoryRequest* request) override {
    return rpc::ServeStream<pb::ExportResponse>(
        serving_, context, request, "ExportHistory",
        [this](const CallContext& call, const pb::ExportHistoryRequest& message,
               rpc::Writer<pb::ExportResponse>& writer) { return Write(call, message, writer); });
  }

 private:
  // One call after the other, as fast as the client takes them; what begins meanwhile is not in the file.
  Task<> Write(const CallContext& call, const pb::ExportHistoryRequest& request,
               rpc::Writer<pb::ExportResponse>& writer);

  rpc::Serving serving_;
  HistoryReader reader_;
};

}  // namespace ftl::exporter

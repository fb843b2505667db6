#pragma once

#include <string>
#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/exporter/v1/exporter_service.grpc.pb.h"
#include "services/export/report/numbers.h"
#include "services/export/store/download_tokens.h"
#include "services/export/store/export_log.h"
#include "services/export/store/result_reader.h"

namespace ftl::exporter {

namespace pb = finetunelab::exporter::v1;

// The door to reports. The parts outlive it.
class ExporterService final : public pb::ExporterService::CallbackService {
 public:
  struct Parts {
    ResultReader& results;
    DownloadTokens& tokens;
    ExportLog& log;
    Numbers& numbers;
  };

  ExporterService(rpc::Serving serving, Parts parts) : serving_(std::move(serving)), parts_(parts) {}
  FTL_SERVE_STREAM(Export)

  Task<> Export(const CallContext& call, const pb::ExportRequest& request, rpc::Writer<pb::ExportResponse>& writer);

 private:
  // Session, run and format that a request or its token names.
  Task<Download> Understand(const CallContext& call, const pb::ExportRequest& request);
  // The report with its metrics, both of one moment.
  Task<Report> MakeReport(const CallContext& call, const Download& wanted, const std::string& session_id);

  rpc::Serving serving_;
  Parts parts_;
};

}  // namespace ftl::exporter

#pragma once

#include <functional>
#include <string>
#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/exporter/v1/exporter_service.grpc.pb.h"
#include "services/export/report/numbers.h"
#include "services/export/rpc/byte_stream.h"
#include "services/export/rpc/render_thread.h"
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
    RenderThread& pages;
  };

  ExporterService(rpc::Serving serving, Parts parts) : serving_(std::move(serving)), parts_(parts) {}
  FTL_SERVE_STREAM(Export)
  FTL_SERVE(ListFormats)

  Task<> Export(const CallContext& call, const pb::ExportRequest& request, rpc::Writer<pb::ExportResponse>& writer);
  Task<pb::ListFormatsResponse> ListFormats(const CallContext& call, const pb::ListFormatsRequest& request);

 private:
  // Session, run and format that a request or its token names.
  Task<Download> Understand(const CallContext& call, const pb::ExportRequest& request);
  // The report with its metrics, both of one moment.
  Task<Report> MakeReport(const CallContext& call, const Download& wanted, const std::string& session_id);
  // The whole file of a format that is a document, which has a bounded size, or the picture of its first page.
  Task<std::string> SetPages(const CallContext& call, const Download& wanted, const Report& report,
                             const pb::ExportRequest& request);
  // The same as a workbook, which is spooled to its end before the first byte of it is sent.
  Task<> WriteWorkbook(const CallContext& call, const Download& wanted, const Report& report, ByteStream& out);
  // One result after the other, as fast as the client takes them.
  Task<> WriteRows(const CallContext& call, const Download& wanted, const Report& report, bool sections,
                   ByteStream& out);
  // Hands the results of all runs to `take`, a page at a time, in order; the next page is read meanwhile.
  using TakePage = std::function<Task<>(ResultPage)>;
  Task<> EachPage(const CallContext& call, const Download& wanted, const Report& report, const TakePage& take);

  rpc::Serving serving_;
  Parts parts_;
};

}  // namespace ftl::exporter

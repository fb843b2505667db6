#include "services/export/rpc/comparison_export_service.h"

#include <functional>
#include <string>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "services/export/rpc/byte_stream.h"
#include "services/export/writer/comparison_rows.h"
#include "services/export/writer/markdown_writer.h"
#include "services/export/writer/pdf/pdf_writer.h"

namespace ftl::exporter {
namespace {

absl::Status Judge(const pb::ExportComparisonRequest& request) {
  FieldFaults faults;
  if (request.format() == pb::COMPARISON_FORMAT_UNSPECIFIED) {
    faults.Add("format", "is missing; ask for " + EnumWords<pb::ComparisonFormat>());
  } else if (!pb::ComparisonFormat_IsValid(request.format())) {
    faults.Add("format", "must be " + EnumWords<pb::ComparisonFormat>());
  }
  if (!pb::Paper_IsValid(request.paper())) faults.Add("paper", "must be a4 or letter");
  return faults.Verdict();
}

std::string_view ContentTypeOf(pb::ComparisonFormat format) {
  switch (format) {
    case pb::COMPARISON_FORMAT_PDF:
      return "application/pdf";
    case pb::COMPARISON_FORMAT_MD:
      return "text/markdown; charset=utf-8";
    case pb::COMPARISON_FORMAT_CSV:
      return "text/csv; charset=utf-8";
    default:
      return "application/json";
  }
}

std::string FileOf(const ComparisonReport& report, const pb::ExportComparisonRequest& request) {
  std::string file;
  switch (request.format()) {
    case pb::COMPARISON_FORMAT_PDF:
      return WritePdf(Compose(report), request.paper());
    case pb::COMPARISON_FORMAT_MD:
      return WriteMarkdown(Compose(report));
    case pb::COMPARISON_FORMAT_CSV:
      AppendComparisonCsv(report, !request.has_header() || request.header(), file);
      return file;
    default:
      AppendComparisonJson(report, file);
      return file;
  }
}

}  // namespace

Task<> ComparisonExportService::Write(const CallContext& call, const pb::ExportComparisonRequest& request,
                                      rpc::Writer<pb::ExportResponse>& writer) {
  CO_TRY(Judge(request));
  CO_TRY(ComparisonReport report, co_await numbers_.OfComparison(call, request.owner(), request.id()));
  pb::ExportResponse head;
  head.mutable_head()->set_file_name(fmt::format("finetunelab-comparison-{}.{}",
                                                 absl::FormatTime("%Y-%m-%d", report.taken_at, absl::UTCTimeZone()),
                                                 EnumWord(request.format())));
  head.mutable_head()->set_content_type(std::string(ContentTypeOf(request.format())));
  ByteStream out(writer);
  std::function<std::string()> render = [report = std::move(report), request] { return FileOf(report, request); };
  CO_TRY(out.bytes(), co_await pages_.Run(std::move(render)));
  CO_TRY(co_await writer.Write(head));
  co_return co_await out.Finish();
}

}  // namespace ftl::exporter

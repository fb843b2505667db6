#include "services/export/rpc/exporter_service.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/copy_fields.h"
#include "common/proto/enum_word.h"
#include "common/result/result_filter.h"
#include "common/session/session_gate.h"
#include "services/export/report/compose.h"
#include "services/export/report/format.h"
#include "services/export/rpc/read_deadline.h"
#include "services/export/writer/html/html_writer.h"
#include "services/export/writer/pdf/pdf_writer.h"
#include "services/export/writer/report_writer.h"
#include "services/export/writer/xlsx/workbook.h"

namespace ftl::exporter {
namespace {

// A run that starts between the snapshot and its metrics makes the two differ; it cannot do so for long.
constexpr int kMaxSnapshots = 5;

constexpr size_t kSpooledBytes = 256 * 1024;
// A document of more runs would be no report any more; CSV and JSON hold all.
constexpr size_t kMostChapters = 12;

Task<> SendHead(rpc::Writer<pb::ExportResponse>& writer, pb::ExportFormat format, absl::Time taken_at) {
  pb::ExportResponse response;
  response.mutable_head()->set_file_name(FileNameOf(format, taken_at));
  response.mutable_head()->set_content_type(std::string(FactsOf(format).content_type));
  co_return co_await writer.Write(response);
}

Task<> SendPictureHead(rpc::Writer<pb::ExportResponse>& writer) {
  pb::ExportResponse response;
  response.mutable_head()->set_file_name("finetunelab-batch-test-page-1.png");
  response.mutable_head()->set_content_type("image/png");
  co_return co_await writer.Write(response);
}

absl::Status Judge(const pb::ExportRequest& request) {
  FieldFaults faults;
  if (!pb::Paper_IsValid(request.paper())) faults.Add("paper", "must be a4 or letter");
  const bool of_pdf = request.token().empty() && request.format() == pb::EXPORT_FORMAT_PDF;
  if (request.picture() && !of_pdf) faults.Add("picture", "is of format pdf alone, and goes with a session");
  return faults.Verdict();
}

// A report tells of whole runs.
absl::Status RequireRowsFor(const Download& wanted) {
  if (!IsDocument(wanted.format) || !HasResultFilter(wanted.filter)) return absl::OkStatus();
  FieldFaults faults;
  faults.Add("format", fmt::format("{} is a report of whole runs; filters go with csv, json, jsonl, xlsx and junit",
                                   EnumWord(wanted.format)));
  return faults.Verdict();
}

}  // namespace

Task<> ExporterService::Export(const CallContext& call, const pb::ExportRequest& request,
                               rpc::Writer<pb::ExportResponse>& writer) {
  CO_TRY(Judge(request));
  CO_TRY(const Download wanted, co_await Understand(call, request));
  // A token knows no session's id; the run it stands for is enough.
  const std::string session_id = request.token().empty() ? request.session_id() : "";
  CO_TRY(Report report, co_await MakeReport(call, wanted, session_id));
  report.filter = ResultFilterText(wanted.filter);
  if (wanted.format == pb::EXPORT_FORMAT_JUNIT) {
    CO_TRY(report.cases, co_await parts_.results.CountCases(ReadDeadline(call), wanted.session, report, wanted.filter));
  }
  if (request.picture()) {
    if (request.head_only()) co_return co_await SendPictureHead(writer);
    ByteStream picture(writer);
    CO_TRY(picture.bytes(), co_await SetPages(call, wanted, report, request));
    CO_TRY(co_await SendPictureHead(writer));
    co_return co_await picture.Finish();
  }
  if (request.head_only()) co_return co_await SendHead(writer, wanted.format, report.taken_at);
  CO_TRY(co_await parts_.log.Record(ReadDeadline(call), wanted.session, EnumWord(wanted.format)));

  ByteStream out(writer);
  if (IsDocument(wanted.format)) {
    CO_TRY(out.bytes(), co_await SetPages(call, wanted, report, request));
    CO_TRY(co_await SendHead(writer, wanted.format, report.taken_at));
  } else if (wanted.format == pb::EXPORT_FORMAT_XLSX) {
    CO_TRY(co_await SendHead(writer, wanted.format, report.taken_at));
    CO_TRY(co_await WriteWorkbook(call, wanted, report, out));
  } else {
    CO_TRY(co_await SendHead(writer, wanted.format, report.taken_at));
    CO_TRY(co_await WriteRows(call, wanted, report, !request.has_header() || request.header(), out));
  }
  co_return co_await out.Finish();
}

Task<pb::ListFormatsResponse> ExporterService::ListFormats(const CallContext&, const pb::ListFormatsRequest&) {
  pb::ListFormatsResponse response;
  for (const FormatFacts& facts : Formats()) {
    pb::Format& format = *response.add_formats();
    format.set_format(facts.format);
    format.set_name(std::string(facts.name));
    format.set_extension(std::string(facts.extension));
    format.set_content_type(std::string(facts.content_type));
    format.set_has_picture(facts.format == pb::EXPORT_FORMAT_PDF);
  }
  co_return response;
}

Task<std::string> ExporterService::SetPages(const CallContext& call, const Download& wanted, const Report& report,
                                            const pb::ExportRequest& request) {
  std::vector<RunFindings> chapters;
  for (size_t i = report.runs.size() - std::min(report.runs.size(), kMostChapters); i < report.runs.size(); ++i) {
    const auto* metrics = report.runs.size() == 1 ? &report.metrics : nullptr;
    CO_TRY(RunFindings findings, co_await parts_.numbers.OfRun(call, report.runs[i], metrics));
    CO_TRY(findings.rows, co_await parts_.results.Choose(ReadDeadline(call), wanted.session, report.runs[i]));
    if (!chapters.empty()) {
      CO_TRY(findings.against_before, co_await parts_.numbers.Between(call, report.runs[i - 1], report.runs[i]));
    }
    chapters.push_back(std::move(findings));
  }
  const bool html = wanted.format == pb::EXPORT_FORMAT_HTML;
  // Named first: GCC 12 destroys a lambda's captures twice where it is written inside of a co_await.
  std::function<std::string()> render = [report, chapters = std::move(chapters), html, paper = request.paper(),
                                         picture = request.picture()] {
    const Document document = Compose(report, chapters);
    if (html) return WriteHtml(document);
    return picture ? DrawFirstPage(document, paper) : WritePdf(document, paper);
  };
  co_return co_await parts_.pages.Run(std::move(render));
}

Task<> ExporterService::WriteWorkbook(const CallContext& call, const Download& wanted, const Report& report,
                                      ByteStream& out) {
  CO_TRY(std::unique_ptr<Workbook> made, Workbook::Begin(report));
  const std::shared_ptr<Workbook> book(std::move(made));
  const TakePage take = [this, book](ResultPage page) -> Task<> {
    std::function<std::string()> add = [book, page = std::move(page)] {
      for (const auto& result : page) book->Add(result);
      return std::string();
    };
    co_return (co_await parts_.pages.Run(std::move(add))).status();
  };
  CO_TRY(co_await EachPage(call, wanted, report, take));
  std::function<std::string()> close = [book] {
    const absl::Status status = book->Close();
    if (!status.ok()) throw std::runtime_error(std::string(status.message()));
    return std::string();
  };
  CO_TRY(co_await parts_.pages.Run(std::move(close)));
  for (;;) {
    CO_TRY(const std::string bytes, book->Read(kSpooledBytes));
    if (bytes.empty()) co_return absl::OkStatus();
    out.bytes() += bytes;
    CO_TRY(co_await out.SendWhole());
  }
}

Task<> ExporterService::WriteRows(const CallContext& call, const Download& wanted, const Report& report, bool sections,
                                  ByteStream& out) {
  const std::unique_ptr<ReportWriter> file = WriterOf(wanted.format, sections);
  file->Begin(report, out.bytes());
  const TakePage take = [&](ResultPage page) -> Task<> {
    for (const auto& result : page) {
      file->Add(result, out.bytes());
      CO_TRY(co_await out.SendWhole());
    }
    co_return absl::OkStatus();
  };
  CO_TRY(co_await EachPage(call, wanted, report, take));
  file->End(out.bytes());
  co_return absl::OkStatus();
}

Task<> ExporterService::EachPage(const CallContext& call, const Download& wanted, const Report& report,
                                 const TakePage& take) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): the operators
  for (const auto& run : report.runs) {
    CO_TRY(ResultPage page,
           co_await parts_.results.ReadAfter(ReadDeadline(call), wanted.session, run, 0, kFirstResults, wanted.filter));
    while (!page.empty()) {
      const int32_t last_prompt = page.back().prompt_id();
      const int32_t most = ResultsLike(page);
      auto [next, taken] = co_await (
          parts_.results.ReadAfter(ReadDeadline(call), wanted.session, run, last_prompt, most, wanted.filter) &&
          take(std::move(page)));
      CO_TRY(taken);
      CO_TRY(page, std::move(next));
    }
  }
  co_return absl::OkStatus();
}

Task<Download> ExporterService::Understand(const CallContext& call, const pb::ExportRequest& request) {
  if (!request.token().empty()) {
    auto taken = request.head_only() ? parts_.tokens.Look(ReadDeadline(call), request.token())
                                     : parts_.tokens.Redeem(ReadDeadline(call), request.token());
    CO_TRY(const Download download, co_await std::move(taken));
    CO_TRY(RequireFormat(download.format));
    co_return download;
  }
  CO_TRY(RequireFormat(request.format()));
  if (request.session_id().empty()) {
    FieldFaults faults;
    faults.Add("session_id", "is missing");
    co_return faults.Verdict();
  }
  Download download{.test_run_id = request.test_run_id(), .format = request.format()};
  CopyFields(request, download.filter);
  download.filter.clear_session_id();
  CO_TRY(JudgeResultFilter(download.filter));
  CO_TRY(RequireRowsFor(download));
  CO_TRY(download.session, SessionHashOf(request.session_id()));
  co_return download;
}

Task<Report> ExporterService::MakeReport(const CallContext& call, const Download& wanted,
                                         const std::string& session_id) {
  for (int attempt = 1;; ++attempt) {
    CO_TRY(Report report, co_await parts_.results.TakeSnapshot(ReadDeadline(call), wanted.session, wanted.test_run_id));
    CO_TRY(report.metrics, co_await parts_.numbers.Of(call, report, session_id, wanted.test_run_id));
    if (report.agrees()) co_return report;
    if (attempt == kMaxSnapshots) co_return absl::InternalError("metrics and results of a session do not agree");
  }
}

}  // namespace ftl::exporter

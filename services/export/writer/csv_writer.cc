#include "services/export/writer/csv_writer.h"

#include <string_view>

#include <fmt/format.h>

#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/export/report/wording.h"
#include "services/export/writer/csv_row.h"

namespace ftl::exporter {
namespace {

using google::protobuf::Duration;

constexpr std::string_view kNewLine = "\r\n";
constexpr std::string_view kColumns =
    "prompt_id,prompt,response,latency_ms,success,error,error_type,input_tokens,output_tokens,ttft_ms,category,"
    "finish_reason,attempts,model_id,test_run_id,created_at\r\n";

void AppendSummary(const finetunelab::analytics::v1::GetMetricsResponse& metrics, std::string& out) {
  const std::string success_rate = metrics.has_success_rate() ? fmt::format("{:.1f}%", metrics.success_rate()) : "";
  out += "# Summary Metrics\r\n";
  out += fmt::format("Total Prompts,{}\r\n", metrics.total_prompts());
  out += fmt::format("Successful,{}\r\n", metrics.completed_prompts());
  out += fmt::format("Failed,{}\r\n", metrics.failed_prompts());
  out += fmt::format("Success Rate,{}\r\n", success_rate);
  const auto latency = [&out](std::string_view name, bool has, const Duration& span) {
    CsvRow(out).Word(fmt::format("{} Latency (ms)", name)).Span(has, span).End();
  };
  latency("Average", metrics.has_avg_latency(), metrics.avg_latency());
  latency("P50", metrics.has_p50_latency(), metrics.p50_latency());
  latency("P95", metrics.has_p95_latency(), metrics.p95_latency());
  latency("P99", metrics.has_p99_latency(), metrics.p99_latency());
  out += fmt::format("Total Input Tokens,{}\r\n", metrics.total_input_tokens());
  out += fmt::format("Total Output Tokens,{}\r\n", metrics.total_output_tokens());
}

}  // namespace

void CsvWriter::Begin(const Report& report, std::string& out) {
  if (sections_) {
    out += "\xEF\xBB\xBF# Demo Batch Test Export\r\n";
    AppendComment("Model", report.session.model_name, out);
    AppendComment("Export Date", CsvMoment(ToProto(report.taken_at)), out);
    if (!report.complete()) {
      AppendComment("Note", fmt::format("A run is still going. Results so far: {}", report.result_count()), out);
    }
    if (!report.filter.empty()) {
      AppendComment("Filter", report.filter, out);
      AppendComment("Note", "The summary is of all results; the rows are those of the filter", out);
    }
    if (const int32_t empty = report.metrics.answers_without_text(); empty > 0) {
      AppendComment("Note", AnswersWithoutText(empty), out);
    }
    out += kNewLine;
    AppendSummary(report.metrics, out);
    out += kNewLine;
    out += "# Individual Results\r\n";
  }
  out += kColumns;
}

void CsvWriter::Add(const finetunelab::batch_runner::v1::Result& result, std::string& out) {
  CsvRow(out)
      .Count(true, result.prompt_id())
      .Text(result.prompt())
      .Text(result.response())
      .Span(result.has_latency(), result.latency())
      .Word(result.success() ? "true" : "false")
      .Text(result.error())
      .Text(EnumWord(result.error_type()))
      .Count(result.has_input_tokens(), result.input_tokens())
      .Count(result.has_output_tokens(), result.output_tokens())
      .Span(result.has_ttft(), result.ttft())
      .Text(result.category())
      .Text(result.finish_reason())
      .Count(true, result.attempts())
      .Text(result.model_id())
      .Text(result.test_run_id())
      .Moment(result.created_at())
      .End();
}

}  // namespace ftl::exporter

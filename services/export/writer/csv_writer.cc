#include "services/export/writer/csv_writer.h"

#include <string_view>

#include <fmt/format.h>

#include "common/json/json_writer.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/export/report/wording.h"
#include "services/export/writer/csv_cell.h"

namespace ftl::exporter {
namespace {

using google::protobuf::Duration;
using google::protobuf::Timestamp;

constexpr std::string_view kNewLine = "\r\n";
constexpr std::string_view kColumns =
    "prompt_id,prompt,response,latency_ms,success,error,error_type,input_tokens,output_tokens,ttft_ms,category,"
    "finish_reason,attempts,model_id,test_run_id,created_at\r\n";

std::string Milliseconds(bool has, const Duration& span) {
  std::string text;
  if (has) AppendMilliseconds(span.seconds(), span.nanos(), text);
  return text;
}

std::string Moment(const Timestamp& moment) {
  std::string quoted;
  AppendTimestamp(moment.seconds(), moment.nanos(), quoted);
  return quoted.substr(1, quoted.size() - 2);
}

// A comment is one cell and one line, whatever the person called their model.
void AppendComment(std::string_view name, std::string_view text, std::string& out) {
  std::string line = fmt::format("# {}: {}", name, text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  AppendCell(line, out);
  out += kNewLine;
}

void AppendSummary(const finetunelab::analytics::v1::GetMetricsResponse& metrics, std::string& out) {
  const std::string success_rate = metrics.has_success_rate() ? fmt::format("{:.1f}%", metrics.success_rate()) : "";
  out += "# Summary Metrics\r\n";
  out += fmt::format("Total Prompts,{}\r\n", metrics.total_prompts());
  out += fmt::format("Successful,{}\r\n", metrics.completed_prompts());
  out += fmt::format("Failed,{}\r\n", metrics.failed_prompts());
  out += fmt::format("Success Rate,{}\r\n", success_rate);
  const auto latency = [&out](std::string_view name, bool has, const Duration& span) {
    out += fmt::format("{} Latency (ms),{}\r\n", name, Milliseconds(has, span));
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
    AppendComment("Export Date", Moment(ToProto(report.taken_at)), out);
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
  const auto text = [&out](std::string_view value) {
    AppendCell(value, out);
    out += ',';
  };
  const auto number = [&out](bool has, int64_t value) {
    if (has) AppendJsonNumber(value, out);
    out += ',';
  };
  const auto span = [&out](bool has, const Duration& value) {
    if (has) AppendMilliseconds(value.seconds(), value.nanos(), out);
    out += ',';
  };
  number(true, result.prompt_id());
  text(result.prompt());
  text(result.response());
  span(result.has_latency(), result.latency());
  out += result.success() ? "true," : "false,";
  text(result.error());
  text(EnumWord(result.error_type()));
  number(result.has_input_tokens(), result.input_tokens());
  number(result.has_output_tokens(), result.output_tokens());
  span(result.has_ttft(), result.ttft());
  text(result.category());
  text(result.finish_reason());
  number(true, result.attempts());
  text(result.model_id());
  text(result.test_run_id());
  out += Moment(result.created_at());
  out += kNewLine;
}

}  // namespace ftl::exporter

#include "services/export/writer/comparison_rows.h"

#include <string_view>

#include <fmt/format.h>

#include "common/json/json_writer.h"
#include "common/json/message_json.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/export/writer/csv_row.h"

namespace ftl::exporter {
namespace {

namespace runner = finetunelab::batch_runner::v1;

constexpr std::string_view kNewLine = "\r\n";
constexpr std::string_view kColumns =
    "index,repetition,service,key_name,model,better,status,latency_ms,ttft_ms,input_tokens,output_tokens,"
    "reasoning_tokens,tokens_estimated,cost,finish_reason,error_type,error,response\r\n";

// Empty while nobody has marked one.
std::string_view IsBetter(const runner::Comparison& comparison, int index) {
  if (!comparison.has_mark()) return "";
  return comparison.mark().has_index() && comparison.mark().index() == index ? "true" : "false";
}

void AppendVerdict(const ComparisonReport& report, std::string& out) {
  out += "# Verdict\r\nmeasure,leaders,certainty\r\n";
  for (const runner::ComparisonFinding& finding : report.comparison.verdict().findings()) {
    std::string leaders;
    for (const int32_t leader : finding.leaders()) leaders += (leaders.empty() ? "" : "; ") + report.NameOf(leader);
    CsvRow(out).Word(EnumWord(finding.measure())).Text(leaders).Word(EnumWord(finding.certainty())).End();
  }
}

void AppendStandings(const ComparisonReport& report, std::string& out) {
  out += "# Standings\r\nservice,key_name,model,comparisons,wins,losses,ties,strength,strength_low,strength_high\r\n";
  for (const auto& standing : report.standings.standings()) {
    const bool has_interval = standing.has_strength_interval();
    CsvRow(out)
        .Text(standing.model().service())
        .Text(standing.model().name())
        .Text(standing.model().id())
        .Count(true, standing.comparisons())
        .Count(true, standing.wins())
        .Count(true, standing.losses())
        .Count(true, standing.ties())
        .Amount(true, standing.strength())
        .Amount(has_interval, standing.strength_interval().low())
        .Amount(has_interval, standing.strength_interval().high())
        .End();
  }
}

void AppendSections(const ComparisonReport& report, std::string& out) {
  const runner::Comparison& comparison = report.comparison;
  out += "\xEF\xBB\xBF# Comparison Export\r\n";
  AppendComment("Comparison", comparison.id(), out);
  AppendComment("Asked", CsvMoment(comparison.created_at()), out);
  AppendComment("Export Date", CsvMoment(ToProto(report.taken_at)), out);
  if (report.is_going()) AppendComment("Note", "The comparison is still going", out);
  if (comparison.has_mark()) {
    AppendComment("Mark", comparison.mark().tie() ? "none is better" : report.NameOf(comparison.mark().index()), out);
    AppendComment("Marked", CsvMoment(comparison.mark().marked_at()), out);
  }
  out += kNewLine;
  if (comparison.has_verdict()) {
    AppendVerdict(report, out);
    out += kNewLine;
  }
  AppendStandings(report, out);
  out += kNewLine;
  out += "# Answers\r\n";
}

void AppendAnswer(const runner::Comparison& comparison, const runner::ComparedAnswer& answer, std::string& out) {
  static const runner::ModelChoice& hidden = *new runner::ModelChoice;
  const runner::ModelChoice& model =
      answer.index() < comparison.models_size() ? comparison.models(answer.index()) : hidden;
  CsvRow(out)
      .Count(true, answer.index())
      .Count(true, answer.repetition())
      .Text(model.service())
      .Text(model.name())
      .Text(model.id())
      .Word(IsBetter(comparison, answer.index()))
      .Word(EnumWord(answer.status()))
      .Span(answer.has_latency(), answer.latency())
      .Span(answer.has_ttft(), answer.ttft())
      .Count(answer.has_input_tokens(), answer.input_tokens())
      .Count(answer.has_output_tokens(), answer.output_tokens())
      .Count(answer.has_reasoning_tokens(), answer.reasoning_tokens())
      .Word(answer.tokens_estimated() ? "true" : "false")
      .Amount(answer.has_cost(), answer.cost())
      .Text(answer.finish_reason())
      .Word(EnumWord(answer.error_type()))
      .Text(answer.error())
      .Text(answer.content())
      .End();
}

}  // namespace

void AppendComparisonCsv(const ComparisonReport& report, bool sections, std::string& out) {
  if (sections) AppendSections(report, out);
  out += kColumns;
  for (const runner::ComparedAnswer& answer : report.comparison.answers()) AppendAnswer(report.comparison, answer, out);
}

void AppendComparisonJson(const ComparisonReport& report, std::string& out) {
  const google::protobuf::Timestamp taken_at = ToProto(report.taken_at);
  out += "{\"export_date\":";
  AppendTimestamp(taken_at.seconds(), taken_at.nanos(), out);
  out += report.is_going() ? ",\"complete\":false" : ",\"complete\":true";
  WriteMembers(report.comparison, /*first=*/false, out);
  out += ",\"standings\":";
  WriteMessage(report.standings, out);
  out += "}\n";
}

}  // namespace ftl::exporter

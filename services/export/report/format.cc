#include "services/export/report/format.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/proto/enum_word.h"

namespace ftl::exporter {

namespace {

constexpr FormatFacts kFormats[] = {
    {pb::EXPORT_FORMAT_PDF, "PDF report", "pdf", "application/pdf"},
    {pb::EXPORT_FORMAT_HTML, "Web page", "html", "text/html; charset=utf-8"},
    {pb::EXPORT_FORMAT_XLSX, "Excel workbook", "xlsx",
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {pb::EXPORT_FORMAT_CSV, "CSV", "csv", "text/csv; charset=utf-8"},
    {pb::EXPORT_FORMAT_JSON, "JSON", "json", "application/json"},
    {pb::EXPORT_FORMAT_JSONL, "JSON lines", "jsonl", "application/x-ndjson"},
    {pb::EXPORT_FORMAT_JUNIT, "JUnit XML", "xml", "application/xml"},
};

}  // namespace

std::span<const FormatFacts> Formats() { return kFormats; }

const FormatFacts& FactsOf(pb::ExportFormat format) {
  return *std::find_if(std::begin(kFormats), std::prev(std::end(kFormats)),
                       [format](const FormatFacts& facts) { return facts.format == format; });
}

absl::Status RequireFormat(pb::ExportFormat format) {
  const bool known = std::any_of(std::begin(kFormats), std::end(kFormats),
                                 [format](const FormatFacts& facts) { return facts.format == format; });
  if (known) return absl::OkStatus();
  FieldFaults faults;
  faults.Add("format", fmt::format("must be {}", EnumWords<pb::ExportFormat>()));
  return faults.Verdict();
}

std::string FileNameOf(pb::ExportFormat format, absl::Time taken_at) {
  return fmt::format("finetunelab-batch-test-{}.{}", absl::FormatTime("%Y-%m-%d", taken_at, absl::UTCTimeZone()),
                     FactsOf(format).extension);
}

bool IsDocument(pb::ExportFormat format) { return format == pb::EXPORT_FORMAT_PDF || format == pb::EXPORT_FORMAT_HTML; }

}  // namespace ftl::exporter

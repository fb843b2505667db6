#include "services/export/report/format.h"

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/proto/enum_word.h"

namespace ftl::exporter {

namespace pb = finetunelab::exporter::v1;

absl::Status RequireFormat(pb::ExportFormat format) {
  switch (format) {
    case pb::EXPORT_FORMAT_CSV:
    case pb::EXPORT_FORMAT_JSON:
    case pb::EXPORT_FORMAT_JSONL:
      return absl::OkStatus();
    case pb::EXPORT_FORMAT_PDF:
      return Refuse(Reason::kFormatNotAvailable,
                    "PDF reports are not available in this installation. Choose csv, json or jsonl.")
          .With("format", "pdf")
          .With("available", "csv, json, jsonl");
    default: {
      FieldFaults faults;
      faults.Add("format", "must be pdf, csv, json or jsonl");
      return faults.Verdict();
    }
  }
}

std::string FileNameOf(pb::ExportFormat format, absl::Time taken_at) {
  return fmt::format("finetunelab-batch-test-{}.{}", absl::FormatTime("%Y-%m-%d", taken_at, absl::UTCTimeZone()),
                     EnumWord(format));
}

std::string_view ContentTypeOf(pb::ExportFormat format) {
  switch (format) {
    case pb::EXPORT_FORMAT_CSV:
      return "text/csv; charset=utf-8";
    case pb::EXPORT_FORMAT_JSONL:
      return "application/x-ndjson";
    default:
      return "application/json";
  }
}

}  // namespace ftl::exporter

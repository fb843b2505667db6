#include "services/export/writer/report_writer.h"

#include "services/export/writer/csv_writer.h"
#include "services/export/writer/json_writer.h"
#include "services/export/writer/jsonl_writer.h"
#include "services/export/writer/junit_writer.h"

namespace ftl::exporter {

namespace pb = finetunelab::exporter::v1;

std::unique_ptr<ReportWriter> WriterOf(pb::ExportFormat format, bool sections) {
  if (format == pb::EXPORT_FORMAT_CSV) return std::make_unique<CsvWriter>(sections);
  if (format == pb::EXPORT_FORMAT_JUNIT) return std::make_unique<JunitWriter>();
  if (format == pb::EXPORT_FORMAT_JSONL) return std::make_unique<JsonlWriter>();
  return std::make_unique<JsonWriter>();
}

}  // namespace ftl::exporter

#pragma once

#include <memory>
#include <string>

#include "finetunelab/batch_runner/v1/result.pb.h"
#include "finetunelab/exporter/v1/exporter_service.pb.h"
#include "services/export/report/report.h"

namespace ftl::exporter {

// Turns a report into the bytes of a file: Begin once, Add for each result in order, End once. Each appends to `out`,
// which the caller empties when it likes; a writer keeps nothing of what it has written.
class ReportWriter {
 public:
  virtual ~ReportWriter() = default;
  virtual void Begin(const Report& report, std::string& out) = 0;
  virtual void Add(const finetunelab::batch_runner::v1::Result& result, std::string& out) = 0;
  virtual void End(std::string& out) = 0;
};

// For a format of rows that is text: CSV, JSON, JSON lines, JUnit. `sections` is whether CSV has its commented
// sections.
std::unique_ptr<ReportWriter> WriterOf(finetunelab::exporter::v1::ExportFormat format, bool sections);

}  // namespace ftl::exporter

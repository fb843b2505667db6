#pragma once

#include <memory>
#include <string>

#include "finetunelab/batch_runner/v1/request.pb.h"
#include "finetunelab/exporter/v1/exporter_service.pb.h"

namespace ftl::exporter {

// Writes calls as a file, one after the other: what it appends between Begin and End is the file. Pure.
class HistoryWriter {
 public:
  virtual ~HistoryWriter() = default;
  virtual void Begin(std::string& out) { (void)out; }
  virtual void Add(const finetunelab::batch_runner::v1::LoggedRequest& request, std::string& out) = 0;
  virtual void End(std::string& out) { (void)out; }
};

// Null for a format in which there is no history: anything but csv, json and jsonl.
std::unique_ptr<HistoryWriter> HistoryWriterOf(finetunelab::exporter::v1::ExportFormat format);

}  // namespace ftl::exporter

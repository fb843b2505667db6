#pragma once

#include "services/export/writer/report_writer.h"

namespace ftl::exporter {

// A result a line, every field of it, and nothing else.
class JsonlWriter final : public ReportWriter {
 public:
  void Begin(const Report&, std::string&) override {}
  void Add(const finetunelab::batch_runner::v1::Result& result, std::string& out) override;
  void End(std::string&) override {}
};

}  // namespace ftl::exporter

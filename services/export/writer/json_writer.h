#pragma once

#include "services/export/writer/report_writer.h"

namespace ftl::exporter {

// One JSON object: `export_date`, `complete` (false while a run is going), `session`, `runs` (as the run's own route
// says them), `metrics` (as the metrics route says them), `results` with every field. Written by the rules of the HTTP
// contract.
class JsonWriter final : public ReportWriter {
 public:
  void Begin(const Report& report, std::string& out) override;
  void Add(const finetunelab::batch_runner::v1::Result& result, std::string& out) override;
  void End(std::string& out) override;

 private:
  bool first_ = true;
};

}  // namespace ftl::exporter

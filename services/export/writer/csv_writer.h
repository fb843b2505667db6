#pragma once

#include "services/export/writer/report_writer.h"

namespace ftl::exporter {

// RFC 4180, UTF-8: with a byte order mark before the sections, since spreadsheets take it for something else without
// one; with none for programs, which would find it in the first name. Every number and moment reads as in JSON; what is
// absent there is an empty cell.
class CsvWriter final : public ReportWriter {
 public:
  // `sections` is whether the commented sections stand before the header row.
  explicit CsvWriter(bool sections) : sections_(sections) {}

  void Begin(const Report& report, std::string& out) override;
  void Add(const finetunelab::batch_runner::v1::Result& result, std::string& out) override;
  void End(std::string&) override {}

 private:
  bool sections_;
};

}  // namespace ftl::exporter

#pragma once

#include <cstddef>

#include "services/export/writer/report_writer.h"

namespace ftl::exporter {

// JUnit's XML for CI systems: a suite for each run, a case for each prompt that has checks or whose call failed. A
// check that did not pass is a failure, a failed call an error. A run that did not end well has a case of its own, so
// that nothing is green that was not run.
class JunitWriter final : public ReportWriter {
 public:
  void Begin(const Report& report, std::string& out) override;
  void Add(const finetunelab::batch_runner::v1::Result& result, std::string& out) override;
  void End(std::string& out) override;

 private:
  void OpenSuite(std::string& out);
  void CloseSuite(std::string& out);

  Report report_;
  size_t run_ = 0;  // whose suite is open
};

}  // namespace ftl::exporter

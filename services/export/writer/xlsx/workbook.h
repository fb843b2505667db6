#pragma once

#include <map>
#include <memory>
#include <string>

#include <absl/status/status.h>
#include <xlsxwriter.h>

#include "finetunelab/batch_runner/v1/result.pb.h"
#include "services/export/report/report.h"
#include "services/export/writer/xlsx/spool.h"

namespace ftl::exporter {

// A workbook of three kinds of sheets: Summary, Results (one more for each further million) and By category. Every text
// is text, whatever it begins with; numbers and moments are such. Rows go to unnamed files as they come, so that memory
// does not grow with them; the file can be read once it is closed. One thread at a time.
class Workbook {
 public:
  static absl::StatusOr<std::unique_ptr<Workbook>> Begin(const Report& report);
  ~Workbook();

  void Add(const finetunelab::batch_runner::v1::Result& result);
  // Writes the file; takes a while for many rows. After it only Read may be called.
  absl::Status Close();
  // The next bytes of the file; empty at its end.
  absl::StatusOr<std::string> Read(size_t most) { return spool_.Read(most); }

 private:
  struct Counts {
    int64_t results = 0, successes = 0, checks_passed = 0, checks_failed = 0;
  };

  explicit Workbook(Spool spool) : spool_(std::move(spool)) {}

  void WriteSummary(const Report& report);
  void BeginResults();
  void WriteCategories();

  Spool spool_;
  lxw_workbook* book_ = nullptr;
  lxw_format* bold_ = nullptr;
  lxw_format* moment_ = nullptr;
  lxw_worksheet* results_ = nullptr;
  lxw_row_t next_row_ = 0;
  int result_sheets_ = 0;
  std::map<std::string, Counts> categories_;
};

}  // namespace ftl::exporter

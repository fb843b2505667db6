#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "finetunelab/batch_runner/v1/request.pb.h"
#include "services/batch-runner/suite/csv_reader.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// A log of requests that another program kept, or that this one exported: a CSV text with a header, read row by row.
// The README says which columns are understood, and by which names. Whatever else stands in the table is left out.
//
// A row has the same id whenever it is read: its own where that is of version 7 and says the row's moment; one made of
// its moment, model and id; or, where it has no id, of all that stands in it. Of rows that are alike in everything, the
// second has the id that a second one has. Times are kept to the millisecond. Pure; `text` must outlive it.
class RequestTable {
 public:
  // INVALID_ARGUMENT with a sentence where the header names no moment or no model.
  static absl::StatusOr<RequestTable> Open(std::string_view text, bool keeps_content);

  // The next row, ended; nullopt at the end. INVALID_ARGUMENT with the end of a sentence that begins with the row,
  // after which the next can be read. `line()` is where it began.
  absl::StatusOr<std::optional<pb::LoggedRequest>> Next();
  int line() const { return record_.line; }

 private:
  RequestTable(CsvReader reader, bool keeps_content) : reader_(reader), keeps_content_(keeps_content) {}
  absl::StatusOr<bool> ReadRecord();
  // The cell of a column by the name that the log has for it; empty where there is none.
  std::string_view Cell(std::string_view column) const;
  absl::Status ReadFigures(pb::LoggedRequest& row) const;
  std::string IdOf(absl::Time moment);

  CsvReader reader_;
  bool keeps_content_;
  std::map<std::string, size_t, std::less<>> columns_;
  CsvRecord record_;
  std::map<std::string, int> seen_;  // digests of rows: how often each came
};

}  // namespace ftl::batch_runner

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/time/deadline.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "finetunelab/batch_runner/v1/result.pb.h"
#include "services/export/report/report.h"
#include "services/export/store/report_rows.h"

namespace ftl::exporter {

using ResultPage = std::vector<finetunelab::batch_runner::v1::Result>;

// For the first page, of whose results nothing is known yet.
inline constexpr int32_t kFirstResults = 250;
// How many results like those of `page`, which has some, ReadAfter gives at once: from 1 to 1,000. The database reads
// what it is asked for and throws away what does not fit.
int32_t ResultsLike(const ResultPage& page);

// Reads a session for a report: first how far each run has come, then the results up to there. Results are only ever
// added under rising sequences, so what is read later is what was there then. `session` is always the hash.
class ResultReader {
 public:
  // Its filters alone.
  using Filter = finetunelab::analytics::v1::ListResultsRequest;

  explicit ResultReader(Database& database) : database_(database) {}

  // The report without its metrics, of one run or, where `test_run_id` is empty, of all. SESSION_NOT_FOUND,
  // SESSION_EXPIRED, RUN_NOT_FOUND.
  Task<Report> TakeSnapshot(Deadline deadline, std::string session, std::string test_run_id);

  // The results of `run` that `filter` lets pass, after prompt `after` and up to its `last_sequence`, by prompt: as
  // many as fit into 1 MiB, at least one, at most `at_most`; none at the end. SESSION_NOT_FOUND, SESSION_EXPIRED: a
  // session that ends takes its report with it.
  Task<ResultPage> ReadAfter(Deadline deadline, std::string session, const finetunelab::batch_runner::v1::Run& run,
                             int32_t after, int32_t at_most, const Filter& filter);

  // How many cases each run of the report has among what `filter` lets pass, up to its `last_sequence`.
  // SESSION_NOT_FOUND, SESSION_EXPIRED.
  Task<std::vector<CaseCounts>> CountCases(Deadline deadline, std::string session, const Report& report,
                                           const Filter& filter);

  // The rows of a run that a document shows, chosen up to its `last_sequence` in one round trip. SESSION_NOT_FOUND,
  // SESSION_EXPIRED.
  Task<RunRows> Choose(Deadline deadline, std::string session, const finetunelab::batch_runner::v1::Run& run) {
    return ChooseRows(database_, deadline, std::move(session), run);
  }

 private:
  Database& database_;
};

}  // namespace ftl::exporter

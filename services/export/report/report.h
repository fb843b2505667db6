#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "finetunelab/batch_runner/v1/run.pb.h"

namespace ftl::exporter {

// What a report tells of its session: nothing secret, and not the session's id.
struct SessionFacts {
  std::string model_id;
  std::string model_name;
  std::string provider;         // a word of the contract
  std::string endpoint_origin;  // scheme, host and port
  absl::Time created_at;
};

// How many cases a run has in JUnit's sense: prompts with checks or whose call failed.
struct CaseCounts {
  int64_t cases = 0;
  int64_t failures = 0;  // whose checks did not all pass
  int64_t errors = 0;    // whose call failed
};

// What every writer knows before the first result. All of it is of one moment: a run's counters, the metrics and the
// results that follow end at the run's `last_sequence`.
struct Report {
  absl::Time taken_at;  // by the database's clock
  SessionFacts session;
  std::vector<finetunelab::batch_runner::v1::Run> runs;  // oldest first
  finetunelab::analytics::v1::GetMetricsResponse metrics;
  std::vector<CaseCounts> cases;  // of each run; only for JUnit
  std::string filter;             // which results follow, in the words of the contract; empty for all

  // Whether every run had ended.
  bool complete() const;
  // How many results there are; all of them follow where nothing is filtered.
  int64_t result_count() const;
  // Whether the metrics are those of exactly these results.
  bool agrees() const;
};

// Whether a run may get further results.
bool IsGoing(const finetunelab::batch_runner::v1::Run& run);

}  // namespace ftl::exporter

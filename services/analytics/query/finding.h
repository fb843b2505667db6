#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "finetunelab/analytics/v1/metrics.pb.h"
#include "finetunelab/analytics/v1/query.pb.h"
#include "finetunelab/analytics/v1/tested_difference.pb.h"
#include "services/analytics/metrics/histogram.h"
#include "services/analytics/query/session_runs.h"

namespace ftl::analytics {

namespace pb = finetunelab::analytics::v1;

// A figure and how many results it is over. No value where there were none.
struct FoundFigure {
  std::optional<double> value;
  int64_t n = 0;
};

// Figures of one group, in the order of FiguresOf(query).
struct FoundGroup {
  std::string name;  // empty where not grouped
  int64_t results = 0;
  std::vector<FoundFigure> figures;
};

// A result as far as an answer needs it.
struct FoundResult {
  int32_t prompt_id = 0;
  int run = 0;  // its number within the session
  std::string prompt;
  bool success = false;
  std::optional<double> value;       // of the measure; for a difference, how much more it is than `base_value`
  std::optional<double> base_value;  // in the run compared with
  std::string group;                 // where the list is grouped
  std::optional<std::string> category, response, error, error_type, finish_reason, failed_checks;
  std::optional<double> latency_ms, ttft_ms, tokens_per_second;
  std::optional<int32_t> input_tokens, output_tokens, characters, words, same_as;
  int32_t attempts = 0;
  bool tokens_estimated = false;
};

// What came of a query.
struct Finding {
  pb::Query query;                // as it was run
  std::vector<RunFacts> runs;     // those it is over
  int known_runs = 0;             // how many the session has
  std::optional<RunFacts> base;   // the run that a difference or a comparison of runs compares with
  std::optional<RunFacts> other;  // the run that a comparison of runs compares with it
  std::vector<FoundGroup> groups;
  int64_t grouped = 0;                            // groups, also those that the query's bound leaves out
  int64_t excluded = 0;                           // those alone
  std::optional<double> bound;                    // what that bound compared with
  std::vector<pb::TestedDifference> differences;  // of a query that compares
  std::vector<FoundResult> results;
  int64_t total = 0;  // results in all, listed or not
  int64_t ties = 0;   // results or groups behind a ranked list's last that have the same value as it
  std::optional<Histogram> histogram;
  // For a summary: its metrics, the slowest result, how many answers were cut by their limit, and how many calls that
  // did not fail gave no text.
  std::optional<pb::Metrics> metrics;
  std::optional<FoundResult> slowest;
  int64_t cut_answers = 0;
  int64_t answers_without_text = 0;
};

}  // namespace ftl::analytics

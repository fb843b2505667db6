#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <google/protobuf/struct.pb.h>

#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "finetunelab/batch_runner/v1/result.pb.h"
#include "finetunelab/batch_runner/v1/run.pb.h"

namespace ftl::exporter {

// A result with its longest texts cut, and how long they are.
struct ShownResult {
  finetunelab::batch_runner::v1::Result result;
  int64_t prompt_characters = 0;
  int64_t response_characters = 0;
};

// A call as a point in a chart.
struct TimedCall {
  int32_t prompt_id = 0;
  bool success = false;
  std::optional<double> latency_ms;
  std::optional<double> ttft_ms;
  std::optional<int32_t> output_tokens;
};

struct CategoryCounts {
  std::string category;  // empty where prompts have none
  int64_t results = 0;
  int64_t successes = 0;
  int64_t checks_passed = 0;
  int64_t checks_failed = 0;
};

struct ErrorExample {
  std::string error_type;  // a word of the contract
  std::string outcome;     // likewise
  int64_t count = 0;
  int32_t prompt_id = 0;  // the first of them
  std::string words;      // its own
};

// Rows of a run that a report shows: a bounded choice, whatever the size of the run.
struct RunRows {
  int call_step = 1;             // every so many-th prompt is in `calls`
  std::vector<TimedCall> calls;  // by prompt
  std::vector<ShownResult> slowest;
  std::vector<ShownResult> fastest;
  std::vector<ShownResult> samples;
  std::vector<ShownResult> failed_checks;
  std::vector<ShownResult> listed;  // the first by prompt
  std::vector<CategoryCounts> categories;
  std::vector<ErrorExample> errors;
  google::protobuf::Struct manifest;
};

// What a run came to. All of it ends at the run's `last_sequence`.
struct RunFindings {
  finetunelab::batch_runner::v1::Run run;
  finetunelab::analytics::v1::GetMetricsResponse metrics;
  finetunelab::analytics::v1::GetLatencyDistributionResponse distribution;
  std::string verdict;  // Markdown, as Atlas opens; empty while the run is going and where it has no result
  // With the session's run before it as the base; absent for the first that a report tells of.
  std::optional<finetunelab::analytics::v1::CompareRunsResponse> against_before;
  RunRows rows;
};

}  // namespace ftl::exporter

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "finetunelab/analytics/v1/analytics_service.pb.h"

namespace ftl::analytics {

// One prompt in two runs. Differences are other less base and absent where one of the two has no value.
struct ResultPair {
  int32_t prompt_id = 0;
  std::string category;  // empty for none
  bool base_success = false;
  bool other_success = false;
  std::optional<bool> base_checks;  // whether all passed; absent where one of the two has none
  std::optional<bool> other_checks;
  std::optional<double> latency_ms;
  std::optional<double> ttft_ms;
  std::optional<double> output_tokens;
};

// How two runs differ, with the tests. Pure. `pairs` are in order of their prompts.
finetunelab::analytics::v1::CompareRunsResponse Compare(const std::vector<ResultPair>& pairs);

// What of a comparison is a difference, all of its tests adjusted for their number: below 0 where other has less, above
// 0 where it has more, 0 where none is shown. Nothing that was not measured is one.
struct ShownDifferences {
  int success = 0;
  int checks = 0;
  int latency = 0;
  int output_tokens = 0;
  int ttft = 0;
};
ShownDifferences Shown(const finetunelab::analytics::v1::CompareRunsResponse& comparison);

// Whether so many prompts that part two runs are too few to tell, however they fall.
bool TooFewToTell(const finetunelab::analytics::v1::PairedOutcomes& outcomes);
bool TooFewToTell(const finetunelab::analytics::v1::PairedDifference& difference);

}  // namespace ftl::analytics

#pragma once

#include <optional>
#include <string>

#include "finetunelab/analytics/v1/query.pb.h"

namespace ftl::analytics {

// What a figure counts.
enum class Unit {
  kCount,  // prompts, calls, answers, errors, checks, …
  kMilliseconds,
  kTokens,
  kCharacters,
  kWords,
  kPerSecond,  // tokens or requests a second
  kPerCent,    // of `of`, where that is known
  kAttempts,
  kNumber,  // none of these: a correlation
};

// What became of those that are counted.
enum class Verdict { kNone, kSuccess, kFailure, kTimeout, kChecksPassed, kChecksFailed, kCut, kWithoutText, kOther };

// A figure of an answer with everything that it is a figure of. What a sentence says besides must agree with it.
struct Fact {
  Unit unit = Unit::kCount;
  double value = 0;  // in its unit; per cent from 0 to 100
  finetunelab::analytics::v1::Measure measure = finetunelab::analytics::v1::MEASURE_UNSPECIFIED;
  finetunelab::analytics::v1::Statistic statistic = finetunelab::analytics::v1::STATISTIC_UNSPECIFIED;
  double percentile = 0;             // of STATISTIC_PERCENTILE
  std::optional<double> of = {};     // of how many, for a count or a share
  Verdict verdict = Verdict::kNone;  // of a count or a share
  int prompt = 0;                    // whose value it is; 0 for a figure of several
  std::string group = {};            // whose figure it is, as it is named; empty for all
  int rank = 0;                      // of the prompt in a ranking, 1 for the first; negative from the low end
  bool is_bound = false;             // a bound of the question ("over 2 s"), which nothing need have reached
  // A difference that a test has shown, which has no value: `group` has more (1) or less (-1) than `than`, in this
  // unit.
  std::string than = {};
  int way = 0;
};

}  // namespace ftl::analytics

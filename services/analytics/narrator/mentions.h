#pragma once

#include <string_view>
#include <vector>

#include "services/analytics/narrator/fact.h"

namespace ftl::analytics {

// What a sentence says its figures are of, found by words of all languages in plain form.
struct Mention {
  enum class Aspect { kStatistic, kMeasure, kVerdict };
  Aspect aspect;
  size_t at;
  finetunelab::analytics::v1::Statistic statistic = {};
  double percentile = 0;
  finetunelab::analytics::v1::Measure measure = {};
  Verdict verdict = Verdict::kNone;
};
std::vector<Mention> MentionsIn(std::string_view plain);

// A comparison: `higher than`, `doubled`, `2x`.
struct Relation {
  size_t begin;
  size_t end;
  int direction;  // 1 for more, -1 for less, 0 for a factor or a change
};
std::vector<Relation> RelationsIn(std::string_view plain);

// `all prompts`, `none of them`, `most`: a share without a figure. -1 for none; `most` is 51.
double QuantifiedShare(std::string_view plain);

}  // namespace ftl::analytics

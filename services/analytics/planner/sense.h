#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "finetunelab/analytics/v1/query.pb.h"

namespace ftl::analytics {

// What a number counts.
enum class Unit {
  kNone,
  kMilliseconds,
  kTokens,
  kInputTokens,
  kOutputTokens,
  kTotalTokens,
  kWords,
  kCharacters,
  kTokensPerSecond,
  kAttempts,
  kPercent
};

// What a stretch of a question stands for. Which of the fields count, its symbol says.
struct Sense {
  std::string word;  // what kind of it: a noun, a topic, a format, a fact
  finetunelab::analytics::v1::Measure measure{};
  finetunelab::analytics::v1::Measure against{};
  finetunelab::analytics::v1::Statistic statistic{};
  finetunelab::analytics::v1::Comparison comparison{};
  finetunelab::analytics::v1::Grouping grouping{};
  finetunelab::analytics::v1::Order order{};
  std::optional<double> number, number_to;
  Unit unit = Unit::kNone;
  std::optional<double> share;  // of a part by rank
  std::optional<int> count;     // of a ranking
  std::optional<int> skip;      // the second slowest: 1
  bool negated = false;         // a part left out; a condition turned round
  bool excludes = false;        // as does whatever goes on with `and`
  bool all = false;             // of texts: all of them rather than one
  bool plural = false;
  bool than = false;  // of a comparative: what it compares with follows
  bool took = false;  // speaks of how long something took
  std::vector<finetunelab::analytics::v1::Filter> filters;
  std::vector<std::string> texts;
  std::vector<double> numbers;
};

// The value of a line of the lexicon, as `latency,desc` of `rank:latency,desc`, for its symbol. An error names what
// cannot be read.
absl::StatusOr<Sense> ReadSense(std::string_view symbol, std::string_view value);

finetunelab::analytics::v1::Filter TextFilter(finetunelab::analytics::v1::FilterField field,
                                              finetunelab::analytics::v1::Comparison comparison, std::string_view text);
finetunelab::analytics::v1::Filter NumberFilter(finetunelab::analytics::v1::FilterField field,
                                                finetunelab::analytics::v1::Comparison comparison, double number);

// The order in which a measure's best, or its worst, comes first; nullopt where neither end is better.
std::optional<finetunelab::analytics::v1::Order> OrderOfGoodness(finetunelab::analytics::v1::Measure measure,
                                                                 bool best_first);

// The filter that holds where `filter` does not; nullopt where the language has none.
std::optional<finetunelab::analytics::v1::Filter> Negated(const finetunelab::analytics::v1::Filter& filter);

}  // namespace ftl::analytics

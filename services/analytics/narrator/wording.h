#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finetunelab/analytics/v1/query.pb.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// How numbers and things are called in an answer. Text of people and models is escaped, so that no part of it is
// Markdown.

// `850 ms`, `1.235 s`, `2 min 5 s`.
std::string DurationText(double milliseconds);
// `1,234`.
std::string CountText(int64_t count);
// With up to `decimals` decimals and no trailing zeros: `142.3`.
std::string NumberText(double value, int decimals);
// A value of a measure with its unit: `1.235 s`, `142.3 tokens`.
std::string QuantityText(pb::Measure measure, double value);
// `prompt` or `prompts`.
std::string Plural(int64_t count, std::string_view singular);
// `a, b and c`.
std::string Listed(const std::vector<std::string>& parts);

// `latency`, `output tokens`.
std::string MeasureName(pb::Measure measure);
// `average latency`, `95th percentile of latency`.
std::string FigureName(const pb::Figure& figure);
// `avg_latency_ms`: as in the metrics of the HTTP contract where it is there.
std::string FigureColumn(const pb::Figure& figure);
// `latency_ms`.
std::string MeasureColumn(pb::Measure measure);

// `#7 'How do I reset…'`.
std::string PromptText(const FoundResult& result);
// Text without Markdown, on one line, at most `most` characters.
std::string Quoted(std::string_view text, size_t most);

// What filters choose, in words: attributes go with the noun ("in category billing"), the predicate says what it did
// ("failed and took more than 2 s"). Empty where there is none.
struct FilterWords {
  std::string attributes;
  std::string predicate;
};
FilterWords WordsOf(const pb::Query& query, int64_t count);
// The whole query in words, for the one who looks at what was run.
std::string QueryText(const pb::Query& query);

}  // namespace ftl::analytics

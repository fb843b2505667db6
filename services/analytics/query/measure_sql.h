#pragma once

#include <string>

#include "finetunelab/analytics/v1/query.pb.h"

namespace ftl::analytics {

// How the language's words for values stand in SQL, over a result r.

// The measured value of a result as a number in the measure's unit (ms, tokens, characters, words, tokens per second; 1
// or 0 for success and checks), null where it has none. Times and lengths are those of successes; `with_failures`
// counts all.
std::string MeasureSql(finetunelab::analytics::v1::Measure measure, bool with_failures);

// What a figure is worked out from: of each result its value, null where the figure is not over it. Token totals are
// over everything that was spent.
std::string FigureValueSql(const finetunelab::analytics::v1::Figure& figure, bool with_failures);

// The figure over those values, as float8.
std::string StatisticSql(const finetunelab::analytics::v1::Figure& figure, bool with_failures);

// Pearson's correlation of two measures, result by result, as float8; null where there are fewer than two results or
// one of them does not vary.
std::string CorrelationSql(finetunelab::analytics::v1::Measure one, finetunelab::analytics::v1::Measure other,
                           bool with_failures);

}  // namespace ftl::analytics

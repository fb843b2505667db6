#pragma once

#include <string>

#include "finetunelab/analytics/v1/query.pb.h"
#include "services/analytics/narrator/fact.h"
#include "services/analytics/narrator/language.h"

namespace ftl::analytics {

// Values with their units, as a language writes them.

// `850 ms`, `1.235 s`, `2 min 5 s`.
std::string DurationText(const Language& language, double milliseconds);
// `1,234`.
std::string CountText(const Language& language, double count);
// `87.5%` for 0.875.
std::string ShareText(const Language& language, double share, int decimals = 1);
// A value of a measure: `1.235 s`, `142.3 tokens`, `87.5%`.
std::string QuantityText(const Language& language, finetunelab::analytics::v1::Measure measure, double value);

// A fact of a measure's value, its unit included.
Fact FactOf(finetunelab::analytics::v1::Measure measure, double value);

}  // namespace ftl::analytics

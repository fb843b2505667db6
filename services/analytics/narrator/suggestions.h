#pragma once

#include <string>
#include <vector>

#include "services/analytics/narrator/language.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// Questions that fit these results, at most eight, the most useful first: none about time-outs where there are none.
// `summary` has metrics; `categories` and `runs` are how many the session has.
std::vector<std::string> Suggestions(const Language& language, const Finding& summary, size_t categories, size_t runs);

}  // namespace ftl::analytics

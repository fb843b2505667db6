#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/analytics/planner/token.h"

namespace ftl::analytics {

// Letters added, left out, changed or swapped with their neighbour to make one word of the other, at most `most` + 1.
int EditDistance(std::string_view a, std::string_view b, int most);

// Corrects the stems of words that are nearly one that is known, here or in `more`; short words must be right.
void CorrectSpelling(std::vector<Token>& tokens, const std::vector<std::string>& more);

}  // namespace ftl::analytics

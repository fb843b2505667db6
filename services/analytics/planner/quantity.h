#pragma once

#include <vector>

#include "services/analytics/planner/token.h"

namespace ftl::analytics {

// Joins tokens to numbers as people mean them: words (`two hundred`, `one and a half`, `half a second`), units (times
// become milliseconds), percentiles (`95th percentile`, `ninety-fifth percentile`). What is no number stays as it is.
std::vector<Token> JoinQuantities(std::vector<Token> tokens);

}  // namespace ftl::analytics

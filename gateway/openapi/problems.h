#pragma once

#include <string>

#include "gateway/route.h"

namespace ftl::gateway {

// The answers of a route that are problem documents: members of an OpenAPI `responses` object, one for each status with
// an example for each code, and `default` for all else. The schema is `#/components/schemas/Problem`.
std::string ProblemAnswers(const Route& route);

}  // namespace ftl::gateway

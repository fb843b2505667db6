#pragma once

#include <string>
#include <vector>

#include "gateway/route.h"

namespace ftl::gateway {

// The routes as OpenAPI 3.1: paths from the table, bodies and parameters from the messages, descriptions from the
// comments of the protos.
std::string Describe(const std::vector<Route>& routes);

// `GET /openapi.json`. Made from the routes when it is asked for first.
Route DescriptionRoute(std::vector<Route> routes);

}  // namespace ftl::gateway

#pragma once

#include <vector>

#include "gateway/api/services.h"
#include "gateway/route.h"

namespace ftl::gateway {

// What the HTTP contract has for the workspace; there only where there is one. `services` outlives the routes.
std::vector<Route> WorkspaceRoutes(Services& services);

}  // namespace ftl::gateway

#pragma once

#include <string_view>
#include <vector>

#include "gateway/pages/embedded_file.h"
#include "gateway/route.h"

namespace ftl::gateway {

// The wizard's page and what belongs to it, as built by gateway/web and kept in the program. Files with a hash in their
// name are kept by browsers for a year; the rest is asked for again and answered 304 where it has not changed.

// A route for each file, `/` and `/demo/test-model` for the wizard, `/docs` for the API's description. Without the
// wizard (DEMO_ENABLED=false) the two are left out.
std::vector<Route> PageRoutes(bool demo_enabled);

}  // namespace ftl::gateway

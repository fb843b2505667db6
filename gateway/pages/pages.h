#pragma once

#include <string_view>
#include <vector>

#include "gateway/pages/embedded_file.h"
#include "gateway/route.h"

namespace ftl::gateway {

// The pages of the wizard and the workspace and what belongs to them, as built by gateway/web and kept in the program.
// Files with a hash in their name are kept by browsers for a year; the rest is asked for again and answered 304 where
// it has not changed.

// A route for each file, `/` and `/demo/test-model` for the wizard, `/workspace`, `/docs` for the API's description.
// Without the wizard (DEMO_ENABLED=false) its two are left out, without a workspace that one.
std::vector<Route> PageRoutes(bool demo_enabled, bool has_workspace);

}  // namespace ftl::gateway

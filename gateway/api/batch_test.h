#pragma once

#include "gateway/api/services.h"
#include "gateway/route.h"

namespace ftl::gateway {

// A run: by its id with its results, by its session without.
Handler GetRun(Services& services);

// A run as it happens, from any event on.
Handler WatchRun(Services& services);

}  // namespace ftl::gateway

#pragma once

#include "gateway/api/services.h"
#include "gateway/route.h"

namespace ftl::gateway {

// An answer of Atlas, piece by piece as it comes, with `[DONE]` at its end.
Handler AskAtlas(Services& services);

}  // namespace ftl::gateway

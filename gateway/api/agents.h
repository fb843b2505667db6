#pragma once

#include "gateway/api/services.h"
#include "gateway/route.h"

namespace ftl::gateway {

// What is kept of an agent: the state itself is the body, and its version the ETag.
Handler GetAgentState(Services& services);
Handler PutAgentState(Services& services);

}  // namespace ftl::gateway

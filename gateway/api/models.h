#pragma once

#include "gateway/api/services.h"
#include "gateway/route.h"

namespace ftl::gateway {

// The models of all keys as clients of OpenAI's API read them: `service/id`, or `service:name/id` for a key that has a
// name of its own.
Handler ListModelsForClients(Services& services);

}  // namespace ftl::gateway

#pragma once

#include "gateway/api/services.h"
#include "gateway/route.h"

namespace ftl::gateway {

// Stores a key; where its owner asks for it, the service is asked first whether it takes the key, and nothing is stored
// where it does not.
Handler PutKey(Services& services);

}  // namespace ftl::gateway

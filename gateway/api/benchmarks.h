#pragma once

#include "gateway/api/services.h"
#include "gateway/route.h"

namespace ftl::gateway {

// A benchmark that goes on by itself, or, in the form of older clients, one that is over with the answer.
Handler StartBenchmark(Services& services);

// A benchmark as it goes.
Handler WatchBenchmark(Services& services);

}  // namespace ftl::gateway

#pragma once

#include "gateway/quota_slices.h"
#include "gateway/upstream/upstream.h"
#include "gateway/watch/run_hub.h"

namespace ftl::gateway {

// What handlers stand on. Outlives them.
struct Services {
  Upstream& upstream;
  QuotaSlices& quotas;
  RunHub& runs;
};

}  // namespace ftl::gateway

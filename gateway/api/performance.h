#pragma once

#include "common/performance/recorder.h"
#include "common/rpc/channels.h"

namespace ftl::gateway {

// Keeps by analytics what this process has read of itself: the gateway has no database. `channels` outlives it.
performance::Recorder::Keep KeepByAnalytics(const rpc::Channels& channels);

}  // namespace ftl::gateway

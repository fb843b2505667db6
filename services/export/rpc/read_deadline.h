#pragma once

#include <algorithm>

#include "common/rpc/call_context.h"
#include "common/time/deadline.h"

namespace ftl::exporter {

// Until when one read of the database may last: a download may go on for much longer.
inline Deadline ReadDeadline(const CallContext& call) { return std::min(call.deadline, DeadlineIn(absl::Seconds(30))); }

}  // namespace ftl::exporter

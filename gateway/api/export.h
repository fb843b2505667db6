#pragma once

#include "gateway/api/services.h"
#include "gateway/route.h"

namespace ftl::gateway {

// A report as a download, as it is being written.
Handler Download(Services& services);
// The log of calls, likewise.
Handler DownloadHistory(Services& services);
// A conversation, likewise.
Handler DownloadConversation(Services& services);
// A comparison of models, likewise.
Handler DownloadComparison(Services& services);

}  // namespace ftl::gateway

#pragma once

#include "common/host/module.h"

namespace ftl::analytics {

// Every number of the product, and Atlas.
host::ModuleKind AnalyticsModule();

}  // namespace ftl::analytics

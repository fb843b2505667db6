#pragma once

#include "common/host/module.h"

namespace ftl::exporter {

// export as a part of a program: a session's results as a file to take away. Calls analytics for every number.
host::ModuleKind ExportModule();

}  // namespace ftl::exporter

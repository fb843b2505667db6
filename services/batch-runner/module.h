#pragma once

#include "common/host/module.h"

namespace ftl::batch_runner {

// Keeps suites, tests connections, and runs suites against a person's endpoint.
host::ModuleKind BatchRunnerModule();

}  // namespace ftl::batch_runner

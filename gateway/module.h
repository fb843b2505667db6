#pragma once

#include "common/host/module.h"

namespace ftl::gateway {

// The door to the outside: HTTP in, gRPC to every service behind. Has no gRPC service and no database.
host::ModuleKind GatewayModule();

}  // namespace ftl::gateway

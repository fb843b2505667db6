#pragma once

#include <absl/status/status.h>

#include "google/rpc/status.pb.h"

namespace ftl::gateway {

// A failure that came as part of a message, with its details.
absl::Status StatusOf(const google::rpc::Status& field);

}  // namespace ftl::gateway

#pragma once

#include <string>

#include <absl/status/status.h>

namespace ftl::host {

// Asks the program that listens at `address` (host:port; 0.0.0.0 and [::] mean this machine) for GET /readyz, as the
// `healthcheck` verb of an image without curl does. At most 5 s. UNAVAILABLE with a sentence where nobody answers, or
// the answer is not 200.
absl::Status CheckHealth(const std::string& address);

}  // namespace ftl::host

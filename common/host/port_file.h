#pragma once

#include <string>

#include <absl/status/status.h>

namespace ftl::host {

// Writes the port that was bound, one number on one line, so that whoever asked for port 0 learns it. Appears whole or
// not at all.
absl::Status WritePortFile(const std::string& path, int port);

}  // namespace ftl::host

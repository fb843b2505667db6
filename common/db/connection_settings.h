#pragma once

#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "common/async/task.h"
#include "common/time/deadline.h"

namespace ftl {

// libpq's keywords and values, ready for PQconnectStartParams.
using ConnectionKeywords = std::vector<std::pair<std::string, std::string>>;

// Reads a connection string and adds what every connection of ours has: UTC, ISO dates, UTF-8, the role, the name, and
// that the server breaks off what nobody waits for any more; and `server_settings` (`-c name=value`), where the
// string's own `options` do not say otherwise. TLS is required except over a unix socket; a string that says
// sslmode=disable is taken where every host is this machine. INVALID_ARGUMENT, in words that go on after a setting's
// name; the string's own words are in no error: it may hold a password.
absl::StatusOr<ConnectionKeywords> ReadConnectionString(const std::string& url, const std::string& role,
                                                        const std::string& application_name,
                                                        const std::string& server_settings = "");

// Gives every host name its addresses (hostaddr), so that libpq, which would block on DNS, has nothing to look up.
Task<ConnectionKeywords> ResolveHosts(ConnectionKeywords keywords, Deadline deadline);

}  // namespace ftl

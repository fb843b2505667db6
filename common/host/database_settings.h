#pragma once

#include <string>
#include <string_view>

#include "common/db/database.h"
#include "common/host/settings.h"

namespace ftl::host {

// Where a service finds its database: FTL_<SERVICE>_DATABASE_URL as it stands, or DATABASE_URL with the role
// ftl_<service>. A fault where neither is set, or what is set does not read or would do without TLS.
DatabaseSettings ReadDatabaseSettings(Settings& settings, std::string_view service);

// How many connections a lane may have, 8 where nobody says.
int ReadConnections(Settings& settings, const std::string& name, std::string_view meaning);

}  // namespace ftl::host

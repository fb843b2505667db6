#pragma once

#include <string_view>

#include "common/db/database.h"
#include "common/host/settings.h"

namespace ftl::host {

// Where a service finds its database: FTL_<SERVICE>_DATABASE_URL as it stands, or DATABASE_URL with the role
// ftl_<service>. A fault where neither is set, or what is set does not read or would do without TLS.
DatabaseSettings ReadDatabaseSettings(Settings& settings, std::string_view service);

}  // namespace ftl::host

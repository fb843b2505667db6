#include "services/analytics/settings.h"

#include "common/host/database_settings.h"

namespace ftl::analytics {

AnalyticsSettings AnalyticsSettings::Read(host::Settings& settings) {
  return {.database = host::ReadDatabaseSettings(settings, "analytics"),
          .allow_localhost = settings.Flag("DEMO_ALLOW_LOCALHOST", false,
                                           "Lets people test endpoints on this machine; refused in production.")};
}

}  // namespace ftl::analytics

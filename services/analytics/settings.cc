#include "services/analytics/settings.h"

#include "common/host/database_settings.h"

namespace ftl::analytics {

AnalyticsSettings AnalyticsSettings::Read(host::Settings& settings) {
  return {.database = host::ReadDatabaseSettings(settings, "analytics")};
}

}  // namespace ftl::analytics

#include "services/analytics/settings.h"

#include "common/host/database_settings.h"

namespace ftl::analytics {

AnalyticsSettings AnalyticsSettings::Read(host::Settings& settings) {
  return {.database = host::ReadDatabaseSettings(settings, "analytics"),
          .allow_localhost = settings.Flag("DEMO_ALLOW_LOCALHOST", false,
                                           "Lets people test endpoints on this machine; refused in production."),
          .max_chat_turns = static_cast<int>(settings.Number("DEMO_MAX_CHAT_TURNS", 60, 1, 1'000'000,
                                                             "How often Atlas may ask a session's own model.")),
          .workspace = ReadWorkspaceMode(settings)};
}

}  // namespace ftl::analytics

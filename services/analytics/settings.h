#pragma once

#include "common/db/database.h"
#include "common/host/settings.h"
#include "common/workspace/workspace.h"

namespace ftl::analytics {

struct AnalyticsSettings {
  static AnalyticsSettings Read(host::Settings& settings);

  DatabaseSettings database;
  // Whether endpoints on this machine may be called.
  bool allow_localhost;
  // How often a session's own model may be asked.
  int max_chat_turns;
  WorkspaceMode workspace;
};

}  // namespace ftl::analytics

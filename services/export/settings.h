#pragma once

#include "common/db/database.h"
#include "common/host/settings.h"
#include "common/workspace/workspace.h"

namespace ftl::exporter {

// What export is told at its start.
struct ExportSettings {
  // Reads them; faults stay in `settings`.
  static ExportSettings Read(host::Settings& settings);

  DatabaseSettings database;
  WorkspaceMode workspace;
};

}  // namespace ftl::exporter

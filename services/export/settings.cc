#include "services/export/settings.h"

#include "common/host/database_settings.h"

namespace ftl::exporter {

ExportSettings ExportSettings::Read(host::Settings& settings) {
  return {.database = host::ReadDatabaseSettings(settings, "export"), .workspace = ReadWorkspaceMode(settings)};
}

}  // namespace ftl::exporter

#include "common/host/database_settings.h"

#include <limits>

#include <absl/strings/ascii.h>
#include <absl/strings/str_replace.h>
#include <fmt/format.h>

#include "common/db/connection_settings.h"

namespace ftl::host {

int ReadConnections(Settings& settings, const std::string& name, std::string_view meaning) {
  return settings.Number(name, DatabaseSettings().max_connections, 1, std::numeric_limits<int32_t>::max(), meaning);
}

DatabaseSettings ReadDatabaseSettings(Settings& settings, std::string_view service) {
  const std::string word = absl::StrReplaceAll(std::string(service), {{"-", "_"}});
  const std::string own = fmt::format("FTL_{}_DATABASE_URL", absl::AsciiStrToUpper(word));
  const Secret own_url =
      settings.SecretText(own, fmt::format("The database of {} alone, with its own login.", service));
  const Secret shared_url =
      settings.SecretText("DATABASE_URL", "The database of all services, unless one has its own.");
  DatabaseSettings database;
  database.max_connections =
      ReadConnections(settings, "FTL_DATABASE_CONNECTIONS", "Database connections of each service for its calls.");
  database.application_name = fmt::format("finetunelab-{}", service);
  database.url = own_url.empty() ? shared_url.Reveal() : own_url.Reveal();
  if (own_url.empty()) database.role = "ftl_" + word;
  if (database.url.empty()) {
    settings.Fault("DATABASE_URL", fmt::format("is not set, and {} is not either; say where the database is", own));
    return database;
  }
  const auto keywords = ReadConnectionString(database.url, database.role, database.application_name);
  if (!keywords.ok()) settings.Fault(own_url.empty() ? "DATABASE_URL" : own, std::string(keywords.status().message()));
  return database;
}

}  // namespace ftl::host

#include "services/batch-runner/settings.h"

#include <fstream>
#include <limits>
#include <sstream>

#include "common/host/database_settings.h"
#include "common/text/view.h"

namespace ftl::batch_runner {
namespace {

// A step of a run is planned once for each connection: planning it costs more than several uses.
DatabaseSettings ReadDatabase(host::Settings& settings) {
  DatabaseSettings database = host::ReadDatabaseSettings(settings, "batch-runner");
  database.server_settings = "-c plan_cache_mode=force_generic_plan";
  return database;
}

PriceList ReadPrices(host::Settings& settings) {
  constexpr const char* kName = "FTL_PRICES_FILE";
  const std::string path =
      settings.Text(kName, "", "A file like deploy/prices.json, whose prices of models stand above the built-in ones.");
  if (path.empty()) return PriceList::Builtin();
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  absl::StatusOr<PriceList> prices = PriceList::Over(text.str());
  if (!file) settings.Fault(kName, "names a file that cannot be read");
  if (file && !prices.ok()) settings.Fault(kName, ToStd(prices.status().message()));
  return prices.ok() ? *std::move(prices) : PriceList::Builtin();
}

}  // namespace

BatchRunnerSettings BatchRunnerSettings::Read(host::Settings& settings) {
  return {
      .database = ReadDatabase(settings),
      .read_connections = host::ReadConnections(settings, "FTL_DATABASE_READ_CONNECTIONS",
                                                "Those of batch-runner for reading runs and results."),
      .step_connections = settings.Number("FTL_DATABASE_STEP_CONNECTIONS", 2, 1, std::numeric_limits<int32_t>::max(),
                                          "Those of batch-runner for the steps of runs, which share their commits."),
      .calls_at_a_time = settings.Number("FTL_CALLS_AT_A_TIME", 4096, 1, std::numeric_limits<int32_t>::max(),
                                         "Calls to endpoints that a process has under way for its runs, in turn."),
      .prompts_per_session = settings.Number("DEMO_MAX_PROMPTS_PER_SESSION", 20, 1, std::numeric_limits<int32_t>::max(),
                                             "Prompts a session may run in all, repeats counted."),
      .allow_localhost = settings.Flag("DEMO_ALLOW_LOCALHOST", false,
                                       "Lets people test endpoints on this machine; refused in production."),
      .workspace = ReadWorkspaceMode(settings),
      .chat_messages = settings.Number("FTL_CHAT_MESSAGES", 50, 1, 1000,
                                       "Of a conversation, how many messages a model is shown, the newest ones."),
      .chat_goes_on =
          settings.Flag("FTL_CHAT_GOES_ON", true, "Finishes and stores an answer also where nobody listens any more."),
      .egress_allow = ReadEgressAllow(settings),
      .keeps_content = settings.Flag("FTL_HISTORY_CONTENT", true,
                                     "Whether the workspace's log of calls keeps what was asked and answered."),
      .history_days = settings.Number("FTL_HISTORY_RETENTION_DAYS", 30, 0, 36'500,
                                      "Whole days for which the workspace's log keeps a call; 0 keeps all."),
      .prices = ReadPrices(settings),
  };
}

}  // namespace ftl::batch_runner

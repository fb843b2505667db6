#include "services/batch-runner/import/import_verb.h"

#include <iostream>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <sysexits.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "common/error/try.h"
#include "common/workspace/token.h"
#include "services/batch-runner/import/importer.h"

namespace ftl::batch_runner {
namespace {

struct Choice {
  std::string conversations;
  std::string agent_states;
  std::string requests;
  std::string user;
  bool dry_run = false;
};

// Folders are listed before anything is stored, so that a mistyped folder costs nothing.
struct Sources {
  std::optional<ImportFolder> conversations;
  std::optional<ImportFolder> agent_states;
};

absl::StatusOr<Sources> Find(const Choice& choice) {
  Sources sources;
  if (!choice.conversations.empty()) {
    TRY(sources.conversations, ImportFolder::List(choice.conversations));
  }
  if (!choice.agent_states.empty()) {
    TRY(sources.agent_states, ImportFolder::List(choice.agent_states));
  }
  return sources;
}

std::string Count(int64_t count, std::string_view what) {
  return count == 0 ? "" : fmt::format(", {} {}", count, what);
}

// Says what came of it, and gives how many things are not there.
int64_t Sum(std::string_view what, const ImportTally& tally, int others, bool dry_run) {
  std::cout << fmt::format("{}: {} {}{}{}{}{}{}\n", what, tally.imported, dry_run ? "to be imported" : "imported",
                           Count(tally.already_there, "there already"), Count(tally.failed, "with faults"),
                           Count(tally.too_old, "older than FTL_HISTORY_RETENTION_DAYS keeps"),
                           Count(tally.left_out, "messages or parts left out that are no text"),
                           Count(others, "other files left out"));
  return tally.failed + tally.too_old;
}

// Gives how many things are not there.
Task<int64_t> ImportAll(Importer& importer, const Sources& sources, const Choice& choice) {
  CO_TRY(co_await importer.Check());
  int64_t missing = 0;
  if (sources.conversations) {
    CO_TRY(const ImportTally tally, co_await importer.Conversations(*sources.conversations));
    missing += Sum("conversations", tally, sources.conversations->others, choice.dry_run);
  }
  if (sources.agent_states) {
    CO_TRY(const ImportTally tally, co_await importer.AgentStates(*sources.agent_states));
    missing += Sum("agent states", tally, sources.agent_states->others, choice.dry_run);
  }
  if (!choice.requests.empty()) {
    CO_TRY(const ImportTally tally, co_await importer.Requests(choice.requests));
    missing += Sum("requests", tally, 0, choice.dry_run);
  }
  co_return missing;
}

int Refused(std::string_view sentence, int code) {
  std::cerr << sentence << '\n';
  return code;
}

int Import(host::Settings& settings, const Choice& choice) {
  if (choice.conversations.empty() && choice.agent_states.empty() && choice.requests.empty()) {
    return Refused("Say what to import: --conversations DIR, --agent-states DIR or --requests FILE.", EX_USAGE);
  }
  if (!choice.user.empty()) {
    return Refused("--user names somebody who signs in; this workspace has one owner without sign-in. Leave it out.",
                   EX_USAGE);
  }
  BatchRunnerSettings read = BatchRunnerSettings::Read(settings);
  read.database.application_name = "finetunelab-import";
  for (const FieldFault& fault : settings.faults().listed()) std::cerr << fault.field << ' ' << fault.message << ".\n";
  if (!settings.faults().empty()) return EX_CONFIG;
  const absl::StatusOr<Sources> sources = Find(choice);
  if (!sources.ok()) return Refused(std::string(sources.status().message()), EX_NOINPUT);

  boost::asio::io_context io(1);
  Importer importer(io.get_executor(), read, LocalOwner(), choice.dry_run);
  absl::StatusOr<int64_t> missing = 0;
  boost::asio::co_spawn(io, ImportAll(importer, *sources, choice),
                        [&](std::exception_ptr thrown, absl::StatusOr<int64_t> ended) {
                          if (thrown) std::rethrow_exception(thrown);
                          missing = std::move(ended);
                          io.stop();
                        });
  io.run();
  if (!missing.ok()) {
    return Refused(std::string(missing.status().message()) + " What had been stored stays; import again to go on.",
                   EX_UNAVAILABLE);
  }
  return *missing == 0 ? EX_OK : EX_DATAERR;
}

}  // namespace

host::Verb ImportVerb() {
  return {.name = "import",
          .about = "Brings what other programs have written down into the workspace, each thing once, and ends.",
          .make = [](CLI::App& options) -> std::function<int(host::Settings&)> {
            const auto choice = std::make_shared<Choice>();
            options.add_option("--conversations", choice->conversations,
                               "A folder of conversations, a JSON file each; exports of Open WebUI and ChatGPT too.");
            options.add_option("--agent-states", choice->agent_states,
                               "A folder of what programs keep of agents, a JSON file each, named as the agent.");
            options.add_option("--requests", choice->requests,
                               "A log of calls as CSV, whose header names at least `timestamp` and `model`.");
            options.add_option("--user", choice->user, "Whose they will be, where people sign in.");
            options.add_flag("--dry-run", choice->dry_run, "Only says what would be imported.");
            return [choice](host::Settings& settings) { return Import(settings, *choice); };
          }};
}

}  // namespace ftl::batch_runner

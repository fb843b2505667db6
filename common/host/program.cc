#include "common/host/program.h"

#include <csignal>
#include <cstdlib>
#include <iostream>

#include <absl/strings/ascii.h>
#include <absl/strings/str_replace.h>
#include <absl/synchronization/mutex.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "common/db/migrator.h"
#include "common/host/healthcheck.h"
#include "common/host/host.h"
#include "common/host/misspelt_settings.h"
#include "common/observe/log.h"

namespace ftl::host {
namespace {

constexpr const char* kAbout =
    "FineTuneLab: a test bench for a model that someone else hosts. Every setting below can be given as a flag or in "
    "the "
    "environment by its upper-case name; a flag wins. Secrets come from the environment or from files only.";

std::string FlagName(const std::string& setting) {
  return "--" + absl::StrReplaceAll(absl::AsciiStrToLower(setting), {{"_", "-"}});
}

// Keys must not reach a disk: no core dumps, no ptrace by others.
void ForbidCoreDumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// What a program reads before its modules do.
struct ProgramSettings {
  explicit ProgramSettings(Settings& settings)
      : log_level(
            settings.Choice("FTL_LOG_LEVEL", {"info", "debug", "warn", "error"}, "The least level that is logged.")),
        log_format(settings.Choice("FTL_LOG_FORMAT", {"json", "text"}, "JSON lines, or text for people.")),
        production(settings.Flag("FTL_PRODUCTION", false, "Refuses switches that are for development only.")),
        database_url(settings.SecretText("DATABASE_URL", "The database of all services, unless one has its own.")),
        migrate_url(settings.SecretText("FTL_MIGRATE_DATABASE_URL", "The database as its owner, for migrate.")) {
    if (std::getenv("GRPC_TRACE"))
      settings.Fault("GRPC_TRACE", "is set; gRPC would print messages, and keys with them");
  }
  std::string log_level;
  std::string log_format;
  bool production;
  Secret database_url;
  Secret migrate_url;
};

void RefuseDevelopmentSwitches(Settings& settings) {
  for (const Settings::Declaration& setting : settings.declarations()) {
    if (setting.name == "DEMO_ALLOW_LOCALHOST" && setting.value != "false") {
      settings.Fault(setting.name, "is set, and so is FTL_PRODUCTION; production calls no endpoint on its own machine");
    }
  }
}

std::vector<std::string_view> NamesInEnvironment() {
  std::vector<std::string_view> names;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    names.push_back(text.substr(0, text.find('=')));
  }
  return names;
}

std::vector<std::string_view> NamesOf(const Settings& settings) {
  std::vector<std::string_view> names;
  for (const Settings::Declaration& setting : settings.declarations()) names.push_back(setting.name);
  return names;
}

void RefuseMisspeltSettings(Settings& settings) {
  for (const MisspeltSetting& setting : MisspeltSettings(NamesInEnvironment(), NamesOf(settings))) {
    settings.Fault(setting.given, fmt::format("is no setting; {} is one", setting.meant));
  }
}

// No fault: the programs of one machine may share their environment.
void TellForeignSettings(const Settings& settings, std::string_view program) {
  for (const std::string& name : ForeignSettings(NamesInEnvironment(), NamesOf(settings))) {
    std::cerr << name << " is no setting of " << program << " and changes nothing here.\n";
  }
}

int Migrate(const ProgramSettings& program, bool plan_only) {
  const bool is_own = !program.migrate_url.empty();
  const Secret& url = is_own ? program.migrate_url : program.database_url;
  if (url.empty()) {
    std::cerr << "Set FTL_MIGRATE_DATABASE_URL or DATABASE_URL to the database to migrate.\n";
    return EX_CONFIG;
  }
  const auto say = [](std::string_view line) { std::cerr << line << "\n"; };
  const std::string target(url.Reveal());
  const absl::Status status = plan_only ? ftl::PlanMigration(target, say) : ftl::Migrate(target, say);
  if (status.ok()) return EX_OK;
  if (absl::IsInvalidArgument(status)) {
    std::cerr << (is_own ? "FTL_MIGRATE_DATABASE_URL " : "DATABASE_URL ") << status.message() << ".\n";
    return EX_CONFIG;
  }
  std::cerr << status.message() << '\n';
  return EX_UNAVAILABLE;
}

// The admin port, or the gateway's own where there is none.
int AskHealth(const Settings& settings) {
  std::string address;
  for (const Settings::Declaration& setting : settings.declarations()) {
    const bool is_admin = setting.name == "FTL_ADMIN_ADDRESS" && !setting.value.empty();
    if (is_admin || (setting.name == "FTL_HTTP_ADDRESS" && address.empty())) address = setting.value;
  }
  if (address.empty()) {
    std::cerr << "Set FTL_ADMIN_ADDRESS as the program has it that is to be asked.\n";
    return EX_CONFIG;
  }
  const absl::Status status = CheckHealth(address);
  if (!status.ok()) std::cerr << status.message() << ".\n";
  return status.ok() ? EX_OK : EX_UNAVAILABLE;
}

int Run(Host& host) {
  if (!host.Start().ok()) return EX_UNAVAILABLE;
  log::Info("ready", {{"version", FTL_VERSION}});
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int signal = 0;
  sigwait(&signals, &signal);
  log::Info("stopping", {{"signal", signal}});
  host.Stop();
  return EX_OK;
}

}  // namespace

int RunProgram(int argc, char** argv, const std::string& name, std::vector<ModuleKind> kinds, std::vector<Verb> verbs) {
  ForbidCoreDumps();
  RaiseFileLimit();
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // Debian's Abseil is built to look for deadlocks, which costs every lock of gRPC a look at one graph for all threads.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);

  Settings declared([](const std::string&) { return std::nullopt; });
  declared.Section("every program");
  {
    const ProgramSettings program(declared);
    const Host host(declared, kinds);
  }
  CLI::App app(kAbout, name);
  app.set_version_flag("--version", name + " " FTL_VERSION);
  bool check_config = false;
  bool print_config = false;
  app.add_flag("--check-config", check_config, "Reads all settings, says what is wrong, and ends.");
  app.add_flag("--print-config", print_config, "Prints all settings, secrets hidden, and ends.");
  bool migrate = false;
  bool plan_only = false;
  CLI::App* const migrating = app.add_subcommand("migrate", "Brings the database to this version's schema, and ends.");
  migrating->callback([&] { migrate = true; });
  migrating->add_flag("--plan", plan_only, "Only says what would be applied, and which tables would be locked.");
  bool healthcheck = false;
  app.add_subcommand("healthcheck", "Asks the program that runs with these settings whether it is ready, and ends.")
      ->callback([&] { healthcheck = true; });
  std::function<int(Settings&)> chosen;
  for (const Verb& verb : verbs) {
    CLI::App* const options = app.add_subcommand(verb.name, verb.about);
    options->callback([&chosen, action = verb.make(*options)] { chosen = action; });
  }
  std::map<std::string, std::string> flags;
  for (const Settings::Declaration& setting : declared.declarations()) {
    if (setting.secret) continue;
    app.add_option(FlagName(setting.name), flags[setting.name], setting.meaning)
        ->default_str(setting.default_text)
        ->group("Settings of " + setting.section);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EX_OK : EX_USAGE;
  }

  Settings settings([&](const std::string& setting) -> std::optional<std::string> {
    if (flags.count(setting) && app.count(FlagName(setting)) > 0) return flags.at(setting);
    if (const char* text = std::getenv(setting.c_str()); text && *text) return std::string(text);
    return std::nullopt;
  });
  const ProgramSettings program(settings);
  log::Configure(program.log_level, program.log_format == "text" ? log::Format::kText : log::Format::kJson, name);
  if (migrate) return Migrate(program, plan_only);
  if (chosen) {
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    return chosen(settings);
  }
  Host host(settings, kinds, program.production);
  if (healthcheck) return AskHealth(settings);
  RefuseMisspeltSettings(settings);
  if (program.production) RefuseDevelopmentSwitches(settings);
  if (print_config) settings.Print(std::cout);
  for (const FieldFault& fault : settings.faults().listed()) std::cerr << fault.field << ' ' << fault.message << ".\n";
  if (!settings.faults().empty()) return EX_CONFIG;
  if (check_config) TellForeignSettings(settings, name);
  if (check_config || print_config) return EX_OK;
  return Run(host);
}

}  // namespace ftl::host

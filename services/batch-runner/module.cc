#include "services/batch-runner/module.h"

#include <memory>
#include <optional>

#include <absl/strings/str_split.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/db/listener.h"
#include "common/db/migrator.h"
#include "common/db/notifier.h"
#include "common/error/try.h"
#include "common/performance/recorder.h"
#include "common/session/session_over.h"
#include "services/batch-runner/bench/benchmarks.h"
#include "services/batch-runner/history/request_keeper.h"
#include "services/batch-runner/rpc/agents_service.h"
#include "services/batch-runner/rpc/batch_runner_service.h"
#include "services/batch-runner/rpc/benchmark_service.h"
#include "services/batch-runner/rpc/chat_service.h"
#include "services/batch-runner/rpc/compare_service.h"
#include "services/batch-runner/rpc/conversations_service.h"
#include "services/batch-runner/rpc/request_log_service.h"
#include "services/batch-runner/rpc/templates_service.h"
#include "services/batch-runner/rpc/workspace_service.h"
#include "services/batch-runner/run/lookout.h"
#include "services/batch-runner/run/run_metrics.h"
#include "services/batch-runner/settings.h"
#include "services/batch-runner/store/uuid.h"
#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {
namespace {

// As many connections may rest as calls may be under way.
CallerLimits LimitsFor(const BatchRunnerSettings& settings) {
  CallerLimits limits;
  limits.idle_connections = static_cast<size_t>(settings.calls_at_a_time);
  return limits;
}
// Calls that begin and end while both are out share the next commit.
constexpr int kLogConnections = 2;

class BatchRunner final : public host::Module {
 public:
  explicit BatchRunner(BatchRunnerSettings settings) : settings_(std::move(settings)) {}

  Task<> Start(host::Environment& environment) override {
    rooms_.emplace(settings_, environment);
    CO_TRY(co_await RequireCurrentSchema(rooms_->database, DeadlineIn(absl::Seconds(10))));
    if (settings_.workspace != WorkspaceMode::kOff) {
      CO_TRY(co_await rooms_->keeper.Start(DeadlineIn(absl::Seconds(10))));
      recorder_.emplace(settings_.database);
    }
    run_metrics::BeginAtZero();
    rooms_->dispatcher.Start();
    rooms_->lookout.Start();
    asio::co_spawn(environment.executor, Listen(),
                   asio::bind_cancellation_slot(stop_listening_.slot(), asio::detached));
    co_return absl::OkStatus();
  }

  void Serve(rpc::Registrar& registrar) override {
    Rooms& r = *rooms_;
    registrar.Add(std::make_unique<BatchRunnerService>(
        registrar.serving(), BatchRunnerService::Parts{settings_, r.desk, r.runs, r.results, r.work, r.reading, r.probe,
                                                       r.models, r.dispatcher, r.feed, r.notifier}));
    if (settings_.workspace != WorkspaceMode::kOff && registrar.authenticated()) {
      registrar.Add(std::make_unique<WorkspaceService>(registrar.serving(), r.key_probe, r.catalogue));
      registrar.Add(std::make_unique<ConversationsService>(registrar.serving(), r.conversations, r.reading));
      registrar.Add(std::make_unique<TemplatesService>(registrar.serving(), r.templates));
      registrar.Add(std::make_unique<ChatService>(registrar.serving(), r.chats));
      registrar.Add(std::make_unique<CompareService>(registrar.serving(), r.comparisons, r.comparison_store));
      registrar.Add(std::make_unique<AgentsService>(registrar.serving(), r.agents));
      registrar.Add(std::make_unique<RequestLogService>(registrar.serving(), r.log, r.model_calls));
      registrar.Add(std::make_unique<BenchmarkService>(registrar.serving(), r.benchmarks));
    }
  }

  Task<> Check(Deadline deadline) override { co_return co_await rooms_->database.Check(deadline); }

  Task<> Drain(Deadline deadline) override {
    using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): the operators
                                                              // only
    const auto [runs, chats, comparisons] = co_await (
        rooms_->dispatcher.Drain(deadline) && rooms_->chats.Drain(deadline) && rooms_->comparisons.Drain(deadline));
    for (const absl::Status& drained : {runs, chats, comparisons}) CO_TRY(drained);
    co_return absl::OkStatus();
  }

  Task<> Stop() override {
    recorder_.reset();
    stop_listening_.emit(asio::cancellation_type::terminal);
    rooms_->desk.Stop();
    rooms_->lookout.Stop();
    rooms_->benchmarks.Close();
    rooms_->model_calls.Close();
    rooms_->keeper.Stop();
    rooms_->probe.Close();
    rooms_->caller.Close();
    rooms_->workspace_caller.Close();
    co_return absl::OkStatus();
  }

 private:
  // The parts, in the order in which they stand on each other.
  struct Rooms {
    Rooms(const BatchRunnerSettings& settings, host::Environment& environment)
        : policy({.allow_localhost = settings.allow_localhost}),
          database(environment.executor, settings.database),
          reads(environment.executor, settings.database.ForLane("reads", settings.read_connections)),
          steps(environment.executor, settings.database.ForLane("steps", settings.step_connections), database),
          notifier(environment.executor, settings.database),
          listener(settings.database, {std::string(kWorkChannel), std::string(kRunChannel), "ftl_run_ended",
                                       std::string(kSessionOverChannel)}),
          runs(database, reads),
          results(reads),
          desk(settings.database, settings.read_connections),
          work(steps, database, process),
          door_store(database),
          keys(environment.channels),
          caller(environment.executor, policy, LimitsFor(settings)),
          probe(environment.executor, keys, doors, caller, policy),
          models(keys, doors, caller, policy),
          workspace_policy({.allow_localhost = settings.allow_localhost, .allow = settings.egress_allow}),
          stored_keys(environment.channels),
          workspace_caller(environment.executor, workspace_policy),
          key_probe(stored_keys, workspace_caller, workspace_policy),
          catalogue(environment.executor, stored_keys, workspace_caller, workspace_policy),
          conversations(database, reads),
          templates(database),
          agents(database),
          log_commits(environment.executor, settings.database.ForLane("log", kLogConnections), database),
          log(log_commits, database, process),
          benchmark_store(database, process),
          keeper(environment.executor, log, benchmark_store, settings.history_days),
          model_calls({environment.executor, stored_keys, workspace_caller, workspace_policy, log, settings.prices,
                       settings.keeps_content}),
          answers(database, steps),
          chats({environment.executor, answers, model_calls, settings.chat_messages, settings.chat_goes_on}),
          comparison_store(database, process),
          comparisons({environment.executor, comparison_store, answers, model_calls, settings.chat_messages}),
          benchmarks({environment.executor, model_calls, catalogue, benchmark_store}),
          feed(environment.executor),
          lookout(environment.executor, runs, feed),
          dispatcher({environment.executor, process, runs, work, door_store, doors, keys, caller, checks, policy, feed,
                      notifier, static_cast<size_t>(settings.calls_at_a_time)}) {}

    const std::string process = NewUuid();
    AddressPolicy policy;
    Database database;
    Database reads;
    SharedCommits steps;
    Notifier notifier;
    Listener listener;
    RunStore runs;
    ResultStore results;
    Desk desk;
    WorkStore work;
    DoorStore door_store;
    Doors doors;
    KeyLoans keys;
    Caller caller;
    ReadingThread reading;
    CheckThread checks;
    ConnectionProbe probe;
    ModelDiscovery models;
    // The workspace's own, which may reach what the demo tier may not.
    AddressPolicy workspace_policy;
    StoredKeys stored_keys;
    Caller workspace_caller;
    KeyProbe key_probe;
    ModelCatalogue catalogue;
    ConversationStore conversations;
    TemplateStore templates;
    AgentStore agents;
    SharedCommits log_commits;
    RequestStore log;
    BenchmarkStore benchmark_store;
    RequestKeeper keeper;
    ModelCalls model_calls;
    ChatStore answers;
    Chats chats;
    ComparisonStore comparison_store;
    Comparisons comparisons;
    Benchmarks benchmarks;
    Feed feed;
    Lookout lookout;
    Dispatcher dispatcher;
  };

  // Other processes tell of new work, of results they stored, and of what has ended.
  asio::awaitable<void> Listen() {
    while (true) {
      const auto wake_up = co_await rooms_->listener.Next(DeadlineIn(absl::Minutes(1)));
      if (!wake_up.ok()) {
        if (wake_up.status().code() == absl::StatusCode::kCancelled) co_return;
        asio::steady_timer pause(co_await asio::this_coro::executor, std::chrono::milliseconds(500));
        co_await pause.async_wait(asio::use_awaitable);
        continue;
      }
      Heard(*wake_up);
    }
  }

  void Heard(const WakeUp& wake_up) {
    // A payload is left out where there was too much to tell.
    if (wake_up.may_have_missed || wake_up.payload.empty()) {
      rooms_->dispatcher.Wake();
      rooms_->feed.TouchAll();
      return;
    }
    for (const absl::string_view piece : absl::StrSplit(wake_up.payload, ',')) {
      std::string name(piece);
      if (wake_up.channel == kWorkChannel) {
        if (const auto run = rooms_->dispatcher.HeardOf(name)) rooms_->dispatcher.WakeFor(*run);
        continue;
      }
      if (wake_up.channel == kRunChannel) {
        if (auto run = rooms_->dispatcher.HeardOf(name)) rooms_->feed.Touch(*run);
        continue;
      }
      if (wake_up.channel == "ftl_run_ended") rooms_->dispatcher.Drop(name);
      if (wake_up.channel == kSessionOverChannel) {
        rooms_->dispatcher.DropSession(name);
        rooms_->probe.Drop(name);
        rooms_->feed.TouchSession(name);
        continue;
      }
      rooms_->feed.Touch(name);
    }
  }

  const BatchRunnerSettings settings_;
  std::optional<Rooms> rooms_;
  std::optional<performance::Recorder> recorder_;
  asio::cancellation_signal stop_listening_;
};

}  // namespace

host::ModuleKind BatchRunnerModule() {
  return {
      .name = "batch-runner",
      .calls = {"session-vault"},
      .default_listen = "0.0.0.0:50052",
      .make =
          [](host::Settings& settings) { return std::make_unique<BatchRunner>(BatchRunnerSettings::Read(settings)); },
      .passes_keys = true};
}

}  // namespace ftl::batch_runner

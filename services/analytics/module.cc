#include "services/analytics/module.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/strings/str_split.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/db/database.h"
#include "common/db/listener.h"
#include "common/performance/recorder.h"
#include "common/session/session_over.h"
#include "common/text/view.h"
#include "services/analytics/narrator/commentary.h"
#include "services/analytics/planner/builtin_planner.h"
#include "services/analytics/rpc/analytics_service.h"
#include "services/analytics/rpc/comparisons_service.h"
#include "services/analytics/rpc/history_service.h"
#include "services/analytics/rpc/performance_service.h"
#include "services/analytics/settings.h"

namespace ftl::analytics {
namespace {

constexpr std::chrono::milliseconds kAfterALoss{500};

class Analytics final : public host::Module {
 public:
  explicit Analytics(AnalyticsSettings settings) : settings_(std::move(settings)) {}

  Task<> Start(host::Environment& environment) override {
    // The first question finds the lexicons read.
    PlanBuiltin({"average latency"}, {});
    database_.emplace(environment.executor, settings_.database);
    commentary_.emplace(environment.executor, AddressPolicy({.allow_localhost = settings_.allow_localhost}),
                        environment.channels, *database_, settings_.max_chat_turns);
    if (settings_.workspace != WorkspaceMode::kOff) recorder_.emplace(settings_.database);
    listener_.emplace(settings_.database, std::vector{std::string(kSessionOverChannel)});
    asio::co_spawn(environment.executor, Listen(),
                   asio::bind_cancellation_slot(stop_listening_.slot(), asio::detached));
    co_return absl::OkStatus();
  }

  void Serve(rpc::Registrar& registrar) override {
    registrar.Add(std::make_unique<AnalyticsService>(registrar.serving(), *database_, *commentary_));
    if (settings_.workspace != WorkspaceMode::kOff && registrar.authenticated()) {
      registrar.Add(std::make_unique<HistoryService>(registrar.serving(), *database_));
      registrar.Add(std::make_unique<ComparisonsService>(registrar.serving(), *database_));
      registrar.Add(std::make_unique<PerformanceService>(registrar.serving(), *database_));
    }
  }

  Task<> Check(Deadline deadline) override { co_return co_await database_->Check(deadline); }

  Task<> Stop() override {
    recorder_.reset();
    stop_listening_.emit(asio::cancellation_type::terminal);
    if (commentary_) commentary_->Close();
    co_return absl::OkStatus();
  }

 private:
  // session-vault tells which sessions are over.
  asio::awaitable<void> Listen() {
    while (true) {
      const auto told = co_await listener_->Next(DeadlineIn(absl::Minutes(1)));
      if (told.ok()) {
        for (const absl::string_view session : absl::StrSplit(told->payload, ',')) commentary_->LookAt(ToStd(session));
      } else if (absl::IsCancelled(told.status())) {
        co_return;
      } else if (!absl::IsDeadlineExceeded(told.status())) {
        asio::steady_timer pause(co_await asio::this_coro::executor, kAfterALoss);
        co_await pause.async_wait(asio::use_awaitable);
      }
    }
  }

  AnalyticsSettings settings_;
  std::optional<Database> database_;
  std::optional<Commentary> commentary_;
  std::optional<Listener> listener_;
  std::optional<performance::Recorder> recorder_;
  asio::cancellation_signal stop_listening_;
};

std::unique_ptr<host::Module> MakeAnalytics(host::Settings& settings) {
  return std::make_unique<Analytics>(AnalyticsSettings::Read(settings));
}

}  // namespace

host::ModuleKind AnalyticsModule() {
  return {.name = "analytics",
          .calls = {"session-vault"},
          .default_listen = "0.0.0.0:50053",
          .make = MakeAnalytics,
          .passes_keys = true};
}

}  // namespace ftl::analytics

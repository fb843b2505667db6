#include "services/analytics/module.h"

#include <memory>
#include <optional>
#include <utility>

#include "common/db/database.h"
#include "services/analytics/narrator/commentary.h"
#include "services/analytics/rpc/analytics_service.h"
#include "services/analytics/settings.h"

namespace ftl::analytics {
namespace {

constexpr Query kAlive{"analytics.alive", "SELECT 1 AS one"};

class Analytics final : public host::Module {
 public:
  explicit Analytics(AnalyticsSettings settings) : settings_(std::move(settings)) {}

  Task<> Start(host::Environment& environment) override {
    database_.emplace(environment.executor, settings_.database);
    commentary_.emplace(environment.executor, AddressPolicy({.allow_localhost = settings_.allow_localhost}),
                        environment.channels, *database_);
    co_return absl::OkStatus();
  }

  void Serve(rpc::Registrar& registrar) override {
    registrar.Add(std::make_unique<AnalyticsService>(registrar.serving(), *database_, *commentary_));
  }

  Task<> Check(Deadline deadline) override {
    co_return (co_await database_->Run(deadline, SessionScope::None(), kAlive)).status();
  }

  Task<> Stop() override {
    commentary_->Close();
    co_return absl::OkStatus();
  }

 private:
  AnalyticsSettings settings_;
  std::optional<Database> database_;
  std::optional<Commentary> commentary_;
};

std::unique_ptr<host::Module> MakeAnalytics(host::Settings& settings) {
  return std::make_unique<Analytics>(AnalyticsSettings::Read(settings));
}

}  // namespace

host::ModuleKind AnalyticsModule() {
  return {.name = "analytics", .calls = {"session-vault"}, .default_listen = "0.0.0.0:50053", .make = MakeAnalytics};
}

}  // namespace ftl::analytics

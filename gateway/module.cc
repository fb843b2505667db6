#include "gateway/module.h"

#include <optional>

#include <sys/resource.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/try.h"
#include "common/host/port_file.h"
#include "common/observe/log.h"
#include "gateway/api/performance.h"
#include "gateway/front_door.h"
#include "gateway/http/listener.h"
#include "gateway/openapi/description.h"
#include "gateway/openapi/export_schema.h"
#include "gateway/pages/pages.h"
#include "gateway/routes.h"
#include "gateway/settings.h"

namespace ftl::gateway {
namespace {

// Long enough for whoever follows /readyz to send nothing more.
constexpr auto kNotice = std::chrono::seconds(1);

// Everything the gateway is made of, in the order in which each stands on what is above it.
struct Machinery {
  Machinery(const GatewaySettings& settings, const host::Environment& environment)
      : upstream(environment.executor, environment.channels),
        quotas(upstream, settings.requests_per_minute),
        runs(environment.executor, upstream),
        services{upstream, quotas, runs},
        operations(upstream, answered),
        door(AllRoutes(settings), upstream, quotas, answered),
        listener(environment.executor, settings.limits,
                 [this](http::Exchange& exchange) { return door.Answer(exchange); }) {
    if (settings.has_workspace) recorder.emplace(KeepByAnalytics(environment.channels));
  }

  std::vector<Route> AllRoutes(const GatewaySettings& settings) {
    std::vector<Route> routes = Routes({settings.demo_enabled, settings.has_workspace, settings.max_suite_bytes,
                                        settings.sample_endpoint_url, settings.sample_model_id},
                                       services, operations);
    routes.push_back(ExportSchemaRoute());
    routes.push_back(DescriptionRoute(routes));
    for (Route& route : PageRoutes(settings.demo_enabled, settings.has_workspace)) routes.push_back(std::move(route));
    return routes;
  }

  Upstream upstream;
  QuotaSlices quotas;
  RunHub runs;
  Services services;
  performance::LastMinute answered;
  Operations operations;
  FrontDoor door;
  http::Listener listener;
  std::optional<performance::Recorder> recorder;
};

void WarnOfFewDescriptors(int max_connections) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= static_cast<rlim_t>(max_connections) + 256) return;
  log::Warn("few file descriptors; raise the limit (ulimit -n) or lower FTL_MAX_CONNECTIONS",
            {{"descriptors", static_cast<int64_t>(files.rlim_cur)}, {"max_connections", max_connections}});
}

class Gateway final : public host::Module {
 public:
  explicit Gateway(GatewaySettings settings) : settings_(std::move(settings)) {}

  Task<> Start(host::Environment& environment) override {
    WarnOfFewDescriptors(settings_.limits.max_connections);
    machinery_ = std::make_unique<Machinery>(settings_, environment);
    CO_TRY(machinery_->listener.Listen(settings_.http_address));
    log::Info("serving HTTP", {{"address", settings_.http_address}, {"port", machinery_->listener.port()}});
    if (!settings_.port_file.empty()) {
      CO_TRY(host::WritePortFile(settings_.port_file, machinery_->listener.port()));
    }
    co_return absl::OkStatus();
  }

  // Not ready; wait until nobody sends any more; take nothing more, tell streams; finish what is under way.
  Task<> Drain(Deadline deadline) override {
    machinery_->operations.Drain();
    asio::steady_timer notice(co_await asio::this_coro::executor, kNotice);
    co_await notice.async_wait(asio::use_awaitable);
    machinery_->door.Drain();
    machinery_->runs.Drain();
    co_return co_await machinery_->listener.Drain(deadline);
  }

  Task<> Stop() override {
    if (!machinery_) co_return absl::OkStatus();
    CO_TRY(co_await machinery_->listener.Stop());
    CO_TRY(co_await machinery_->runs.Stop());
    machinery_.reset();
    co_return absl::OkStatus();
  }

 private:
  const GatewaySettings settings_;
  std::unique_ptr<Machinery> machinery_;
};

}  // namespace

host::ModuleKind GatewayModule() {
  return {"gateway",
          {"session-vault", "batch-runner", "analytics", "export"},
          "",
          [](host::Settings& settings) -> std::unique_ptr<host::Module> {
            return std::make_unique<Gateway>(ReadGatewaySettings(settings));
          }};
}

}  // namespace ftl::gateway

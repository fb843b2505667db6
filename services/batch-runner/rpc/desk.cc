#include "services/batch-runner/rpc/desk.h"

#include <exception>

#include "common/observe/log.h"

namespace ftl::batch_runner {
namespace {

constexpr int kSharedConnections = 2;

// As the module's own thread: an exception that nobody caught is a fault in our source, and the rest goes on.
void RunUntilStopped(asio::io_context& context) {
  while (!context.stopped()) {
    try {
      context.run();
    } catch (const std::exception& error) {
      log::Error("uncaught exception", {{"module", "batch-runner"}, {"error", error.what()}});
    }
  }
}

}  // namespace

Desk::Desk(const DatabaseSettings& settings, int read_connections)
    : work_(context_.get_executor()),
      database_(executor(), settings.ForLane("desk", settings.max_connections)),
      pages_(executor(), settings.ForLane("pages", read_connections)),
      starts_(executor(), settings.ForLane("starts", kSharedConnections), database_),
      looks_(executor(), settings.ForLane("looks", kSharedConnections), pages_),
      run_starts_(starts_, pages_),
      run_looks_(looks_, pages_),
      runs_(database_, pages_),
      results_(pages_),
      suites_(database_, pages_),
      thread_([this] { RunUntilStopped(context_); }) {}

Desk::~Desk() { Stop(); }

void Desk::Stop() {
  if (!thread_.joinable()) return;
  work_.reset();
  context_.stop();
  thread_.join();
  context_.LetGo();
}

}  // namespace ftl::batch_runner

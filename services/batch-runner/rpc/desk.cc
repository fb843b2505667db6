#include "services/batch-runner/rpc/desk.h"

#include <exception>

#include "common/observe/log.h"

namespace ftl::batch_runner {
namespace {

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
      looks_(executor(), settings.ForLane("looks", read_connections)),
      starts_(executor(), settings.ForLane("starts", settings.max_connections)),
      runs_(starts_, looks_),
      results_(looks_),
      suites_(starts_, looks_),
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

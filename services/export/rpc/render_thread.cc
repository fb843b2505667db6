#include "services/export/rpc/render_thread.h"

#include <memory>
#include <utility>

#include <absl/strings/str_cat.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ftl::exporter {
namespace {

asio::awaitable<absl::StatusOr<std::string>> Render(std::shared_ptr<std::function<std::string()>> render) {
  try {
    co_return (*render)();
  } catch (const std::exception& error) {
    co_return absl::InternalError(absl::StrCat("the report cannot be set: ", error.what()));
  }
}

}  // namespace

Task<std::string> RenderThread::Run(std::function<std::string()> render) {
  auto shared = std::make_shared<std::function<std::string()>>(std::move(render));
  co_return co_await asio::co_spawn(pool_, Render(std::move(shared)), asio::use_awaitable);
}

}  // namespace ftl::exporter

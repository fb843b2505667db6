#include "common/host/admin_server.h"

#include <thread>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "common/async/task.h"
#include "common/error/try.h"
#include "common/host/listen_address.h"
#include "common/observe/metrics.h"

namespace ftl::host {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Answer = http::response<http::string_body>;

constexpr int kMostConnections = 32;
constexpr std::chrono::seconds kLimit(5);

Answer Text(http::status status, std::string body) {
  Answer answer(status, 11);
  answer.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
  answer.body() = std::move(body);
  return answer;
}

Answer AnswerTo(const http::request<http::empty_body>& request, const std::function<bool()>& is_ready) {
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    Answer answer = Text(http::status::method_not_allowed, "GET or HEAD\n");
    answer.set(http::field::allow, "GET, HEAD");
    return answer;
  }
  const std::string_view path(request.target().data(), request.target().size());
  if (path == "/livez") return Text(http::status::ok, "ok\n");
  if (path == "/metrics") return Text(http::status::ok, metrics::Exposition());
  if (path != "/readyz") return Text(http::status::not_found, "There are /livez, /readyz and /metrics here.\n");
  return is_ready() ? Text(http::status::ok, "ready\n") : Text(http::status::service_unavailable, "not ready\n");
}

}  // namespace

struct AdminServer::Listener {
  explicit Listener(std::function<bool()> ready) : is_ready(std::move(ready)) {}

  asio::awaitable<void> Accept() {
    for (;;) {
      boost::system::error_code error;
      tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      if (error) {  // out of descriptors, say: asked again, but not at once
        asio::steady_timer pause(io, std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::use_awaitable);
      } else if (connections < kMostConnections) {
        asio::co_spawn(io, Serve(beast::tcp_stream(std::move(socket))), asio::detached);
      }
    }
  }

  asio::awaitable<void> Serve(beast::tcp_stream stream) {
    ++connections;
    boost::system::error_code error;
    beast::flat_buffer buffer(8192);
    http::request_parser<http::empty_body> parser;
    parser.header_limit(8192);
    stream.expires_after(kLimit);
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      Answer answer = AnswerTo(parser.get(), is_ready);
      answer.keep_alive(false);
      answer.prepare_payload();
      if (parser.get().method() == http::verb::head) answer.body().clear();
      co_await http::async_write(stream, answer, asio::redirect_error(asio::use_awaitable, error));
      stream.socket().shutdown(tcp::socket::shutdown_send, error);
    }
    --connections;
  }

  std::function<bool()> is_ready;
  int connections = 0;
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  std::thread thread;
};

AdminServer::AdminServer(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Listen(const std::string& address,
                                                                 std::function<bool()> is_ready) {
  TRY(const tcp::endpoint endpoint, ParseListenAddress(address));
  auto listener = std::make_unique<Listener>(std::move(is_ready));
  boost::system::error_code error;
  listener->acceptor.open(endpoint.protocol(), error);
  if (!error) listener->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) listener->acceptor.bind(endpoint, error);
  if (!error) listener->acceptor.listen(kMostConnections, error);
  if (error) {
    return absl::UnavailableError(
        fmt::format("FTL_ADMIN_ADDRESS is {}, and it cannot be listened on: {}", address, error.message()));
  }
  asio::co_spawn(listener->io, listener->Accept(), asio::detached);
  listener->thread = std::thread([io = &listener->io] { io->run(); });
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(listener)));
}

AdminServer::~AdminServer() {
  listener_->io.stop();
  listener_->thread.join();
}

int AdminServer::port() const { return listener_->acceptor.local_endpoint().port(); }

}  // namespace ftl::host

#include "services/sample-endpoint/server.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "common/host/listen_address.h"

namespace ftl::sample_endpoint {
namespace {

namespace http = boost::beast::http;
using asio::ip::tcp;
using Error = boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr uint64_t kBodyBytes = 8 * 1024 * 1024;
constexpr uint32_t kHeadBytes = 64 * 1024;
constexpr size_t kWriteBytes = 64 * 1024;
constexpr auto kRepeatEvery = std::chrono::milliseconds(1);
constexpr auto kAcceptAgain = std::chrono::milliseconds(50);
// Shorter waits are not worth two operations for one.
constexpr auto kWatchedWait = std::chrono::milliseconds(150);

asio::awaitable<void> WaitUntil(Clock::time_point moment) {
  asio::steady_timer timer(co_await asio::this_coro::executor, moment);
  co_await timer.async_wait(kTuple);
}

bool HasLeft(tcp::socket& socket) {
  char byte;
  Error fault;
  socket.non_blocking(true, fault);
  const size_t bytes = socket.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, fault);
  return fault ? fault != asio::error::would_block : bytes == 0;
}

// False where the client leaves before.
asio::awaitable<bool> WaitWithClient(tcp::socket& socket, Clock::time_point moment) {
  if (moment - Clock::now() > kWatchedWait) {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer(socket.get_executor(), moment);
    const auto first = co_await (timer.async_wait(kTuple) || socket.async_wait(tcp::socket::wait_read, kTuple));
    if (first.index() == 0) co_return true;
    if (HasLeft(socket)) co_return false;
  }
  co_await WaitUntil(moment);
  co_return true;
}

asio::awaitable<void> WaitForLeaving(tcp::socket& socket) {
  std::array<char, 1024> ignored;
  for (;;) {
    const auto [fault, bytes] = co_await socket.async_read_some(asio::buffer(ignored), kTuple);
    if (fault) co_return;
  }
}

asio::awaitable<bool> Write(tcp::socket& socket, std::string_view bytes) {
  const auto [fault, written] = co_await asio::async_write(socket, asio::buffer(bytes.data(), bytes.size()), kTuple);
  co_return !fault;
}

asio::awaitable<bool> WriteByteByByte(tcp::socket& socket, std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const bool is_written = co_await Write(socket, bytes.substr(i, 1));
    if (!is_written) co_return false;
  }
  co_return true;
}

absl::Duration Since(Clock::time_point start) { return absl::FromChrono(Clock::now() - start); }

HttpRequest RequestOf(http::request<http::string_body>&& parsed) {
  const std::string_view target(parsed.target().data(), parsed.target().size());
  const size_t mark = std::min(target.find('?'), target.size());
  HttpRequest request;
  request.method = std::string(parsed.method_string());
  request.path = target.substr(0, mark);
  request.query = target.substr(std::min(mark + 1, target.size()));
  request.authorization = std::string(parsed[http::field::authorization]);
  request.api_key = std::string(parsed["api-key"]);
  request.x_api_key = std::string(parsed["x-api-key"]);
  request.x_goog_api_key = std::string(parsed["x-goog-api-key"]);
  request.anthropic_version = std::string(parsed["anthropic-version"]);
  request.body = std::move(parsed.body());
  return request;
}

}  // namespace

Server::Server(asio::io_context& io, Answers answers, std::string required_key)
    : io_(io), acceptor_(io), routes_(std::move(answers), std::move(required_key)) {}

absl::StatusOr<int> Server::Listen(std::string_view address) {
  const auto endpoint = host::ParseListenAddress(address);
  if (!endpoint.ok()) return endpoint.status();
  Error fault;
  acceptor_.open(endpoint->protocol(), fault);
  if (!fault) acceptor_.set_option(tcp::acceptor::reuse_address(true), fault);
  if (!fault) acceptor_.bind(*endpoint, fault);
  if (!fault) acceptor_.listen(tcp::acceptor::max_listen_connections, fault);
  if (fault) return absl::UnavailableError(fmt::format("Cannot listen on {}: {}.", address, fault.message()));
  asio::co_spawn(io_, Accept(), asio::detached);
  return acceptor_.local_endpoint().port();
}

asio::awaitable<void> Server::Accept() {
  for (;;) {
    auto [fault, socket] = co_await acceptor_.async_accept(kTuple);
    if (fault == asio::error::operation_aborted) co_return;
    if (fault) {
      // Out of descriptors, most likely: some will be closed.
      co_await WaitUntil(Clock::now() + kAcceptAgain);
      continue;
    }
    Error ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    asio::co_spawn(io_, Serve(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> Server::Serve(tcp::socket socket) {
  boost::beast::flat_buffer buffer;
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kBodyBytes);
    parser.header_limit(kHeadBytes);
    const auto [fault, bytes] = co_await http::async_read(socket, buffer, parser, kTuple);
    const Moment start = Clock::now();
    if (fault) {
      if (fault == http::error::body_limit) {
        const Script refusal =
            Json(413, R"({"error":{"message":"The body is over 8 MiB.","type":"request_too_large"}})");
        co_await Write(socket, refusal.steps[0].bytes);
      }
      co_return;
    }
    const bool keeps_alive = parser.get().keep_alive();
    const Play play = routes_.Answer(RequestOf(parser.release()), absl::Now());
    const Then then = co_await Perform(socket, play, start);
    if (then == Then::kClose || !keeps_alive) break;
  }
  Error ignored;
  socket.shutdown(tcp::socket::shutdown_both, ignored);
}

asio::awaitable<Server::Then> Server::Perform(tcp::socket& socket, const Play& play, Moment start) {
  bool is_there = co_await WriteSteps(socket, play, start);
  const absl::Duration end = Since(start);
  if (is_there) is_there = co_await End(socket, play.script);
  // What follows the last step is no part of the answer, unless the answer has no end.
  const bool is_endless = play.script.ending == Ending::kRepeat || play.script.steps.empty();
  if (play.call != 0) routes_.ledger().Ended(play.call, is_endless ? Since(start) : end, !is_there);
  co_return is_there&& play.script.ending == Ending::kKeepOpen ? Then::kNextRequest : Then::kClose;
}

asio::awaitable<bool> Server::WriteSteps(tcp::socket& socket, const Play& play, Moment start) {
  const std::vector<Step>& steps = play.script.steps;
  std::string due;
  for (size_t i = 0; i < steps.size();) {
    const Moment moment = start + absl::ToChronoNanoseconds(steps[i].at);
    bool is_there = true;
    if (moment > Clock::now()) is_there = co_await WaitWithClient(socket, moment);
    if (!is_there) co_return false;
    // Everything that is due by now goes in one write, as it would from a kernel's buffer.
    const absl::Duration now = Since(start);
    bool has_first_token = false;
    due.clear();
    for (; i < steps.size() && steps[i].at <= now && due.size() < kWriteBytes; ++i) {
      due += steps[i].bytes;
      has_first_token |= steps[i].is_first_token;
    }
    if (has_first_token && play.call != 0) routes_.ledger().FirstToken(play.call, Since(start));
    if (play.script.byte_by_byte) {
      is_there = co_await WriteByteByByte(socket, due);
    } else {
      is_there = co_await Write(socket, due);
    }
    if (!is_there) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> Server::End(tcp::socket& socket, const Script& script) {
  if (script.ending == Ending::kSilence) {
    co_await WaitForLeaving(socket);
    co_return false;
  }
  bool is_there = true;
  while (script.ending == Ending::kRepeat && is_there) {
    co_await WaitUntil(Clock::now() + kRepeatEvery);
    is_there = co_await Write(socket, script.steps.back().bytes);
  }
  co_return is_there;
}

}  // namespace ftl::sample_endpoint

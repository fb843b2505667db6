#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "services/sample-endpoint/routes.h"

namespace ftl::sample_endpoint {

namespace asio = boost::asio;

// Reads requests and plays their scripts, thousands of connections on the one thread of `io`. Lives until that has
// stopped.
class Server {
 public:
  Server(asio::io_context& io, Answers answers, std::string required_key = {});

  // `address` is `127.0.0.1:8000`, `[::1]:0`; gives the port bound. Serves from then on.
  absl::StatusOr<int> Listen(std::string_view address);

 private:
  using Moment = std::chrono::steady_clock::time_point;
  enum class Then { kNextRequest, kClose };

  asio::awaitable<void> Accept();
  asio::awaitable<void> Serve(asio::ip::tcp::socket socket);
  asio::awaitable<Then> Perform(asio::ip::tcp::socket& socket, const Play& play, Moment start);
  // False where the client has left. So also below.
  asio::awaitable<bool> WriteSteps(asio::ip::tcp::socket& socket, const Play& play, Moment start);
  asio::awaitable<bool> End(asio::ip::tcp::socket& socket, const Script& script);

  asio::io_context& io_;
  asio::ip::tcp::acceptor acceptor_;
  Routes routes_;
};

}  // namespace ftl::sample_endpoint

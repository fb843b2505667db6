#include "common/host/healthcheck.h"

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace ftl::host {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

std::string HostToAsk(std::string host) {
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.empty() || host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

}  // namespace

absl::Status CheckHealth(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return absl::UnavailableError(fmt::format("{} is no host:port", address));
  asio::io_context io;
  beast::tcp_stream stream(io);
  http::response<http::string_body> answer;
  beast::flat_buffer buffer(64 * 1024);
  boost::system::error_code failure = asio::error::timed_out;
  const http::request<http::empty_body> request = [] {
    http::request<http::empty_body> get(http::verb::get, "/readyz", 11);
    get.set(http::field::host, "localhost");
    get.keep_alive(false);
    return get;
  }();
  tcp::resolver resolver(io);
  boost::system::error_code error;
  const auto found = resolver.resolve(HostToAsk(address.substr(0, colon)), address.substr(colon + 1), error);
  if (error) return absl::UnavailableError(fmt::format("{} cannot be looked up: {}", address, error.message()));
  stream.expires_after(std::chrono::seconds(5));
  stream.async_connect(found, [&](boost::system::error_code connected, const tcp::endpoint&) {
    if ((failure = connected)) return;
    http::async_write(stream, request, [&](boost::system::error_code written, size_t) {
      if ((failure = written)) return;
      http::async_read(stream, buffer, answer, [&](boost::system::error_code read, size_t) { failure = read; });
    });
  });
  io.run();
  if (failure) return absl::UnavailableError(fmt::format("{} does not answer: {}", address, failure.message()));
  if (answer.result() == http::status::ok) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{} is not ready: {}", address, answer.result_int()));
}

}  // namespace ftl::host

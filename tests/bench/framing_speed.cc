#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "common/rpc/call_context.h"
#include "gateway/http/listener.h"
#include "gateway/http/request_guard.h"
#include "gateway/http/request_parser.h"
#include "gateway/http/security_headers.h"

// What the guard costs. First the head alone: ours finds its end, judges it and parses it, Beast's parser of messages
// reads it and judges nothing. Then a server of each, with one handler and one answer, for as long as standard input is
// open, so that their requests a second can be compared. Prints JSON: {heads: [{head, ours_ns, beast_ns}], ours: PORT,
// beast: PORT}.
namespace ftl {
namespace {

namespace beast = boost::beast;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

struct Head {
  std::string_view name;
  std::string_view bytes;
};

constexpr Head kHeads[] = {
    {"bare", "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"},
    {"curl",
     "POST /api/demo/v2/configure/test HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
     "Content-Type: application/json\r\nContent-Length: 88\r\n\r\n"},
    {"browser",
     "GET "
     "/api/demo/v2/analytics/metrics?session_id=demo-8f1c2ab04477de905b3e6a1127c9d3f6e20b5874a91fcd3308467be12d59f0ac"
     " HTTP/1.1\r\nHost: finetunelab.example\r\nConnection: keep-alive\r\nsec-ch-ua: \"Chromium\";v=\"126\"\r\n"
     "sec-ch-ua-mobile: ?0\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/126.0.0.0 Safari/537.36\r\nAccept: application/json\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: "
     "cors\r\n"
     "Sec-Fetch-Dest: empty\r\nReferer: https://finetunelab.example/demo/test-model\r\nAccept-Encoding: gzip, deflate, "
     "br\r\n"
     "Accept-Language: en-GB,en;q=0.9\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Request-Id: "
     "01J2ZK8V7Q\r\n\r\n"},
};

// Of the best of five goes.
template <typename Read>
double NanosecondsEach(const Read& read) {
  double best = 1e9;
  for (int go = 0; go < 5; ++go) {
    constexpr int kTimes = 50'000;
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < kTimes; ++i) read();
    best = std::min(best, std::chrono::duration<double, std::nano>(Clock::now() - start).count() / kTimes);
  }
  return best;
}

std::string Heads() {
  std::string rows;
  for (const Head& head : kHeads) {
    size_t fields = 0;
    const double ours = NanosecondsEach([&] {
      if (http::HeadSize(head.bytes, 0) != head.bytes.size()) std::abort();
      http::RequestParser parser;
      if (!parser.Take(head.bytes).ok()) std::abort();
      fields += parser.head().fields.size();
    });
    const double theirs = NanosecondsEach([&] {
      beast::http::request_parser<beast::http::empty_body> parser;
      beast::error_code error;
      parser.put(asio::buffer(head.bytes.data(), head.bytes.size()), error);
      if (!parser.is_header_done()) std::abort();
      for (const auto& field : parser.get()) fields += !field.value().empty();
    });
    if (fields == 0) std::abort();
    rows += fmt::format("{}{{\"head\":\"{}\",\"ours_ns\":{:.0f},\"beast_ns\":{:.0f}}}", rows.empty() ? "" : ",",
                        head.name, ours, theirs);
  }
  return rows;
}

constexpr std::string_view kAnswer = R"({"status":"ok"})";

asio::awaitable<void> AnswerOurs(http::Exchange& exchange) {
  (void)co_await exchange.Send(http::JsonResponse(200, std::string(kAnswer)));
}

// Ours without all that is ours: Beast reads, and writes an answer of the same fields.
asio::awaitable<void> ServeBeast(tcp::socket socket) {
  static const std::string date = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone());
  socket.set_option(tcp::no_delay(true));
  beast::flat_buffer buffer;
  try {
    bool goes_on = true;
    while (goes_on) {
      beast::http::request<beast::http::string_body> request;
      co_await beast::http::async_read(socket, buffer, request, asio::use_awaitable);
      goes_on = request.keep_alive();
      beast::http::response<beast::http::string_body> response(beast::http::status::ok, request.version());
      response.insert(beast::http::field::date, date);
      response.insert(beast::http::field::content_type, "application/json");
      response.body() = kAnswer;
      response.prepare_payload();
      response.insert(beast::http::field::cache_control, "no-store");
      response.insert("X-Request-Id", NewRequestId());
      for (const auto& [name, value] : http::kSecurityHeaders) response.insert(name, value);
      response.keep_alive(goes_on);
      co_await beast::http::async_write(socket, response, asio::use_awaitable);
    }
  } catch (const boost::system::system_error&) {
    // The client has gone.
  }
}

asio::awaitable<void> AcceptBeast(tcp::acceptor acceptor) {
  while (true) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(acceptor.get_executor(), ServeBeast(std::move(socket)), asio::detached);
  }
}

int Run() {
  const std::string heads = Heads();
  asio::io_context io{1};
  http::Limits limits;
  http::Listener ours(io.get_executor(), limits, AnswerOurs);
  if (!ours.Listen("127.0.0.1:0").ok()) return 1;
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  const int beast_port = acceptor.local_endpoint().port();
  asio::co_spawn(io, AcceptBeast(std::move(acceptor)), asio::detached);
  fmt::print("{{\"heads\":[{}],\"ours\":{},\"beast\":{}}}\n", heads, ours.port(), beast_port);
  std::fflush(stdout);
  std::thread until_closed([&io] {
    while (std::getchar() != EOF) {
    }
    io.stop();
  });
  io.run();
  until_closed.join();
  return 0;
}

}  // namespace
}  // namespace ftl

int main() { return ftl::Run(); }

// GETs over keep-alive connections: how many a second, and how long each takes. The targets come on standard input, one
// a line, and are asked for in turn. Prints JSON; anything but a 200 ends it.
//   http_load PORT REQUESTS CONCURRENCY < TARGETS
#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

struct Load {
  tcp::endpoint server;
  std::vector<std::string> targets;
  size_t requests;
  size_t begun = 0;
  size_t bytes = 0;
  std::vector<double> micros;
};

// Reads one answer of a known length; gives the length.
asio::awaitable<size_t> ReadAnswer(tcp::socket& socket, std::string& buffer) {
  const size_t head_size =
      co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer), "\r\n\r\n", asio::use_awaitable);
  if (buffer.compare(9, 3, "200") != 0) throw std::runtime_error(buffer.substr(0, 2000));
  const size_t length = std::stoul(buffer.substr(buffer.find("Content-Length: ") + 16, 20));
  const size_t missing = head_size + length - std::min(buffer.size(), head_size + length);
  co_await asio::async_read(socket, asio::dynamic_buffer(buffer), asio::transfer_exactly(missing), asio::use_awaitable);
  buffer.erase(0, head_size + length);
  co_return length;
}

asio::awaitable<void> Ask(Load& load) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(load.server, asio::use_awaitable);
  socket.set_option(tcp::no_delay(true));
  std::string buffer;
  while (load.begun < load.requests) {
    const std::string& target = load.targets[load.begun++ % load.targets.size()];
    const std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", target);
    const auto start = Clock::now();
    co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
    load.bytes += co_await ReadAnswer(socket, buffer);
    load.micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
}

void Rethrow(std::exception_ptr failure) {
  if (failure) std::rethrow_exception(failure);
}

int Main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: http_load PORT REQUESTS CONCURRENCY < TARGETS\n";
    return 64;
  }
  Load load{{asio::ip::address_v4::loopback(), static_cast<uint16_t>(std::stoi(argv[1]))}, {}, std::stoul(argv[2])};
  for (std::string line; std::getline(std::cin, line);) load.targets.push_back(line);
  asio::io_context io{1};
  const auto start = Clock::now();
  for (int i = 0; i < std::stoi(argv[3]); ++i) asio::co_spawn(io, Ask(load), Rethrow);
  io.run();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::sort(load.micros.begin(), load.micros.end());
  const auto at = [&](double share) { return load.micros[static_cast<size_t>(share * (load.micros.size() - 1))]; };
  fmt::print("{{\"per_second\":{:.0f},\"p50_us\":{:.0f},\"p99_us\":{:.0f},\"bytes\":{}}}\n",
             load.micros.size() / seconds, at(0.5), at(0.99), load.bytes);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

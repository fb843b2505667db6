// Many who watch one run. Opens the event streams, says `open` on a line of its own once each has had its first event,
// reads all of them to their end, and prints as JSON how many saw `done` and, for every result, its prompt and when the
// first and the last watcher had it, in microseconds since 1970.
//   watchers PORT TEST_RUN_ID COUNT
#include <chrono>
#include <iostream>
#include <map>
#include <string>

#include <fmt/format.h>
#include <sys/resource.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// At a time, so that nobody meets a full queue of connections.
constexpr int kOpeners = 32;

int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct Crowd {
  tcp::endpoint server;
  std::string request;
  int wanted;
  int begun = 0;
  int open = 0;
  int saw_done = 0;
  struct Arrival {
    int64_t first, last;
  };
  std::map<int, Arrival> results;  // by prompt
};

// One watcher's bytes, line by line. The lines of the chunked framing begin like none of an event.
class Reader {
 public:
  explicit Reader(Crowd& crowd) : crowd_(crowd) {}

  void Feed(std::string_view bytes) {
    const int64_t now = NowMicros();
    unread_ += bytes;
    size_t begin = 0;
    for (size_t end; (end = unread_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      Line(std::string_view(unread_).substr(begin, end - begin), now);
    }
    unread_.erase(0, begin);
    if (unread_.empty()) unread_.shrink_to_fit();
  }
  bool has_begun() const { return !event_.empty(); }
  bool is_done() const { return event_ == "done"; }

 private:
  void Line(std::string_view line, int64_t now) {
    if (line.substr(0, 7) == "event: ") event_ = line.substr(7);
    if (event_ != "result" || line.substr(0, 6) != "data: ") return;
    const size_t field = line.find("\"prompt_id\":");
    if (field == std::string_view::npos) return;
    const auto [place, is_new] =
        crowd_.results.try_emplace(std::stoi(std::string(line.substr(field + 12, 10))), Crowd::Arrival{now, now});
    if (!is_new) place->second.last = now;
  }

  Crowd& crowd_;
  std::string unread_;
  std::string event_;
};

void Rethrow(std::exception_ptr failure) {
  if (failure) std::rethrow_exception(failure);
}

asio::awaitable<size_t> Read(tcp::socket& socket, Reader& reader) {
  thread_local std::array<char, 64 * 1024> bytes;
  co_await socket.async_wait(tcp::socket::wait_read, asio::use_awaitable);
  boost::system::error_code error;
  const size_t read = socket.read_some(asio::buffer(bytes), error);
  reader.Feed({bytes.data(), read});
  co_return read;
}

asio::awaitable<void> WatchToTheEnd(Crowd& crowd, tcp::socket socket, Reader reader) {
  for (size_t read = 1; read > 0 && !reader.is_done();) read = co_await Read(socket, reader);
  crowd.saw_done += reader.is_done();
}

asio::awaitable<void> OpenSome(Crowd& crowd) {
  const auto executor = co_await asio::this_coro::executor;
  while (crowd.begun < crowd.wanted) {
    ++crowd.begun;
    tcp::socket socket(executor);
    co_await socket.async_connect(crowd.server, asio::use_awaitable);
    co_await asio::async_write(socket, asio::buffer(crowd.request), asio::use_awaitable);
    Reader reader(crowd);
    while (!reader.has_begun()) {
      if (co_await Read(socket, reader) == 0) throw std::runtime_error("a watcher was turned away");
    }
    asio::co_spawn(executor, WatchToTheEnd(crowd, std::move(socket), std::move(reader)), Rethrow);
    if (++crowd.open == crowd.wanted) std::cout << "open" << std::endl;
  }
}

int Main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: watchers PORT TEST_RUN_ID COUNT\n";
    return 64;
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Crowd crowd{{asio::ip::address_v4::loopback(), static_cast<uint16_t>(std::stoi(argv[1]))},
              fmt::format("GET /api/demo/v2/batch-test/{}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", argv[2]),
              std::stoi(argv[3])};
  asio::io_context io{1};
  for (int i = 0; i < kOpeners; ++i) asio::co_spawn(io, OpenSome(crowd), Rethrow);
  io.run();
  std::string results;
  for (const auto& [prompt_id, arrival] : crowd.results) {
    results += fmt::format("{}{{\"prompt_id\":{},\"first_us\":{},\"last_us\":{}}}", results.empty() ? "" : ",",
                           prompt_id, arrival.first, arrival.last);
  }
  fmt::print("{{\"saw_done\":{},\"results\":[{}]}}\n", crowd.saw_done, results);
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

// The floor under a run: nothing but keep-alive calls to the endpoint, `CONCURRENCY` at a time, and their answers
// stored. Prints what it took as JSON: milliseconds from the first call to the last commit, this process's CPU, and
// what it took each prompt for to be answered.
//   bare_loop ENDPOINT_PORT MODEL PROMPTS CONCURRENCY stream|whole DATABASE_URL
//   bare_loop store ROWS DATABASE_URL                                            without calls: 1.5 KB a row
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json.hpp>

#include "tests/bench/bare_store.h"

namespace ftl::bench {
namespace {

namespace http = boost::beast::http;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr int kStoredRowBytes = 1500;

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return time.tv_sec + time.tv_usec / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The text of an event stream whose bytes come in any pieces.
class EventText {
 public:
  void Feed(std::string_view bytes) {
    unread_ += bytes;
    size_t begin = 0;
    for (size_t end; (end = unread_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      Line(std::string_view(unread_).substr(begin, end - begin));
    }
    unread_.erase(0, begin);
  }
  const std::string& text() const { return text_; }

 private:
  void Line(std::string_view line) {
    if (line.substr(0, 6) != "data: " || line.substr(6) == "[DONE]") return;
    const auto event = boost::json::parse({line.data() + 6, line.size() - 6});
    const auto& choices = event.at("choices").as_array();
    if (choices.empty()) return;
    const auto* content = choices[0].at("delta").as_object().if_contains("content");
    if (content != nullptr && content->is_string()) text_ += content->as_string().c_str();
  }

  std::string unread_;
  std::string text_;
};

struct Load {
  tcp::endpoint endpoint;
  std::string model;
  int prompts;
  bool stream;
  int next = 1;
  std::vector<int64_t> latencies_us = std::vector<int64_t>(prompts);  // by prompt
};

asio::awaitable<std::string> WholeAnswer(tcp::socket& socket, boost::beast::flat_buffer& buffer) {
  http::response<http::string_body> response;
  co_await http::async_read(socket, buffer, response, asio::use_awaitable);
  const auto body = boost::json::parse(response.body());
  co_return std::string(body.at("choices").at(0).at("message").at("content").as_string());
}

asio::awaitable<std::string> StreamedAnswer(tcp::socket& socket, boost::beast::flat_buffer& buffer) {
  http::response_parser<http::string_body> parser;
  EventText events;
  auto on_chunk = [&events](uint64_t, boost::beast::string_view bytes, boost::system::error_code&) {
    events.Feed({bytes.data(), bytes.size()});
    return bytes.size();
  };
  parser.on_chunk_body(on_chunk);
  co_await http::async_read(socket, buffer, parser, asio::use_awaitable);
  co_return events.text();
}

asio::awaitable<void> Call(Load& load, BareStore& store) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(load.endpoint, asio::use_awaitable);
  socket.set_option(tcp::no_delay(true));
  boost::beast::flat_buffer buffer;
  while (load.next <= load.prompts) {
    BareAnswer answer;
    answer.prompt_id = load.next++;
    answer.prompt = fmt::format("Benchmark prompt number {}: say something short.", answer.prompt_id);
    const std::string body =
        fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":"{}"}}],"stream":{}}})", load.model,
                    answer.prompt, load.stream);
    const std::string request = fmt::format(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        body.size(), body);
    const auto start = Clock::now();
    co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
    if (load.stream) {
      answer.response = co_await StreamedAnswer(socket, buffer);
    } else {
      answer.response = co_await WholeAnswer(socket, buffer);
    }
    answer.latency_us = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count();
    load.latencies_us[answer.prompt_id - 1] = answer.latency_us;
    store.Add(std::move(answer));
  }
}

void AddRows(int rows, BareStore& store) {
  for (int i = 1; i <= rows; ++i) {
    store.Add({i, fmt::format("Prompt {}", i), std::string(kStoredRowBytes, static_cast<char>('a' + i % 26)), 1000});
  }
}

void Rethrow(std::exception_ptr failure) {
  if (failure) std::rethrow_exception(failure);
}

// Runs what was begun to its end and prints what it took.
void Measure(asio::io_context& io, BareStore& store, int wanted, const std::vector<int64_t>& latencies_us,
             double cpu_before, Clock::time_point start) {
  io.run();
  io.restart();
  asio::co_spawn(io, store.Flush(), Rethrow);
  io.run();
  if (store.stored() != wanted) throw std::runtime_error(fmt::format("{} of {} stored", store.stored(), wanted));
  const double took_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  fmt::print("{{\"took_ms\":{:.1f},\"per_second\":{:.0f},\"cpu_s\":{:.3f},\"latencies_us\":[{}]}}\n", took_ms,
             wanted / took_ms * 1000, CpuSeconds() - cpu_before, fmt::join(latencies_us, ","));
}

int Main(int argc, char** argv) {
  const bool only_store = argc == 4 && std::string_view(argv[1]) == "store";
  if (!only_store && argc != 7) {
    std::cerr << "usage: bare_loop ENDPOINT_PORT MODEL PROMPTS CONCURRENCY stream|whole DATABASE_URL\n"
                 "       bare_loop store ROWS DATABASE_URL\n";
    return 64;
  }
  asio::io_context io{1};
  BareStore store(io, argv[argc - 1]);
  const double cpu_before = CpuSeconds();
  const auto start = Clock::now();
  if (only_store) {
    AddRows(std::stoi(argv[2]), store);
    Measure(io, store, std::stoi(argv[2]), {}, cpu_before, start);
    return 0;
  }
  const auto port = static_cast<uint16_t>(std::stoi(argv[1]));
  Load load{
      {asio::ip::address_v4::loopback(), port}, argv[2], std::stoi(argv[3]), std::string_view(argv[5]) == "stream"};
  for (int i = 0; i < std::stoi(argv[4]); ++i) asio::co_spawn(io, Call(load, store), Rethrow);
  Measure(io, store, load.prompts, load.latencies_us, cpu_before, start);
  return 0;
}

}  // namespace
}  // namespace ftl::bench

int main(int argc, char** argv) {
  try {
    return ftl::bench::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

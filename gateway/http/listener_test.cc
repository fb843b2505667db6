#include "gateway/http/listener.h"

#include <array>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include "common/error/refusal.h"
#include "gateway/http/problem.h"

namespace ftl::http {
namespace {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace): the literals only

using asio::ip::tcp;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// Echoes method, path and body; `/stream` streams, `/wait` streams one piece and then waits for its client to go,
// `/endless` streams for as long as it is let, `/early` answers before the body.
asio::awaitable<void> Echo(Exchange& exchange) {
  const auto& head = exchange.head();
  if (head.path == "/stream") {
    Response begin;
    begin.content_type = "text/plain";
    (void)co_await exchange.Begin(std::move(begin));
    (void)co_await exchange.Write("one");
    (void)co_await exchange.Write("two");
    (void)co_await exchange.End();
    co_return;
  }
  if (head.path == "/wait") {
    (void)co_await exchange.Begin(Response());
    (void)co_await exchange.Write("here");
    asio::steady_timer forever(co_await asio::this_coro::executor, std::chrono::hours(1));
    co_await forever.async_wait(asio::use_awaitable);
  }
  if (head.path == "/endless") {
    const std::string piece(16 * 1024, 'x');
    absl::Status status = co_await exchange.Begin(Response());
    while (status.ok()) {
      status = co_await exchange.Write(piece);
      co_await asio::post(asio::use_awaitable);
    }
    exchange.CloseAfterwards();
    co_return;
  }
  if (head.path == "/early") {
    (void)co_await exchange.Send(JsonResponse(200, "early"));
    co_return;
  }
  auto body = co_await exchange.ReadBody(1000);
  if (!body.ok()) {
    (void)co_await exchange.Send(ProblemResponse(body.status(), exchange.request_id()));
    co_return;
  }
  (void)co_await exchange.Send(
      JsonResponse(200, std::string(head.method) + " " + std::string(head.path) + " " + *body));
}

class ListenerTest : public testing::Test {
 protected:
  ~ListenerTest() override {
    if (!listener_) return;
    (void)asio::co_spawn(io_, listener_->Stop(), asio::use_future).get();
    work_.reset();
    thread_.join();
  }

  void Serve(Limits limits) {
    listener_ = std::make_unique<Listener>(io_.get_executor(), limits, Echo);
    ASSERT_TRUE(listener_->Listen("127.0.0.1:0").ok());
    thread_ = std::thread([this] { io_.run(); });
  }
  void Serve() { Serve(Limits()); }

  tcp::socket Connect() {
    tcp::socket socket(clients_);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), static_cast<uint16_t>(listener_->port())));
    return socket;
  }
  // From 127.0.0.`last`.
  tcp::socket ConnectFrom(int last) {
    tcp::socket socket(clients_);
    socket.open(tcp::v4());
    socket.bind(tcp::endpoint(asio::ip::address_v4(0x7f000000u + static_cast<uint32_t>(last)), 0));
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), static_cast<uint16_t>(listener_->port())));
    return socket;
  }
  static void Say(tcp::socket& socket, std::string_view text) {
    boost::system::error_code ignored;
    asio::write(socket, asio::buffer(text), ignored);
  }
  // All that the server says until it closes.
  static std::string HearAll(tcp::socket& socket) {
    std::string heard;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(heard), error);
    return heard;
  }
  static std::string Hear(tcp::socket& socket, std::string_view until) {
    std::string heard;
    boost::system::error_code error;
    while (!error && heard.find(until) == std::string::npos) {
      char byte[1024];
      heard.append(byte, socket.read_some(asio::buffer(byte), error));
    }
    return heard;
  }
  std::string Ask(std::string_view text) {
    tcp::socket socket = Connect();
    Say(socket, text);
    return HearAll(socket);
  }
  template <typename Function>
  auto OnThread(Function function) {
    auto task = [function]() -> asio::awaitable<decltype(function())> { co_return function(); };
    return asio::co_spawn(io_, std::move(task), asio::use_future).get();
  }

  asio::io_context io_{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{io_.get_executor()};
  asio::io_context clients_;
  std::unique_ptr<Listener> listener_;
  std::thread thread_;
};

constexpr std::string_view kClose = "GET /bye HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST_F(ListenerTest, AnswersPipelinedRequestsInOrder) {
  Serve();
  const std::string heard = Ask(
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "chunked\r\n\r\n2\r\nde\r\n0\r\nHost: evil\r\n\r\n" +
      std::string(kClose));
  const size_t first = heard.find("POST /1 abc");
  const size_t second = heard.find("POST /2 de");
  const size_t third = heard.find("GET /bye");
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos);
}

TEST_F(ListenerTest, CarriesTheHeadersOfEveryAnswer) {
  Serve();
  const std::string heard = Ask("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(heard, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  for (const char* line : {"\r\nX-Request-Id: mine\r\n", "\r\nContent-Security-Policy: default-src 'none'",
                           "\r\nX-Content-Type-Options: nosniff\r\n", "\r\nCache-Control: no-store\r\n",
                           "\r\nConnection: close\r\n", "\r\nContent-Length: 6\r\n"}) {
    EXPECT_THAT(heard, HasSubstr(line));
  }
  EXPECT_THAT(heard, Not(HasSubstr("Strict-Transport-Security")));
}

TEST_F(ListenerTest, ClosesAfterAFramingFaultAndReadsNothingBehindIt) {
  Serve();
  const std::string heard =
      Ask("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
          std::string(kClose));
  EXPECT_THAT(heard, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(heard, HasSubstr("application/problem+json"));
  EXPECT_THAT(heard, Not(HasSubstr("bye")));
}

TEST_F(ListenerTest, RefusesALargeBodyBeforeItComes) {
  Serve();
  tcp::socket socket = Connect();
  Say(socket, "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
  const std::string heard = HearAll(socket);
  EXPECT_THAT(heard, StartsWith("HTTP/1.1 413 "));
}

TEST_F(ListenerTest, LetsAClientGoOnThatWaitsForIt) {
  Serve();
  tcp::socket socket = Connect();
  Say(socket, "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(Hear(socket, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  Say(socket, "ab");
  EXPECT_THAT(HearAll(socket), EndsWith("POST /1 ab"));
}

TEST_F(ListenerTest, RefusesHeadsWithoutEnd) {
  Serve();
  EXPECT_THAT(Ask("GET /" + std::string(20'000, 'a')), StartsWith("HTTP/1.1 414 "));
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a')), StartsWith("HTTP/1.1 431 "));
}

TEST_F(ListenerTest, EndsRequestsThatTrickleIn) {
  Limits limits;
  limits.first_byte = limits.head = limits.body = limits.idle = absl::Milliseconds(200);
  Serve(limits);
  tcp::socket silent = Connect();
  tcp::socket half_head = Connect();
  tcp::socket half_body = Connect();
  Say(half_head, "GET / HTTP/1.1\r\n");
  Say(half_body, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_THAT(HearAll(silent), IsEmpty());
  EXPECT_THAT(HearAll(half_head), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(HearAll(half_body), StartsWith("HTTP/1.1 408 "));
}

TEST_F(ListenerTest, StreamsInChunksAndGoesOn) {
  Serve();
  const std::string heard = Ask("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(kClose));
  EXPECT_THAT(heard, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(heard, HasSubstr("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 200 OK"));
}

TEST_F(ListenerTest, StreamsToHttp10UntilItCloses) {
  Serve();
  EXPECT_THAT(Ask("GET /stream HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\nonetwo"));
}

TEST_F(ListenerTest, NoticesThatTheClientOfAStreamHasGone) {
  Serve();
  {
    tcp::socket socket = Connect();
    Say(socket, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    Hear(socket, "here");
    EXPECT_EQ(OnThread([this] { return listener_->connections(); }), 1);
  }
  int left = 1;
  for (int i = 0; i < 500 && left > 0; ++i) {
    left = OnThread([this] { return listener_->connections(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(left, 0);
}

TEST_F(ListenerTest, LetsAReaderGoThatTakesNothingForItsWriteLimit) {
  Limits limits;
  limits.write = absl::Milliseconds(300);
  Serve(limits);
  const auto connections = [this] { return OnThread([this] { return listener_->connections(); }); };
  tcp::socket silent = Connect();
  tcp::socket slow = Connect();
  for (tcp::socket* reader : {&silent, &slow}) Say(*reader, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto started = std::chrono::steady_clock::now();
  const auto until = started + 4 * absl::ToChronoMilliseconds(limits.write);
  while (std::chrono::steady_clock::now() < until) {
    std::array<char, 64 * 1024> bytes;
    slow.read_some(asio::buffer(bytes));
    if (std::chrono::steady_clock::now() < started + absl::ToChronoMilliseconds(limits.write) / 2) {
      EXPECT_EQ(connections(), 2);
    }
  }
  EXPECT_EQ(connections(), 1) << "the silent one is gone, the slow one stays";
}

TEST_F(ListenerTest, SendsTheLongestWaitingAwayWhenItIsFull) {
  Limits limits;
  limits.max_connections_per_address = 2;
  Serve(limits);
  tcp::socket first = Connect();
  tcp::socket second = Connect();
  Say(first, "GET / HTTP/1.1\r\n");
  OnThread([] { return 0; });
  EXPECT_THAT(Ask(kClose), HasSubstr("GET /bye"));
  EXPECT_THAT(HearAll(first), IsEmpty());
  Say(second, kClose);
  EXPECT_THAT(HearAll(second), HasSubstr("GET /bye"));
}

TEST_F(ListenerTest, MakesRoomFromWhatHasNoWholeRequest) {
  Limits limits;
  limits.max_connections = 32;
  Serve(limits);
  const std::string_view halves[] = {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 64\r\n\r\na",
                                     "GET /early HTTP/1.1\r\nHost: a\r\nContent-Length: 64\r\n\r\n",
                                     "GET / HTTP/1.1\r\n", ""};
  std::vector<tcp::socket> crowd;
  for (int i = 0; i < 4 * limits.max_connections; ++i) {
    crowd.push_back(ConnectFrom(2 + i % 17));
    Say(crowd.back(), halves[i % 4]);
    if (i % 16 == 15) OnThread([] { return 0; });
  }
  for (int i = 0; i < 8; ++i) {
    tcp::socket other = ConnectFrom(100 + i);
    Say(other, kClose);
    EXPECT_THAT(HearAll(other), HasSubstr("GET /bye"));
  }
  EXPECT_LE(OnThread([this] { return listener_->connections(); }), limits.max_connections + 1);
}

TEST_F(ListenerTest, KeepsPlacesForAddressesThatHoldFew) {
  Limits limits;
  limits.max_connections = 32;
  Serve(limits);
  std::vector<tcp::socket> streams;
  for (int i = 0; i < limits.max_connections; ++i) {
    streams.push_back(ConnectFrom(2 + i % 2));
    Say(streams.back(), "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    Hear(streams.back(), "\r\n\r\n");
  }
  EXPECT_EQ(OnThread([this] { return listener_->connections(); }), limits.max_connections - limits.kept_places());
  tcp::socket other = ConnectFrom(100);
  Say(other, kClose);
  EXPECT_THAT(HearAll(other), HasSubstr("GET /bye"));
}

TEST_F(ListenerTest, ClosesAtOnceWhatIsNotHttp) {
  Serve();
  const auto started = std::chrono::steady_clock::now();
  for (std::string_view bytes : {std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01", 8), "\r\n\r\n"sv, "\x05\x01"sv,
                                 std::string_view("\0\0", 2), "\xff\xfd"sv, "\n"sv}) {
    EXPECT_THAT(Ask(bytes), IsEmpty()) << bytes;
  }
  for (std::string_view bytes : {"SSH-2.0-OpenSSH_9.2\r\n"sv, "EHLO there\r\n"sv, "PRI * HTTP/2.0\r\n"sv, "QUIT\r\n"sv,
                                 "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n"sv, "*1\r\n$4\r\nPING\r\n"sv, "G\xffT"sv,
                                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"sv}) {
    EXPECT_THAT(Ask(bytes), StartsWith("HTTP/1.1 400 ")) << bytes;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(1));
}

TEST_F(ListenerTest, DrainsWithoutFailingWhatIsUnderWay) {
  Serve();
  tcp::socket idle = Connect();
  tcp::socket busy = Connect();
  Say(busy, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
  OnThread([] { return 0; });
  OnThread([] { return 0; });
  auto drained = asio::co_spawn(io_, listener_->Drain(DeadlineIn(absl::Seconds(5))), asio::use_future);
  EXPECT_THAT(HearAll(idle), IsEmpty());
  Say(busy, "b");
  EXPECT_THAT(HearAll(busy), EndsWith("POST / ab"));
  EXPECT_TRUE(drained.get().ok());
  EXPECT_EQ(OnThread([this] { return listener_->connections(); }), 0);
}

}  // namespace
}  // namespace ftl::http

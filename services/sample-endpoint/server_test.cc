#include "services/sample-endpoint/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include <fmt/format.h>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>

namespace ftl::sample_endpoint {
namespace {

using asio::ip::tcp;
using ::testing::HasSubstr;

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() : server_(io_, Answers::Embedded()), port_(server_.Listen("127.0.0.1:0").value()) {
    thread_ = std::thread([this] { io_.run(); });
  }
  ~ServerTest() override {
    io_.stop();
    thread_.join();
  }

  tcp::socket Connect() {
    tcp::socket socket(client_);
    socket.connect({asio::ip::make_address("127.0.0.1"), static_cast<uint16_t>(port_)});
    return socket;
  }
  void Send(tcp::socket& socket, std::string_view model, bool stream) {
    const std::string body = fmt::format(
        R"({{"model":"{}","stream":{},"messages":[{{"role":"user","content":"please cancel 1187"}}]}})", model, stream);
    asio::write(socket, asio::buffer(
                            fmt::format("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{}",
                                        body.size(), body)));
  }
  // Through `end`, or all there is.
  std::string Read(tcp::socket& socket, std::string_view end) {
    std::string bytes;
    boost::system::error_code fault;
    const size_t size = asio::read_until(socket, asio::dynamic_buffer(bytes), std::string(end), fault);
    return fault ? bytes : bytes.substr(0, size);
  }
  boost::json::value Ledger() {
    tcp::socket socket = Connect();
    asio::write(socket, asio::buffer(std::string("GET /ledger HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")));
    const std::string answer = Read(socket, "never");
    return boost::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
  }

  asio::io_context io_;
  asio::io_context client_;
  Server server_;
  int port_;
  std::thread thread_;
};

TEST_F(ServerTest, AnswersTwoRequestsOnOneConnection) {
  tcp::socket socket = Connect();
  Send(socket, "sample-zero", true);
  EXPECT_THAT(Read(socket, "\r\n0\r\n\r\n"), HasSubstr("data: [DONE]"));
  Send(socket, "sample-zero", true);
  EXPECT_THAT(Read(socket, "\r\n0\r\n\r\n"), HasSubstr("data: [DONE]"));
}

TEST_F(ServerTest, TakesAHundredMillisecondsAndRecordsIt) {
  tcp::socket socket = Connect();
  const auto start = std::chrono::steady_clock::now();
  Send(socket, "sample-100ms", true);
  Read(socket, "\r\n0\r\n\r\n");
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took, std::chrono::milliseconds(100));
  const auto call = Ledger().at("calls").at(0);
  EXPECT_GE(call.at("first_token_ms").as_double(), 50);
  EXPECT_GE(call.at("end_ms").as_double(), 100);
  EXPECT_LE(absl::Milliseconds(call.at("end_ms").as_double()), absl::FromChrono(took) + absl::Milliseconds(1));
}

TEST_F(ServerTest, HoldsHundredsOfConnectionsAtATimeAndNoticesWhoLeaves) {
  std::vector<tcp::socket> sockets;
  for (int i = 0; i < 400; ++i) {  // each has a descriptor on both sides of this process
    sockets.push_back(Connect());
    Send(sockets.back(), "fault-stall", true);
  }
  for (tcp::socket& socket : sockets) EXPECT_THAT(Read(socket, "\r\n\r\n"), HasSubstr("200 OK"));
  EXPECT_EQ(Ledger().at("in_flight"), 400);
  sockets.clear();
  while (Ledger().at("in_flight") != 0) std::this_thread::yield();
  EXPECT_TRUE(Ledger().at("calls").at(0).at("client_left").as_bool());
}

TEST_F(ServerTest, ClosesWhereAFaultSaysSo) {
  tcp::socket silent = Connect();
  Send(silent, "fault-hang-up", false);
  EXPECT_EQ(Read(silent, "never"), "");
  tcp::socket cut = Connect();
  Send(cut, "fault-cut-stream", true);
  const std::string stream = Read(cut, "never");
  EXPECT_THAT(stream, HasSubstr("data: {"));
  EXPECT_THAT(stream, ::testing::Not(HasSubstr("[DONE]")));
}

TEST_F(ServerTest, RefusesAnAddressThatIsNone) {
  EXPECT_FALSE(server_.Listen("localhost").ok());
  EXPECT_FALSE(server_.Listen("127.0.0.1:70000").ok());
}

}  // namespace
}  // namespace ftl::sample_endpoint

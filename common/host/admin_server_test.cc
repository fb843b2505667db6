#include "common/host/admin_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "common/host/healthcheck.h"
#include "common/observe/metrics.h"

namespace ftl::host {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Everything that comes back for these bytes.
std::string Ask(int port, const std::string& bytes) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket socket(io);
  socket.connect({boost::asio::ip::address_v4::loopback(), static_cast<unsigned short>(port)});
  boost::asio::write(socket, boost::asio::buffer(bytes));
  std::string answer;
  boost::system::error_code end;
  boost::asio::read(socket, boost::asio::dynamic_buffer(answer), end);
  return answer;
}

std::string Get(int port, const std::string& path) {
  return Ask(port, fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", path));
}

TEST(AdminServerTest, ShowsTheMetricsOfTheProcess) {
  metrics::CallMetrics("ftl_admin_test").Record({{"method", "Ask"}}, "ok", 0.5);
  const auto server = AdminServer::Listen("127.0.0.1:0", [] { return true; });
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_THAT(Get((*server)->port(), "/metrics"), HasSubstr("ftl_admin_test_requests_total"));
}

TEST(AdminServerTest, IsAliveBeforeItIsReady) {
  std::atomic<bool> ready = false;
  const auto server = AdminServer::Listen("127.0.0.1:0", [&] { return ready.load(); });
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string address = fmt::format("127.0.0.1:{}", (*server)->port());
  EXPECT_THAT(Get((*server)->port(), "/livez"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Get((*server)->port(), "/readyz"), StartsWith("HTTP/1.1 503"));
  EXPECT_FALSE(CheckHealth(address).ok());
  ready = true;
  EXPECT_THAT(Get((*server)->port(), "/readyz"), StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(CheckHealth(address).ok());
}

TEST(AdminServerTest, RefusesWhatItDoesNotKnow) {
  const auto server = AdminServer::Listen("127.0.0.1:0", [] { return true; });
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_THAT(Get((*server)->port(), "/"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Ask((*server)->port(), "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
              StartsWith("HTTP/1.1 405"));
  EXPECT_EQ(Ask((*server)->port(), "hello\r\n\r\n"), "");
}

TEST(AdminServerTest, SaysWhichAddressIsTaken) {
  const auto first = AdminServer::Listen("127.0.0.1:0", [] { return true; });
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string address = fmt::format("127.0.0.1:{}", (*first)->port());
  const auto second = AdminServer::Listen(address, [] { return true; });
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
}

TEST(AdminServerTest, RefusesWhatIsNoAddress) {
  for (const char* address : {"nope", "localhost:1", "127.0.0.1:", "127.0.0.1:66000", "127.0.0.1:80x"}) {
    EXPECT_EQ(AdminServer::Listen(address, [] { return true; }).status().code(), absl::StatusCode::kInvalidArgument)
        << address;
  }
}

TEST(CheckHealthTest, SaysThatNobodyAnswers) {
  int port = 0;
  {
    const auto server = AdminServer::Listen("127.0.0.1:0", [] { return true; });
    ASSERT_TRUE(server.ok()) << server.status();
    port = (*server)->port();
  }
  EXPECT_FALSE(CheckHealth(fmt::format("127.0.0.1:{}", port)).ok());
}

}  // namespace
}  // namespace ftl::host

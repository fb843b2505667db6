// What the gateway adds to a gRPC call: one connection, one call at a time, the same state of the same session by HTTP
// and by gRPC, in turn, so that a drift of the machine meets both. Prints both medians and their difference in
// microseconds.
//   gateway_load HOST HTTP_PORT GRPC_ADDRESS SESSION_ID [CALLS]
#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include "finetunelab/session_vault/v1/session_vault_service.grpc.pb.h"

namespace {

namespace asio = boost::asio;
namespace pb = finetunelab::session_vault::v1;
using Clock = std::chrono::steady_clock;

double Micros(Clock::duration span) { return std::chrono::duration<double, std::micro>(span).count(); }

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

class HttpClient {
 public:
  HttpClient(const std::string& host, const std::string& port, const std::string& target) {
    asio::connect(socket_, asio::ip::tcp::resolver(io_).resolve(host, port));
    socket_.set_option(asio::ip::tcp::no_delay(true));
    request_ = fmt::format("GET {} HTTP/1.1\r\nHost: {}:{}\r\n\r\n", target, host, port);
  }
  bool Get() {
    asio::write(socket_, asio::buffer(request_));
    const size_t head = asio::read_until(socket_, buffer_, "\r\n\r\n");
    std::string text(asio::buffers_begin(buffer_.data()), asio::buffers_begin(buffer_.data()) + head);
    buffer_.consume(head);
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    const size_t length = std::stoul(text.substr(text.find("content-length:") + 15));
    if (buffer_.size() < length) asio::read(socket_, buffer_, asio::transfer_exactly(length - buffer_.size()));
    buffer_.consume(length);
    return text.compare(9, 3, "200") == 0;
  }

 private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_{io_};
  asio::streambuf buffer_;
  std::string request_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: gateway_load HOST HTTP_PORT GRPC_ADDRESS SESSION_ID [CALLS]\n";
    return 64;
  }
  const std::string session = argv[4];
  const int calls = argc > 5 ? std::stoi(argv[5]) : 2000;
  HttpClient http(argv[1], argv[2], "/api/demo/v2/configure?session_id=" + session);
  auto stub = pb::SessionVaultService::NewStub(grpc::CreateChannel(argv[3], grpc::InsecureChannelCredentials()));
  std::vector<double> by_http;
  std::vector<double> by_grpc;
  for (int i = -calls / 10; i < calls; ++i) {
    const auto start = Clock::now();
    if (!http.Get()) {
      std::cerr << "the gateway did not answer 200\n";
      return 1;
    }
    const auto between = Clock::now();
    grpc::ClientContext context;
    pb::GetSessionRequest request;
    pb::GetSessionResponse response;
    request.set_session_id(session);
    if (const auto status = stub->GetSession(&context, request, &response); !status.ok()) {
      std::cerr << status.error_message() << '\n';
      return 1;
    }
    if (i < 0) continue;
    by_http.push_back(Micros(between - start));
    by_grpc.push_back(Micros(Clock::now() - between));
  }
  fmt::print("{{\"http_p50_us\":{:.0f},\"grpc_p50_us\":{:.0f}}}\n", Median(by_http), Median(by_grpc));
}

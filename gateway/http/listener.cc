#include "gateway/http/listener.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/host/listen_address.h"
#include "common/observe/log.h"
#include "gateway/http/caller.h"

namespace ftl::http {
namespace {

using asio::ip::tcp;

constexpr auto kToTuple = asio::as_tuple(asio::use_awaitable);
constexpr auto kTick = std::chrono::milliseconds(100);

constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 2\r\nConnection: close\r\n\r\n";

}  // namespace

Listener::Listener(asio::any_io_executor executor, Limits limits, Handler handler)
    : executor_(executor),
      limits_(limits),
      handler_(std::move(handler)),
      write_turns_(executor),
      acceptor_(executor),
      ticker_(executor),
      emptied_(executor) {}

Listener::~Listener() = default;

absl::Status Listener::Listen(std::string_view address) {
  TRY(const tcp::endpoint endpoint, host::ParseListenAddress(address));
  try {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen(4096);
    port_ = acceptor_.local_endpoint().port();
  } catch (const boost::system::system_error& error) {
    return Refuse(Reason::kServiceUnavailable, fmt::format("Cannot listen on {}: {}", address, error.code().message()));
  }
  auto accept = [this] { return Accept(); };
  auto tick = [this] { return Tick(); };
  auto ended = [this](std::exception_ptr) { --loops_; };
  loops_ += 2;
  asio::co_spawn(executor_, std::move(accept), ended);
  asio::co_spawn(executor_, std::move(tick), ended);
  return absl::OkStatus();
}

asio::awaitable<void> Listener::Accept() {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(kToTuple);
    if (!error) {
      Admit(std::move(socket));
    } else if (error == asio::error::operation_aborted || !acceptor_.is_open()) {
      co_return;
    } else if (error != asio::error::connection_aborted) {
      // Out of descriptors: what is open must go on, and room comes back.
      log::Warn("cannot accept", {{"error", error.message()}, {"connections", connections()}});
      MakeRoom(nullptr);
      asio::steady_timer pause(executor_, kTick);
      co_await pause.async_wait(kToTuple);
    }
  }
}

void Listener::Admit(tcp::socket socket) {
  boost::system::error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return;
  const std::string address = ClientAddress(peer.address(), RequestHead(), 0);
  // Behind a proxy all connections come from one address.
  const bool counts_addresses = limits_.trusted_hops == 0;
  const auto of_address = per_address_.find(address);
  bool has_room = true;
  if (counts_addresses && of_address != per_address_.end() &&
      of_address->second >= limits_.max_connections_per_address) {
    has_room = MakeRoom(&address);
  } else if (connections() >= limits_.max_connections - (HoldsMany(address) ? limits_.kept_places() : 0)) {
    has_room = MakeRoom(nullptr);
  }
  if (!has_room) {
    socket.non_blocking(true, error);
    socket.write_some(asio::buffer(kFull), error);
    return;
  }
  auto connection = std::make_shared<Connection>(std::move(socket), write_turns_, limits_, handler_);
  connections_.push_back({connection, address});
  ++per_address_[address];
  const auto place = std::prev(connections_.end());
  connection->Start([this, place] {
    if (--per_address_[place->address] == 0) per_address_.erase(place->address);
    connections_.erase(place);
    if (connections_.empty()) emptied_.cancel();
  });
}

bool Listener::HoldsMany(const std::string& address) const {
  const auto held = per_address_.find(address);
  return limits_.trusted_hops == 0 && held != per_address_.end() && held->second >= limits_.few();
}

bool Listener::MakeRoom(const std::string* address) {
  struct Candidate {
    bool holds_few;
    Deadline since;
    Connection* connection;
  };
  std::vector<Candidate> waiting;
  for (const Admitted& admitted : connections_) {
    Connection& connection = *admitted.connection;
    if (!connection.waiting() || (address != nullptr && admitted.address != *address)) continue;
    waiting.push_back({!HoldsMany(admitted.address), connection.waiting_since(), &connection});
  }
  if (waiting.empty()) return false;
  const auto goes_before = [](const Candidate& a, const Candidate& b) {
    return std::tie(a.holds_few, a.since) < std::tie(b.holds_few, b.since);
  };
  const size_t together = std::min<size_t>(waiting.size(), 1 + connections_.size() / 512);
  std::partial_sort(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(together), waiting.end(),
                    goes_before);
  for (size_t i = 0; i < together; ++i) waiting[i].connection->GiveWay();
  return true;
}

asio::awaitable<void> Listener::Tick() {
  while (acceptor_.is_open() || !connections_.empty()) {
    ticker_.expires_after(kTick);
    co_await ticker_.async_wait(kToTuple);
    const Deadline now = std::chrono::steady_clock::now();
    for (const Admitted& admitted : connections_) admitted.connection->wire().ExpireIfDue(now);
  }
}

Task<> Listener::WaitUntilEmpty(Deadline deadline) {
  while (!connections_.empty() && std::chrono::steady_clock::now() < deadline) {
    emptied_.expires_at(deadline);
    co_await emptied_.async_wait(kToTuple);
  }
  co_return absl::OkStatus();
}

Task<> Listener::Drain(Deadline deadline) {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  for (const Admitted& admitted : connections_) admitted.connection->Drain();
  co_return co_await WaitUntilEmpty(deadline);
}

Task<> Listener::Stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  std::vector<std::shared_ptr<Connection>> left;
  for (const Admitted& admitted : connections_) left.push_back(admitted.connection);
  for (const auto& connection : left) connection->Abort();
  (void)co_await WaitUntilEmpty(DeadlineIn(absl::Seconds(5)));
  while (loops_ > 0) {
    ticker_.cancel();
    asio::steady_timer pause(executor_, std::chrono::milliseconds(5));
    co_await pause.async_wait(kToTuple);
  }
  co_return absl::OkStatus();
}

}  // namespace ftl::http

#include "common/endpoint/http/resolver.h"

#include <netdb.h>

#include <algorithm>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/try.h"

namespace ftl {
namespace {

using Addresses = std::vector<asio::ip::address>;

constexpr size_t kThreads = 4;

asio::ip::address AddressOf(const sockaddr& socket_address) {
  if (socket_address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(socket_address);
    return asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(socket_address);
  asio::ip::address_v6::bytes_type bytes;
  std::copy(std::begin(v6.sin6_addr.s6_addr), std::end(v6.sin6_addr.s6_addr), bytes.begin());
  return asio::ip::address_v6(bytes, v6.sin6_scope_id);
}

absl::StatusOr<Addresses> LookUp(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (error == EAI_NONAME || error == EAI_NODATA) return absl::NotFoundError("the name has no address");
  if (error != 0) return absl::UnavailableError("the look-up failed");
  Addresses addresses;
  for (const addrinfo* item = found; item != nullptr; item = item->ai_next) {
    if (item->ai_family == AF_INET || item->ai_family == AF_INET6) addresses.push_back(AddressOf(*item->ai_addr));
  }
  freeaddrinfo(found);
  if (addresses.empty()) return absl::NotFoundError("the name has no address");
  return addresses;
}

}  // namespace

struct SystemResolver::Lookup {
  std::optional<absl::StatusOr<Addresses>> answer;
  std::vector<asio::steady_timer*> waiting;
};

struct SystemResolver::Threads {
  asio::thread_pool pool{kThreads};
};

SystemResolver::SystemResolver(asio::any_io_executor executor) : executor_(std::move(executor)) {}

SystemResolver::~SystemResolver() {
  if (!threads_) return;
  threads_->pool.stop();
  threads_->pool.join();
}

std::shared_ptr<SystemResolver::Lookup> SystemResolver::Join(const std::string& name) {
  std::erase_if(under_way_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<Lookup>& entry = under_way_[name];
  if (std::shared_ptr<Lookup> lookup = entry.lock()) return lookup;
  if (!threads_) threads_ = std::make_unique<Threads>();
  auto lookup = std::make_shared<Lookup>();
  entry = lookup;
  asio::post(threads_->pool, [name, lookup, executor = executor_]() mutable {
    absl::StatusOr<Addresses> answer = LookUp(name);
    asio::post(executor, [lookup = std::move(lookup), answer = std::move(answer)]() mutable {
      lookup->answer = std::move(answer);
      for (asio::steady_timer* timer : lookup->waiting) timer->cancel();
    });
  });
  return lookup;
}

Task<Addresses> SystemResolver::Resolve(std::string name, Deadline deadline) {
  const std::shared_ptr<Lookup> lookup = Join(name);
  if (!lookup->answer) {
    asio::steady_timer timer(executor_, deadline);
    lookup->waiting.push_back(&timer);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    std::erase(lookup->waiting, &timer);
  }
  if (lookup->answer) co_return *lookup->answer;
  if (std::chrono::steady_clock::now() >= deadline) co_return absl::DeadlineExceededError("the look-up took too long");
  co_return absl::CancelledError("broken off");
}

}  // namespace ftl

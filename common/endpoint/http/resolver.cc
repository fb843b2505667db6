#include "common/endpoint/http/resolver.h"

#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/try.h"

namespace ftl {
namespace {

using Addresses = SystemResolver::Addresses;

// Names whose answers are kept.
constexpr size_t kMostKept = 4096;

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

absl::Status FaultOf(int error) {
  if (error == EAI_NONAME || error == EAI_NODATA) return absl::NotFoundError("the name has no address");
  const bool is_ours = error == EAI_MEMORY || (error == EAI_SYSTEM && (errno == EMFILE || errno == ENFILE));
  if (is_ours) return absl::ResourceExhaustedError("no room for a look-up");
  return absl::UnavailableError("the look-up failed");
}

absl::StatusOr<Addresses> AskSystem(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (error != 0) return FaultOf(error);
  Addresses addresses;
  for (const addrinfo* item = found; item != nullptr; item = item->ai_next) {
    if (item->ai_family == AF_INET || item->ai_family == AF_INET6) addresses.push_back(AddressOf(*item->ai_addr));
  }
  freeaddrinfo(found);
  if (addresses.empty()) return absl::NotFoundError("the name has no address");
  return addresses;
}

}  // namespace

class SystemResolver::Desk : public std::enable_shared_from_this<Desk> {
 public:
  struct Lookup {
    std::string name;
    std::string party;
    bool has_begun = false;
    std::optional<absl::StatusOr<Addresses>> answer;
    std::vector<asio::steady_timer*> waiting;
  };

  Desk(asio::any_io_executor executor, LookUp look_up) : executor_(std::move(executor)), look_up_(std::move(look_up)) {}

  void Close() {
    if (!threads_) return;
    threads_->stop();
    threads_->join();
  }

  const asio::any_io_executor& executor() const { return executor_; }

  // The answer that is kept, the party's look-up of `name` that is under way, or a new one.
  std::shared_ptr<Lookup> Join(const std::string& name, const std::string& party) {
    std::erase_if(joined_, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<Lookup>& entry = joined_[{party, name}];
    if (std::shared_ptr<Lookup> lookup = entry.lock()) return lookup;
    auto lookup = std::make_shared<Lookup>(Lookup{.name = name, .party = party});
    entry = lookup;
    line_.push_back(lookup);
    BeginWhatMay();
    return lookup;
  }

 private:
  struct Kept {
    Addresses addresses;
    Deadline until;
  };

  // In order of arrival, but for parties that have their share of the threads.
  void BeginWhatMay() {
    for (auto place = line_.begin(); place != line_.end() && busy_ < kThreads;) {
      const std::shared_ptr<Lookup> lookup = place->lock();
      const bool must_wait = lookup && !TakeKept(*lookup) && HasItsShare(lookup->party);
      if (must_wait) {
        ++place;
        continue;
      }
      place = line_.erase(place);
      if (lookup && !lookup->answer) Begin(lookup);
    }
  }

  bool HasItsShare(const std::string& party) const {
    const auto found = threads_of_.find(party);
    return found != threads_of_.end() && found->second >= kThreadsOfAParty;
  }

  bool TakeKept(Lookup& lookup) {
    const auto found = kept_.find(lookup.name);
    if (found == kept_.end() || found->second.until <= std::chrono::steady_clock::now()) return false;
    Give(lookup, found->second.addresses);
    return true;
  }

  void Begin(const std::shared_ptr<Lookup>& lookup) {
    if (!threads_) threads_ = std::make_unique<asio::thread_pool>(kThreads);
    lookup->has_begun = true;
    ++busy_;
    ++threads_of_[lookup->party];
    asio::post(*threads_, [desk = weak_from_this(), lookup, executor = executor_, look_up = look_up_]() mutable {
      absl::StatusOr<Addresses> answer = look_up(lookup->name);
      asio::post(executor, [desk = std::move(desk), lookup = std::move(lookup), answer = std::move(answer)]() mutable {
        if (const std::shared_ptr<Desk> here = desk.lock()) here->End(*lookup, std::move(answer));
      });
    });
  }

  void End(Lookup& lookup, absl::StatusOr<Addresses> answer) {
    --busy_;
    if (--threads_of_[lookup.party] == 0) threads_of_.erase(lookup.party);
    if (answer.ok()) Keep(lookup.name, *answer);
    Give(lookup, std::move(answer));
    BeginWhatMay();
  }

  void Keep(const std::string& name, const Addresses& addresses) {
    const Deadline now = std::chrono::steady_clock::now();
    if (kept_.size() >= kMostKept) std::erase_if(kept_, [now](const auto& kept) { return kept.second.until <= now; });
    if (kept_.size() < kMostKept) kept_.insert_or_assign(name, Kept{addresses, DeadlineIn(kKept)});
  }

  static void Give(Lookup& lookup, absl::StatusOr<Addresses> answer) {
    lookup.answer = std::move(answer);
    for (asio::steady_timer* timer : lookup.waiting) timer->cancel();
  }

  asio::any_io_executor executor_;
  LookUp look_up_;
  std::unique_ptr<asio::thread_pool> threads_;
  size_t busy_ = 0;
  std::map<std::string, int> threads_of_;                                        // by party
  std::map<std::pair<std::string, std::string>, std::weak_ptr<Lookup>> joined_;  // by party and name
  std::deque<std::weak_ptr<Lookup>> line_;
  std::map<std::string, Kept> kept_;  // by name
};

SystemResolver::SystemResolver(asio::any_io_executor executor) : SystemResolver(std::move(executor), AskSystem) {}

SystemResolver::SystemResolver(asio::any_io_executor executor, LookUp look_up)
    : desk_(std::make_shared<Desk>(std::move(executor), std::move(look_up))) {}

SystemResolver::~SystemResolver() { desk_->Close(); }

Task<Addresses> SystemResolver::Resolve(std::string name, std::string party, Deadline deadline) {
  const std::shared_ptr<Desk> desk = desk_;
  const std::shared_ptr<Desk::Lookup> lookup = desk->Join(name, party);
  if (!lookup->answer) {
    asio::steady_timer timer(desk->executor(), deadline);
    lookup->waiting.push_back(&timer);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    std::erase(lookup->waiting, &timer);
  }
  if (lookup->answer) co_return *lookup->answer;
  if (std::chrono::steady_clock::now() < deadline) co_return absl::CancelledError("broken off");
  if (!lookup->has_begun) co_return absl::ResourceExhaustedError("other look-ups took too long");
  co_return absl::DeadlineExceededError("the look-up took too long");
}

}  // namespace ftl

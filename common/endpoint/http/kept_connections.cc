#include "common/endpoint/http/kept_connections.h"

#include <iterator>

namespace ftl {
namespace {

constexpr absl::Duration kSweepEvery = absl::Seconds(5);

}  // namespace

KeptConnections::KeptConnections(asio::any_io_executor executor, const CallerLimits& limits)
    : limits_(limits), timer_(std::move(executor)) {}

std::unique_ptr<HttpConnection> KeptConnections::Take(const Key& key) {
  const auto found = places_.find(key);
  if (found == places_.end()) return nullptr;
  std::vector<Place>& here = found->second;
  std::unique_ptr<HttpConnection> taken;
  for (size_t i = here.size(); i-- > 0 && !taken;) {
    const HttpConnection::Readiness readiness = here[i]->connection->Check();
    if (readiness == HttpConnection::Readiness::kBusy) continue;
    if (readiness == HttpConnection::Readiness::kReady) taken = std::move(here[i]->connection);
    resting_.erase(here[i]);
    here.erase(here.begin() + static_cast<ptrdiff_t>(i));
  }
  if (here.empty()) places_.erase(found);
  return taken;
}

void KeptConnections::Give(const Key& key, std::unique_ptr<HttpConnection> connection) {
  connection->Rest();
  if (is_closed_ || limits_.idle_connections == 0) return;
  if (resting_.size() >= limits_.idle_connections) CloseOldest();
  resting_.push_back({key, std::move(connection), std::chrono::steady_clock::now()});
  places_[key].push_back(std::prev(resting_.end()));
  if (!sweeps_) SweepLater();
}

void KeptConnections::CloseOldest() {
  const auto here = places_.find(resting_.front().key);
  here->second.erase(here->second.begin());
  if (here->second.empty()) places_.erase(here);
  resting_.pop_front();
}

void KeptConnections::Drop(std::string_view session) {
  auto entry = places_.lower_bound({std::string(session), ""});
  while (entry != places_.end() && entry->first.session == session) {
    for (const Place place : entry->second) resting_.erase(place);
    entry = places_.erase(entry);
  }
}

void KeptConnections::Close() {
  is_closed_ = true;
  places_.clear();
  resting_.clear();
  timer_.cancel();
}

void KeptConnections::SweepLater() {
  sweeps_ = true;
  timer_.expires_after(absl::ToChronoNanoseconds(kSweepEvery));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code) {
    if (const auto self = weak.lock()) self->Sweep();
  });
}

void KeptConnections::Sweep() {
  sweeps_ = false;
  const Mark oldest = std::chrono::steady_clock::now() - absl::ToChronoNanoseconds(limits_.keep_idle);
  while (!resting_.empty() && resting_.front().since < oldest) CloseOldest();
  if (!resting_.empty()) SweepLater();
}

}  // namespace ftl

#include "common/endpoint/http/kept_connections.h"

#include <algorithm>

namespace ftl {
namespace {

constexpr absl::Duration kSweepEvery = absl::Seconds(5);

}  // namespace

KeptConnections::KeptConnections(asio::any_io_executor executor, const CallerLimits& limits)
    : limits_(limits), timer_(std::move(executor)) {}

std::unique_ptr<HttpConnection> KeptConnections::Take(const Key& key) {
  const auto found = resting_.find(key);
  if (found == resting_.end()) return nullptr;
  std::vector<Resting>& here = found->second;
  std::unique_ptr<HttpConnection> taken;
  for (size_t i = here.size(); i-- > 0 && !taken;) {
    const HttpConnection::Readiness readiness = here[i].connection->Check();
    if (readiness == HttpConnection::Readiness::kBusy) continue;
    if (readiness == HttpConnection::Readiness::kReady) taken = std::move(here[i].connection);
    here.erase(here.begin() + static_cast<ptrdiff_t>(i));
    --count_;
  }
  if (here.empty()) resting_.erase(found);
  return taken;
}

void KeptConnections::Give(const Key& key, std::unique_ptr<HttpConnection> connection) {
  connection->Rest();
  if (is_closed_ || count_ >= limits_.idle_connections) return;
  resting_[key].push_back({std::move(connection), std::chrono::steady_clock::now()});
  ++count_;
  if (!sweeps_) SweepLater();
}

void KeptConnections::Drop(std::string_view session) {
  auto entry = resting_.lower_bound({std::string(session), ""});
  while (entry != resting_.end() && entry->first.session == session) {
    count_ -= entry->second.size();
    entry = resting_.erase(entry);
  }
}

void KeptConnections::Close() {
  is_closed_ = true;
  resting_.clear();
  count_ = 0;
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
  for (auto entry = resting_.begin(); entry != resting_.end();) {
    count_ -= std::erase_if(entry->second, [&](const Resting& resting) { return resting.since < oldest; });
    entry = entry->second.empty() ? resting_.erase(entry) : std::next(entry);
  }
  if (count_ > 0) SweepLater();
}

}  // namespace ftl

#include "services/batch-runner/run/feed.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "services/batch-runner/run/run_metrics.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kKept = 1024;

}  // namespace

void Feed::Publish(const std::string& test_run_id, pb::RunEvent event) {
  const auto found = channels_.find(test_run_id);
  if (found == channels_.end()) return;
  Channel& channel = found->second;
  channel.recent.push_back(std::make_shared<const pb::RunEvent>(std::move(event)));
  if (channel.recent.size() > kKept) {
    channel.recent.pop_front();
    ++channel.first;
  }
  for (Watch* watch : channel.watches) watch->wake_.cancel();
}

void Feed::Touch(const std::string& test_run_id) {
  const auto found = channels_.find(test_run_id);
  if (found == channels_.end()) return;
  for (Watch* watch : found->second.watches) watch->Look();
}

void Feed::TouchSession(const std::string& session) {
  for (auto& [run, channel] : channels_) {
    if (channel.session != session) continue;
    for (Watch* watch : channel.watches) watch->Look();
  }
}

void Feed::TouchAll() {
  for (auto& [run, channel] : channels_) {
    for (Watch* watch : channel.watches) watch->Look();
  }
}

std::vector<WatchedRun> Feed::Watched() const {
  std::vector<WatchedRun> watched;
  for (const auto& [run, channel] : channels_) watched.push_back({channel.session, run});
  return watched;
}

void Feed::Compare(const std::string& test_run_id, const std::optional<RunStanding>& standing) {
  const auto found = channels_.find(test_run_id);
  if (found == channels_.end()) return;
  for (Watch* watch : found->second.watches) {
    if (standing != watch->read_) watch->Look();
  }
}

Feed::Watch::Watch(Feed& feed, std::string session, std::string test_run_id)
    : feed_(feed), test_run_id_(std::move(test_run_id)), wake_(feed.executor_), counted_(run_metrics::Watchers()) {
  Channel& channel = feed_.channels_[test_run_id_];
  channel.session = std::move(session);
  position_ = channel.first + channel.recent.size();
  channel.watches.insert(this);
}

void Feed::Watch::Look() {
  look_ = true;
  wake_.cancel();
}

Feed::Watch::~Watch() {
  Channel& channel = feed_.channels_.at(test_run_id_);
  channel.watches.erase(this);
  if (channel.watches.empty()) feed_.channels_.erase(test_run_id_);
}

asio::awaitable<Feed::Watch::News> Feed::Watch::Next(Deadline deadline) {
  const Channel& channel = feed_.channels_.at(test_run_id_);
  if (!look_ && position_ == channel.first + channel.recent.size()) {
    wake_.expires_at(deadline);
    co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  News news{.events = {}, .look = std::exchange(look_, false)};
  if (position_ < channel.first) {
    news.look = true;
    position_ = channel.first;
  }
  for (; position_ < channel.first + channel.recent.size(); ++position_) {
    news.events.push_back(channel.recent[position_ - channel.first]);
  }
  co_return news;
}

}  // namespace ftl::batch_runner

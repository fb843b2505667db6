#include "gateway/watch/run_hub.h"

#include <algorithm>

#include <boost/asio/use_awaitable.hpp>

#include "common/error/try.h"
#include "common/json/message_json.h"
#include "common/observe/instrument.h"
#include "gateway/http/sse_writer.h"

namespace ftl::gateway {

namespace pb = finetunelab::batch_runner::v1;

namespace {

constexpr std::string_view kRetry = "retry: 1000\n\n";
// So much of what was there before goes into the ring too, so that those who come together share it.
constexpr int64_t kFromTheStart = 200;

// Events for one write. A large one is not copied.
class WriteOf {
 public:
  // False where it does not go out with what is there already.
  bool Add(const EventRing::Event& event) {
    const bool is_large = event.text->size() >= EventRing::kPieceBytes;
    if (large_ || (!small_.empty() && small_.size() + event.text->size() > EventRing::kPieceBytes)) return false;
    if (is_large) {
      large_ = event.text;
    } else {
      small_ += *event.text;
    }
    return true;
  }
  // Never null.
  std::shared_ptr<const std::string> Take() {
    return large_ ? std::move(large_) : std::make_shared<const std::string>(std::move(small_));
  }

 private:
  std::shared_ptr<const std::string> large_;
  std::string small_;
};

prometheus::Gauge& Watchers() {
  return metrics::GaugeOf("ftl_gateway_watchers", "Pages that watch a run through this process.");
}

}  // namespace

// One watcher's place in a run.
class RunHub::Watcher {
 public:
  Watcher(RunHub& hub, std::shared_ptr<RunFeed> feed, int64_t cursor)
      : hub_(hub),
        feed_(std::move(feed)),
        reader_(hub.stored_, feed_->test_run_id()),
        signal_(hub.executor_),
        cursor_(cursor),
        joined_at_(feed_->ring().end()),
        position_(feed_->ring().PositionAfter(cursor)) {
    feed_->Join(&signal_);
  }
  ~Watcher() { feed_->Leave(&signal_); }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  Signal& signal() { return signal_; }
  bool ended() const { return ended_; }

  // Whether results that this watcher has not had are no longer in the ring.
  bool is_behind() const { return cursor_ < feed_->ring().base(); }

  // What the ring has for him, up to a write's worth; null for nothing.
  std::shared_ptr<const std::string> FromRing() {
    EventRing& ring = feed_->ring();
    position_ = std::max(position_, ring.begin());
    if (position_ == ring.end()) return nullptr;
    EventRing::Piece piece = ring.PieceFrom(position_);
    const bool has_had_some = piece.oldest > 0 && piece.oldest <= cursor_;
    if (position_ < joined_at_ || has_had_some) return Filtered(piece.end);
    position_ = piece.end;
    cursor_ = std::max(cursor_, piece.newest);
    ended_ = piece.is_last;
    return std::move(piece.text);
  }

  // The next of the older results, up to a write's worth.
  Task<std::shared_ptr<const std::string>> FromStore() {
    CO_TRY(const auto page, co_await hub_.stored_.After(feed_->test_run_id(), cursor_));
    WriteOf write;
    for (const EventRing::Event& event : page->events) {
      if (event.sequence <= cursor_) continue;
      if (!write.Add(event)) break;
      cursor_ = event.sequence;
    }
    // The ring's base counts the end too, which is no result.
    if (page->events.empty()) cursor_ = feed_->ring().base();
    position_ = feed_->ring().PositionAfter(cursor_);
    co_return write.Take();
  }

 private:
  // What he has not had of the events up to `end`.
  std::shared_ptr<const std::string> Filtered(int64_t end) {
    const EventRing& ring = feed_->ring();
    WriteOf write;
    for (; position_ < end; ++position_) {
      const EventRing::Event& event = ring.at(position_);
      const bool is_new = event.sequence > cursor_ || event.is_last || (event.sequence == 0 && position_ >= joined_at_);
      if (is_new && !write.Add(event)) break;
      ended_ |= event.is_last;
      if (is_new) cursor_ = std::max(cursor_, event.sequence);
    }
    return write.Take();
  }

  RunHub& hub_;
  const std::shared_ptr<RunFeed> feed_;
  const StoredResults::Reader reader_;
  Signal signal_;
  int64_t cursor_;           // the last sequence he has had
  const int64_t joined_at_;  // events that are not replayed begin there for him
  int64_t position_;         // in the ring
  bool ended_ = false;
  const metrics::Counted counted_{Watchers()};
};

RunHub::RunHub(asio::any_io_executor executor, Upstream& upstream)
    : executor_(executor),
      stored_(executor, upstream),
      stub_(pb::BatchRunnerService::NewStub(upstream.Channel("batch-runner"))) {
  Watchers();
}

std::string RunHub::FirstEvents(const pb::Run& run) {
  std::string events(kRetry);
  http::AppendEvent("progress", 0, ToJson(run), events);
  return events;
}

std::string RunHub::FirstEventsOf(const std::string& test_run_id) const {
  const auto known = feeds_.find(test_run_id);
  if (known == feeds_.end() || !known->second->usable() || known->second->progress().empty()) return "";
  return std::string(kRetry) + known->second->progress();
}

std::shared_ptr<RunFeed> RunHub::FeedOf(const std::string& test_run_id, int64_t last_sequence, size_t told) {
  std::shared_ptr<RunFeed>& feed = feeds_[test_run_id];
  if (feed && feed->usable()) return feed;
  auto ended = [this, test_run_id](const RunFeed* which) {
    const auto known = feeds_.find(test_run_id);
    if (known != feeds_.end() && known->second.get() == which) feeds_.erase(known);
  };
  const int64_t base = std::max<int64_t>(0, last_sequence - kFromTheStart);
  feed = std::make_shared<RunFeed>(executor_, *stub_, test_run_id, base, told, std::move(ended));
  return feed;
}

Task<> RunHub::Watch(http::BodyStream& body, const std::string& test_run_id, int64_t last_sequence, int64_t cursor,
                     size_t told) {
  return Tell(body, FeedOf(test_run_id, last_sequence, told), cursor);
}

Task<> RunHub::Tell(http::BodyStream& body, std::shared_ptr<RunFeed> feed, int64_t cursor) {
  Watcher watcher(*this, std::move(feed), cursor);
  http::SseWriter sse(body);
  while (!watcher.ended() && !draining_) {
    std::shared_ptr<const std::string> events;
    if (watcher.is_behind()) {
      CO_TRY(events, co_await watcher.FromStore());
    } else {
      events = watcher.FromRing();
    }
    if (events) {
      CO_TRY(co_await sse.Write(*events));
      events.reset();
    } else if (std::chrono::steady_clock::now() >= sse.heartbeat_due()) {
      CO_TRY(co_await sse.Heartbeat());
    } else {
      co_await watcher.signal().Wait(sse.heartbeat_due());
    }
  }
  co_return co_await sse.End();
}

void RunHub::Drain() {
  draining_ = true;
  for (const auto& [run, feed] : feeds_) feed->Wake();
}

Task<> RunHub::Stop() {
  while (!feeds_.empty()) {
    asio::steady_timer pause(executor_, std::chrono::milliseconds(5));
    co_await pause.async_wait(asio::use_awaitable);
  }
  co_return absl::OkStatus();
}

}  // namespace ftl::gateway

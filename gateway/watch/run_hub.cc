#include "gateway/watch/run_hub.h"

#include <algorithm>

#include "common/error/try.h"
#include "common/json/message_json.h"
#include "common/proto/copy_fields.h"

namespace ftl::gateway {

namespace pb = finetunelab::batch_runner::v1;

namespace {

constexpr std::string_view kListResults = "finetunelab.batch_runner.v1.BatchRunnerService.ListResults";
constexpr size_t kWriteBytes = 64 * 1024;
constexpr int kPage = 200;
constexpr absl::Duration kListLimit = absl::Seconds(30);

std::string FirstEvents(const pb::GetRunResponse& response) {
  pb::Run run;
  CopyFields(response, run);
  std::string events = "retry: 1000\n\n";
  http::AppendEvent("progress", 0, ToJson(run), events);
  return events;
}

}  // namespace

// One watcher's place in a run.
class RunHub::Watcher {
 public:
  Watcher(RunHub& hub, std::shared_ptr<RunFeed> feed, Signal& signal, std::string test_run_id, int64_t cursor)
      : hub_(hub),
        feed_(std::move(feed)),
        signal_(signal),
        test_run_id_(std::move(test_run_id)),
        cursor_(cursor),
        joined_at_(feed_->ring().end()) {
    feed_->Join(&signal_);
    hub_.watchers_.insert(&signal_);
    position_ = feed_->ring().PositionAfter(cursor_);
  }
  ~Watcher() {
    hub_.watchers_.erase(&signal_);
    feed_->Leave(&signal_);
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  bool ended() const { return ended_; }

  // Whether results that this watcher has not had are no longer in the ring.
  bool is_behind() const { return cursor_ < feed_->ring().base(); }

  // What the ring has for him, up to a write's worth.
  std::string FromRing() {
    const EventRing& ring = feed_->ring();
    std::string events;
    for (position_ = std::max(position_, ring.begin()); position_ < ring.end() && !ended_; ++position_) {
      if (events.size() >= kWriteBytes) break;
      const EventRing::Event& event = ring.at(position_);
      ended_ = event.is_last;
      const bool is_new = event.sequence > cursor_ || event.is_last || (event.sequence == 0 && position_ >= joined_at_);
      if (!is_new) continue;
      events += *event.text;
      cursor_ = std::max(cursor_, event.sequence);
    }
    return events;
  }

  // The next page of older results.
  Task<std::string> FromStore(const CallContext& call) {
    pb::ListResultsRequest request;
    request.set_test_run_id(test_run_id_);
    request.set_after_sequence(cursor_);
    request.set_page_size(kPage);
    CallContext list = call;
    list.deadline = DeadlineIn(kListLimit);
    CO_TRY(const auto page,
           co_await hub_.upstream_.Call<pb::ListResultsResponse>(list, kListResults, std::move(request)));
    std::string events;
    for (const pb::Result& result : page.results()) {
      http::AppendEvent("result", result.sequence(), ToJson(result), events);
      cursor_ = std::max(cursor_, result.sequence());
    }
    // The ring's base counts the end too, which is no result.
    if (page.results().empty()) cursor_ = feed_->ring().base();
    position_ = feed_->ring().PositionAfter(cursor_);
    co_return events;
  }

 private:
  RunHub& hub_;
  const std::shared_ptr<RunFeed> feed_;
  Signal& signal_;
  const std::string test_run_id_;
  int64_t cursor_;           // the last sequence he has had
  const int64_t joined_at_;  // events that are not replayed begin there for him
  int64_t position_ = 0;     // in the ring
  bool ended_ = false;
};

RunHub::RunHub(asio::any_io_executor executor, Upstream& upstream)
    : executor_(executor),
      upstream_(upstream),
      stub_(pb::BatchRunnerService::NewStub(upstream.Channel("batch-runner"))) {}

std::pair<std::shared_ptr<RunFeed>, bool> RunHub::FeedOf(const pb::GetRunResponse& run) {
  std::shared_ptr<RunFeed>& feed = feeds_[run.id()];
  if (feed && feed->usable()) return {feed, false};
  feed = std::make_shared<RunFeed>(executor_, *stub_, run.id(), run.last_sequence());
  return {feed, true};
}

void RunHub::Start(RunFeed& feed, const std::string& test_run_id) {
  feed.Start([this, test_run_id, ended = &feed] {
    const auto known = feeds_.find(test_run_id);
    if (known != feeds_.end() && known->second.get() == ended) feeds_.erase(known);
  });
}

Task<> RunHub::Watch(const CallContext& call, const pb::GetRunResponse& run, int64_t cursor, http::SseWriter& sse) {
  CO_TRY(co_await sse.Begin());
  CO_TRY(co_await sse.Write(FirstEvents(run)));
  Signal signal(executor_);
  const auto [feed, is_new] = FeedOf(run);
  Watcher watcher(*this, feed, signal, run.id(), cursor);
  if (is_new) Start(*feed, run.id());
  while (!watcher.ended() && !draining_) {
    std::string events;
    if (watcher.is_behind()) {
      CO_TRY(events, co_await watcher.FromStore(call));
    } else {
      events = watcher.FromRing();
    }
    if (!events.empty()) {
      CO_TRY(co_await sse.Write(events));
    } else if (!watcher.is_behind()) {
      const bool noticed = co_await signal.Wait(sse.heartbeat_due());
      if (!noticed) {
        CO_TRY(co_await sse.Heartbeat());
      }
    }
  }
  co_return co_await sse.End();
}

void RunHub::Drain() {
  draining_ = true;
  for (Signal* watcher : watchers_) watcher->Notify();
}

Task<> RunHub::Stop() {
  while (!feeds_.empty()) {
    asio::steady_timer pause(executor_, std::chrono::milliseconds(5));
    co_await pause.async_wait(asio::use_awaitable);
  }
  co_return absl::OkStatus();
}

}  // namespace ftl::gateway

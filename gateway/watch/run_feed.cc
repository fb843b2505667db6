#include "gateway/watch/run_feed.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "common/error/refusal.h"
#include "common/json/message_json.h"
#include "common/rpc/call.h"
#include "gateway/http/problem.h"
#include "gateway/http/sse_writer.h"
#include "gateway/upstream/status_field.h"

namespace ftl::gateway {

namespace pb = finetunelab::batch_runner::v1;

namespace {

constexpr size_t kRingBytes = 1024 * 1024;
constexpr absl::Duration kLongest = absl::Hours(1);
constexpr int kWokenTogether = 128;
constexpr auto kPause = std::chrono::milliseconds(500);

// The service is away or was restarted; the run goes on.
bool MayComeBack(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable || status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kCancelled || status.code() == absl::StatusCode::kInternal;
}

EventRing::Event Encoded(std::string_view name, int64_t sequence, std::string_view json, bool is_last) {
  std::string text;
  http::AppendEvent(name, sequence, json, text);
  return {sequence, is_last, std::move(text)};
}

}  // namespace

RunFeed::RunFeed(asio::any_io_executor executor, Stub& stub, std::string test_run_id, int64_t base, size_t told,
                 std::function<void(const RunFeed*)> ended)
    : executor_(executor),
      stub_(stub),
      test_run_id_(std::move(test_run_id)),
      ring_(base, kRingBytes),
      told_(told),
      ended_(std::move(ended)) {}

size_t RunFeed::GistOf(pb::Run run) {
  run.clear_eta();
  return std::hash<std::string>()(run.SerializeAsString());
}

void RunFeed::Join(Signal* watcher) {
  watchers_.insert(watcher);
  if (!std::exchange(started_, true)) Start();
}

void RunFeed::Start() {
  auto follow = [self = shared_from_this()]() -> asio::awaitable<void> { co_await self->Follow(); };
  auto finish = [self = shared_from_this()](std::exception_ptr) { self->ended_(self.get()); };
  asio::co_spawn(executor_, std::move(follow), asio::bind_cancellation_slot(cancel_.slot(), std::move(finish)));
}

void RunFeed::Leave(Signal* watcher) {
  watchers_.erase(watcher);
  if (!watchers_.empty()) return;
  abandoned_ = true;
  cancel_.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> RunFeed::Follow() {
  while (!over_ && !watchers_.empty()) {
    const bool again = co_await FollowOnce();
    if (!again) co_return;
    asio::steady_timer pause(executor_, kPause);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<bool> RunFeed::FollowOnce() {
  pb::WatchRunRequest request;
  request.set_test_run_id(test_run_id_);
  request.set_after_sequence(ring_.newest());
  auto stream = rpc::Stream<pb::WatchRunResponse>::Start(OwnCall(kLongest), stub_.async(), &Stub::async::WatchRun,
                                                         std::move(request));
  while (!watchers_.empty()) {
    const auto next = co_await stream.Next();
    if (!next.ok() && !MayComeBack(next.status())) {
      Append(Encoded("error", 0, http::ProblemJson(next.status(), NewRequestId()), /*is_last=*/true));
    }
    if (!next.ok() || !next->has_value()) co_return !over_;
    for (const pb::RunEvent& event : (*next)->events()) Take(event);
    if (over_) co_return false;
  }
  co_return false;
}

void RunFeed::Take(const pb::RunEvent& event) {
  switch (event.event_case()) {
    case pb::RunEvent::kProgress:
      progress_.clear();
      http::AppendEvent("progress", 0, ToJson(event.progress()), progress_);
      if (std::exchange(told_, 0) == GistOf(event.progress())) return;
      return Append({0, false, progress_});
    case pb::RunEvent::kStarted:
      return Append(Encoded("started", 0, ToJson(event.started()), false));
    case pb::RunEvent::kResult:
      if (event.sequence() <= ring_.newest()) return;
      return Append(Encoded("result", event.sequence(), ToJson(event.result()), false));
    case pb::RunEvent::kDone:
      return Append(Encoded("done", event.sequence(), ToJson(event.done()), true));
    case pb::RunEvent::kError:
      return Append(Encoded("error", 0, http::ProblemJson(StatusOf(event.error()), NewRequestId()), true));
    case pb::RunEvent::EVENT_NOT_SET:
      return;
  }
}

void RunFeed::Append(EventRing::Event event) {
  over_ |= event.is_last;
  ring_.Append(std::move(event));
  Wake();
}

void RunFeed::Wake() {
  wake_again_ = true;
  if (std::exchange(waking_, true)) return;
  asio::post(executor_, [self = shared_from_this()] { self->WakeSome(); });
}

void RunFeed::WakeSome() {
  if (woken_ == nullptr) wake_again_ = false;
  auto next = watchers_.upper_bound(woken_);
  for (int i = 0; i < kWokenTogether && next != watchers_.end(); ++i, ++next) {
    woken_ = *next;
    woken_->Notify();
  }
  if (next == watchers_.end()) {
    woken_ = nullptr;
    waking_ = wake_again_;
  }
  if (waking_) asio::post(executor_, [self = shared_from_this()] { self->WakeSome(); });
}

}  // namespace ftl::gateway

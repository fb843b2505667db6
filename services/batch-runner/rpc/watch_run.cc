#include "services/batch-runner/rpc/watch_run.h"

#include <utility>

#include "common/error/grpc_status.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "google/rpc/status.pb.h"
#include "services/batch-runner/store/run_row.h"

namespace ftl::batch_runner {
namespace {

constexpr int kPage = 200;
constexpr size_t kMessageBytes = 256 * 1024;
constexpr absl::Duration kProgressSpacing = absl::Milliseconds(250);

bool IsEndOfSession(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  return reason == Reason::kSessionExpired || reason == Reason::kSessionNotFound || reason == Reason::kRunNotFound;
}

pb::RunEvent ErrorEvent(const absl::Status& status) {
  pb::RunEvent event;
  event.mutable_error()->ParseFromString(ToGrpcStatus(status).error_details());
  return event;
}

}  // namespace

RunWatch::RunWatch(Parts parts, std::string session, std::string test_run_id, int64_t after_sequence)
    : parts_(parts),
      session_(std::move(session)),
      test_run_id_(std::move(test_run_id)),
      told_(after_sequence),
      watch_(parts.feed, session_, test_run_id_) {}

CallContext RunWatch::StoreCall() const {
  CallContext call = parts_.call;
  call.deadline = std::min(call.deadline, DeadlineIn(absl::Seconds(10)));
  return call;
}

Task<> RunWatch::Tell(Writer& writer) {
  CO_TRY(bool ended, co_await Look(writer));
  CO_TRY(co_await Flush(writer));
  while (!ended) {
    const Deadline until = late_progress_ ? next_progress_ : parts_.call.deadline;
    const Feed::Watch::News news = co_await watch_.Next(std::min(parts_.call.deadline, until));
    if (TimeLeft(parts_.call.deadline) <= absl::ZeroDuration())
      co_return Refuse(Reason::kDeadlineExceeded, "Watch again from here.");
    CO_TRY(ended, co_await TellEvents(writer, news));
    if (!ended && news.look) {
      CO_TRY(ended, co_await Look(writer));
    }
    if (!ended) CO_TRY(co_await TellLateProgress(writer));
    CO_TRY(co_await Flush(writer));
  }
  co_return absl::OkStatus();
}

Task<> RunWatch::Add(Writer& writer, pb::RunEvent event) {
  const size_t bytes = event.ByteSizeLong();
  if (bytes_ > 0 && bytes_ + bytes > kMessageBytes) CO_TRY(co_await Flush(writer));
  bytes_ += bytes;
  *message_.add_events() = std::move(event);
  co_return absl::OkStatus();
}

Task<> RunWatch::Flush(Writer& writer) {
  if (bytes_ == 0) co_return absl::OkStatus();
  CO_TRY(co_await writer.Write(message_));
  message_.clear_events();
  bytes_ = 0;
  co_return absl::OkStatus();
}

Task<bool> RunWatch::TellEvents(Writer& writer, const Feed::Watch::News& news) {
  bool ended = false;
  for (const Feed::Event& event : news.events) {
    if (event->has_progress()) {
      ended |= HasEnded(event->progress().status());
      if (!ended && !IsPast(event->progress())) CO_TRY(co_await TellProgress(writer, event->progress()));
    } else if (event->has_started()) {
      CO_TRY(co_await Add(writer, *event));
    } else if (event->sequence() > told_) {
      if (event->sequence() != told_ + 1) CO_TRY(co_await TellStored(writer));
      if (event->sequence() != told_ + 1) continue;
      CO_TRY(co_await Add(writer, *event));
      told_ = event->sequence();
    }
  }
  if (ended) co_return co_await Look(writer);
  co_return false;
}

Task<bool> RunWatch::Look(Writer& writer) {
  const auto run = co_await parts_.runs.Get(StoreCall(), session_, test_run_id_);
  if (!run.ok() && IsEndOfSession(run.status())) {
    CO_TRY(co_await Add(writer, ErrorEvent(run.status())));
    co_return true;
  }
  CO_TRY(run);
  watch_.Read(*run);
  const bool first = next_progress_ == Deadline{};
  if (first || !HasEnded(run->status())) CO_TRY(co_await TellProgress(writer, *run));
  if (run->last_sequence() > told_) CO_TRY(co_await TellStored(writer));
  if (!HasEnded(run->status())) co_return false;
  pb::RunEvent event;
  event.set_sequence(run->last_sequence() + 1);
  *event.mutable_done() = *run;
  CO_TRY(co_await Add(writer, std::move(event)));
  co_return true;
}

Task<> RunWatch::TellProgress(Writer& writer, const pb::Run& run) {
  if (TimeLeft(next_progress_) > absl::ZeroDuration()) {
    late_progress_ = run;
    co_return absl::OkStatus();
  }
  late_progress_.reset();
  next_progress_ = DeadlineIn(kProgressSpacing);
  watch_.Read(run);
  pb::RunEvent event;
  *event.mutable_progress() = run;
  co_return co_await Add(writer, std::move(event));
}

Task<> RunWatch::TellLateProgress(Writer& writer) {
  if (!late_progress_ || TimeLeft(next_progress_) > absl::ZeroDuration()) co_return absl::OkStatus();
  const pb::Run run = *std::exchange(late_progress_, std::nullopt);
  if (!IsPast(run)) CO_TRY(co_await TellProgress(writer, run));
  co_return absl::OkStatus();
}

Task<> RunWatch::TellStored(Writer& writer) {
  bool more = true;
  while (more) {
    auto page = co_await parts_.results.BySequence(StoreCall(), session_, test_run_id_, told_, kPage);
    if (!page.ok() && IsEndOfSession(page.status())) co_return absl::OkStatus();
    CO_TRY(page.status());
    for (pb::Result& result : page->results) {
      pb::RunEvent event;
      event.set_sequence(result.sequence());
      *event.mutable_result() = std::move(result);
      told_ = event.sequence();
      CO_TRY(co_await Add(writer, std::move(event)));
    }
    more = page->more;
  }
  co_return absl::OkStatus();
}

}  // namespace ftl::batch_runner

#include "services/batch-runner/run/borrowing.h"

#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"
#include "common/observe/log.h"
#include "services/batch-runner/run/run_ending.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kRest = absl::Milliseconds(500);

bool IsRefusal(const absl::Status& status) {
  return ReasonOf(status) == Reason::kKeyForgotten || ReasonOf(status) == Reason::kEndpointNotAllowed;
}

}  // namespace

bool Borrowing::is_refused() const { return IsRefusal(obstacle_); }

void Borrowing::Start(const pb::RunParameters& parameters, std::shared_ptr<void> keeper) {
  if (std::exchange(started_, true)) return;
  under_way_ = true;
  auto borrowed = [this, keeper = std::move(keeper)](std::exception_ptr failure) {
    if (failure) obstacle_ = absl::UnknownError("exception");
    under_way_ = false;
    heard_();
  };
  asio::co_spawn(parts_.executor, Borrow(parameters), asio::bind_cancellation_slot(stop_.slot(), std::move(borrowed)));
}

void Borrowing::Stop() {
  stopped_ = true;
  stop_.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> Borrowing::Borrow(const pb::RunParameters& parameters) {
  while (!stopped_) {
    auto target = co_await BorrowTarget(parts_.keys, parts_.policy, run_.session, run_.test_run_id);
    if (target.ok()) {
      target_ = *std::move(target);
      // Another process may have learned it for this run.
      if (parameters.has_lowered_max_tokens()) target_->capabilities.set_max_tokens(parameters.lowered_max_tokens());
      co_return;
    }
    if (stopped_) co_return;
    log::Warn("run cannot go on", {{"run", run_.test_run_id}, {"status", target.status()}});
    if (IsRefusal(target.status()) || IsGone(target.status())) {
      obstacle_ = target.status();
      co_return;
    }
    asio::steady_timer rest(parts_.executor, DeadlineIn(kRest));
    co_await rest.async_wait(asio::use_awaitable);
  }
}

}  // namespace ftl::batch_runner

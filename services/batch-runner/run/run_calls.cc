#include "services/batch-runner/run/run_calls.h"

#include <utility>

#include <absl/time/clock.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"
#include "common/observe/log.h"
#include "common/observe/trace/traced_executor.h"

namespace ftl::batch_runner {
namespace {

namespace call = finetunelab::endpoint::v1;

constexpr absl::Duration kCountLimit = absl::Seconds(10);
// Until a call that could not be counted is counted again.
constexpr absl::Duration kCountAgain = absl::Seconds(5);

}  // namespace

RunCalls::RunCalls(Dispatcher& dispatcher, const RunKey& run, Listener listener)
    : dispatcher_(dispatcher), run_(run), listener_(std::move(listener)), judge_(dispatcher.parts().checks) {}

void RunCalls::Begin(LeasedPrompt prompt, std::shared_ptr<CallTarget> target, const pb::RunParameters& parameters,
                     std::shared_ptr<void> keeper) {
  const Dispatcher::Parts& parts = dispatcher_.parts();
  const Place place = calls_.emplace(calls_.end());
  place->prompt = prompt;
  CallObserver observer = Observer(target->provider, parameters.requests_per_minute());
  auto done = [this, keeper = std::move(keeper), place](std::exception_ptr failure,
                                                        absl::StatusOr<Attempted> attempted) {
    if (failure) {
      log::Error("a prompt ended by an exception", {{"run", run_.test_run_id}});
      attempted = absl::UnknownError("exception");
    }
    End(place, std::move(attempted));
  };
  asio::co_spawn(trace::OnBehalfOf(trace_, parts.executor),
                 RunPrompt(parts.caller, std::move(target), parameters, std::move(prompt), judge_, dispatcher_.random(),
                           std::move(observer)),
                 asio::bind_cancellation_slot(place->cancel.slot(), std::move(done)));
}

void RunCalls::BreakOff() {
  for (Call& call : calls_) call.cancel.emit(asio::cancellation_type::terminal);
}

CallObserver RunCalls::Observer(call::Provider provider, int per_minute) {
  CallObserver observer;
  observer.attempted = [this, provider](const ChatReply& reply, absl::Time began) {
    const absl::Time now = absl::Now();
    run_metrics::Called(provider, reply, now - began);
    if (reply.outcome == call::OUTCOME_THROTTLED) listener_.throttled(began, now);
  };
  observer.lowered = listener_.lowered;
  observer.retries = [] { run_metrics::Retried(); };
  observer.waits_for_room = [this] { dispatcher_.LacksRoom(); };
  if (per_minute > 0) observer.turn = [this, per_minute] { return TakeTurn(per_minute); };
  return observer;
}

Task<> RunCalls::TakeTurn(int per_minute) {
  const Dispatcher::Parts& parts = dispatcher_.parts();
  asio::steady_timer pause(parts.executor);
  while (true) {
    const auto wait = co_await parts.work.DrawCall(DeadlineIn(kCountLimit), run_, per_minute);
    if (absl::IsCancelled(wait.status())) co_return wait.status();
    if (!wait.ok()) log::Warn("a request waits to be counted", {{"run", run_.test_run_id}, {"status", wait.status()}});
    pause.expires_at(DeadlineIn(wait.ok() ? *wait : kCountAgain));
    const auto [cancelled] = co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    if (cancelled) co_return Refuse(Reason::kCancelled, "The run was stopped.");
    if (wait.ok()) co_return absl::OkStatus();
  }
}

void RunCalls::End(Place place, absl::StatusOr<Attempted> attempted) {
  LeasedPrompt prompt = std::move(place->prompt);
  calls_.erase(place);
  listener_.ended(std::move(prompt), std::move(attempted));
}

}  // namespace ftl::batch_runner

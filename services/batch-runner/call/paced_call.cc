#include "services/batch-runner/call/paced_call.h"

#include <algorithm>

#include <absl/time/clock.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "services/batch-runner/call/retry.h"

namespace ftl::batch_runner {
namespace {

// How long a call rests that finds no room here: at first, and at the most.
constexpr absl::Duration kFirstRest = absl::Milliseconds(100);
constexpr absl::Duration kLongestRest = absl::Seconds(5);

bool IsLowered(const endpoint_pb::Capabilities& learned, const endpoint_pb::Capabilities& known) {
  return learned.has_max_tokens() && (!known.has_max_tokens() || learned.max_tokens() < known.max_tokens());
}

// A request, and where it is refused over a parameter that can be left out, a second one, which waits for its turn as
// any other.
Task<ChatReply> Attempt(Caller& caller, const CallTarget& target, const ChatRequest& request, absl::Duration limit,
                        const std::function<Task<>()>& turn, const OnPiece& on_piece) {
  CO_TRY(ChatReply reply, co_await caller.Chat(DeadlineIn(limit), target.endpoint, target.credential, target.session,
                                               request, on_piece, *target.dialect));
  if (!reply.may_ask_again) co_return std::move(reply);
  ChatRequest again = request;
  again.capabilities = reply.learned;
  CO_TRY(co_await turn());
  co_return co_await caller.Chat(DeadlineIn(limit), target.endpoint, target.credential, target.session, again, on_piece,
                                 *target.dialect);
}

Task<> Wait(absl::Duration wait) {
  asio::steady_timer pause(co_await asio::this_coro::executor, DeadlineIn(wait));
  const auto [cancelled] = co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  if (cancelled) co_return Refuse(Reason::kCancelled, "The call was broken off.");
  co_return absl::OkStatus();
}

}  // namespace

Task<PacedReply> CallPaced(Caller& caller, std::shared_ptr<CallTarget> target, ChatRequest request,
                           absl::Duration limit, std::mt19937_64& random, CallObserver observer) {
  request.may_ask_again = !observer.turn;
  request.capabilities = target->capabilities;
  const auto started = std::chrono::steady_clock::now();
  bool has_begun = false;
  OnPiece on_piece;
  if (observer.piece) {
    on_piece = [&](PieceKind kind, std::string_view text) {
      has_begun = true;
      observer.piece(kind, text);
    };
  }
  PacedReply paced;
  absl::Duration rest;
  while (true) {
    const absl::Time began = absl::Now();
    CO_TRY(paced.reply, co_await Attempt(caller, *target, request, limit, observer.turn, on_piece));
    if (paced.reply.failure.ours && !has_begun) {
      observer.waits_for_room();
      rest = std::clamp(2 * rest, kFirstRest, kLongestRest);
      CO_TRY(co_await Wait(rest));
      continue;
    }
    ++paced.attempts;
    observer.attempted(paced.reply, began);
    // What the connection test cannot show: it sends no system prompt, and asks for few tokens.
    if (paced.reply.ok() && paced.reply.learned.has_system_role()) {
      target->capabilities.set_system_role(paced.reply.learned.system_role());
    }
    if (paced.reply.ok() && IsLowered(paced.reply.learned, target->capabilities)) {
      target->capabilities.set_max_tokens(paced.reply.learned.max_tokens());
      observer.lowered();
    }
    paced.asked_to_wait = WaitAskedOfAll(paced.reply);
    if (paced.asked_to_wait || has_begun) break;
    const double jitter = std::uniform_real_distribution<>(0, 1)(random);
    const auto wait = WaitBeforeRetry(paced.reply, paced.attempts, jitter);
    if (!wait) break;
    observer.retries();
    CO_TRY(co_await Wait(*wait));
    if (observer.turn) CO_TRY(co_await observer.turn());
  }
  paced.total = absl::FromChrono(std::chrono::steady_clock::now() - started);
  co_return paced;
}

}  // namespace ftl::batch_runner

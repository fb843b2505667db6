#include "services/batch-runner/run/attempt.h"

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "services/batch-runner/check/check.h"
#include "services/batch-runner/run/retry.h"
#include "services/batch-runner/run/run_metrics.h"

namespace ftl::batch_runner {
namespace {

using google::protobuf::util::TimeUtil;

// A prompt on which this many workers have died is not tried on another.
constexpr int kMaxTakeovers = 3;

absl::Duration LimitOf(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

// As it is stored: whole microseconds.
google::protobuf::Duration ProtoOf(absl::Duration duration) {
  return TimeUtil::MicrosecondsToDuration(absl::ToInt64Microseconds(duration));
}
google::protobuf::Duration Stored(const google::protobuf::Duration& duration) { return ProtoOf(LimitOf(duration)); }

ChatRequest RequestFor(const RunTarget& target, const pb::Prompt& prompt) {
  ChatRequest request{.model = target.model_id,
                      .messages = {},
                      .temperature = target.parameters.temperature(),
                      .max_tokens = target.parameters.max_tokens(),
                      .stream = target.parameters.stream(),
                      .may_ask_again = target.parameters.requests_per_minute() == 0,
                      .capabilities = target.capabilities};
  const bool has_own_system =
      !prompt.messages().empty() && (prompt.messages(0).role() == "system" || prompt.messages(0).role() == "developer");
  if (target.parameters.has_system_prompt() && !has_own_system) {
    request.messages.push_back({"system", target.parameters.system_prompt()});
  }
  for (const pb::PromptMessage& message : prompt.messages()) {
    request.messages.push_back({message.role(), message.content()});
  }
  if (prompt.messages().empty()) request.messages.push_back({"user", prompt.prompt()});
  return request;
}

bool IsLowered(const endpoint_pb::Capabilities& learned, const RunTarget& target) {
  const endpoint_pb::Capabilities& known = target.capabilities;
  return learned.has_max_tokens() && (!known.has_max_tokens() || learned.max_tokens() < known.max_tokens());
}

// One attempt: a request, and where it is refused over a parameter that can be left out, a second one, which waits for
// its turn as any other.
Task<ChatReply> Attempt(Caller& caller, const RunTarget& target, const ChatRequest& request,
                        const std::function<Task<>()>& turn) {
  const absl::Duration limit = LimitOf(target.parameters.timeout());
  CO_TRY(ChatReply reply,
         co_await caller.Chat(DeadlineIn(limit), target.endpoint, target.credential, target.session, request));
  if (!reply.may_ask_again) co_return std::move(reply);
  ChatRequest again = request;
  again.capabilities = reply.learned;
  CO_TRY(co_await turn());
  co_return co_await caller.Chat(DeadlineIn(limit), target.endpoint, target.credential, target.session, again);
}

void FillTiming(const endpoint_pb::Timing& timing, pb::Result& result) {
  if (timing.has_latency()) *result.mutable_latency() = Stored(timing.latency());
  if (timing.has_ttft()) *result.mutable_ttft() = Stored(timing.ttft());
  if (timing.has_ttfa()) *result.mutable_ttfa() = Stored(timing.ttfa());
  if (timing.has_itl_mean()) *result.mutable_itl_mean() = Stored(timing.itl_mean());
  if (timing.has_tpot()) *result.mutable_tpot() = Stored(timing.tpot());
  if (timing.has_dns()) *result.mutable_dns() = Stored(timing.dns());
  if (timing.has_connect()) *result.mutable_connect() = Stored(timing.connect());
  if (timing.has_tls()) *result.mutable_tls() = Stored(timing.tls());
  if (timing.has_wait()) *result.mutable_wait() = Stored(timing.wait());
  if (timing.has_stream()) *result.mutable_stream() = Stored(timing.stream());
  result.set_buffered(timing.buffered());
}

void FillReply(ChatReply reply, const pb::Prompt& prompt, pb::Result& result) {
  result.set_success(reply.ok());
  result.set_outcome(reply.outcome);
  if (!reply.ok()) {
    result.set_error(reply.failure.sentence);
    result.set_error_type(reply.failure.error_type);
    if (reply.failure.retry_after.value_or(absl::ZeroDuration()) > kLongestWait) {
      result.set_error_type(endpoint_pb::ERROR_TYPE_RATE_LIMIT);
    }
  }
  FillTiming(reply.timing, result);
  if (reply.ok() || reply.has_any_token()) {
    result.set_input_tokens(static_cast<int32_t>(reply.input_tokens));
    result.set_output_tokens(static_cast<int32_t>(reply.output_tokens));
    result.set_tokens_estimated(reply.tokens_estimated);
  }
  if (reply.usage.reasoning_tokens) result.set_reasoning_tokens(static_cast<int32_t>(*reply.usage.reasoning_tokens));
  if (reply.usage.cached_tokens) result.set_cached_tokens(static_cast<int32_t>(*reply.usage.cached_tokens));
  if (!reply.finish_reason.empty()) result.set_finish_reason(reply.finish_reason);
  if (reply.http_status != 0) result.set_http_status(reply.http_status);
  *result.mutable_client_lag() = ProtoOf(reply.client_lag);
  if (reply.ok()) {
    const absl::Duration latency = LimitOf(reply.timing.latency());
    for (pb::CheckOutcome& outcome : RunChecks(prompt, reply.text, latency)) *result.add_checks() = std::move(outcome);
  }
  if (reply.ok() || !reply.text.empty()) result.set_response(std::move(reply.text));
}

}  // namespace

Task<std::optional<FinishedPrompt>> RunPrompt(Caller& caller, std::shared_ptr<RunTarget> target, LeasedPrompt prompt,
                                              std::mt19937_64& random, CallRoom room) {
  FinishedPrompt finished{.fence = prompt.fence, .result = {}};
  pb::Result& result = finished.result;
  result.set_prompt_id(prompt.prompt_id);
  result.set_prompt(prompt.prompt.prompt());
  if (prompt.prompt.has_category()) result.set_category(prompt.prompt.category());
  if (prompt.difficulty != pb::DIFFICULTY_UNSPECIFIED) result.set_difficulty(prompt.difficulty);
  result.set_model_id(target->model_id);
  if (prompt.takeovers >= kMaxTakeovers) {
    result.set_error(fmt::format("{} workers stopped while they were calling this prompt, so it is not tried again.",
                                 prompt.takeovers));
    result.set_error_type(endpoint_pb::ERROR_TYPE_UNKNOWN);
    result.set_outcome(endpoint_pb::OUTCOME_POISONED);
    co_return std::optional(std::move(finished));
  }
  const ChatRequest request = RequestFor(*target, prompt.prompt);
  const auto started = std::chrono::steady_clock::now();
  ChatReply reply;
  while (true) {
    const absl::Time began = absl::Now();
    CO_TRY(reply, co_await Attempt(caller, *target, request, room.turn));
    run_metrics::Called(target->provider, reply, absl::Now() - began);
    result.set_attempts(result.attempts() + 1);
    // What the connection test cannot show: it sends no system prompt, and asks for few tokens.
    if (reply.ok() && reply.learned.has_system_role()) {
      target->capabilities.set_system_role(reply.learned.system_role());
    }
    if (reply.ok() && IsLowered(reply.learned, *target)) {
      target->capabilities.set_max_tokens(reply.learned.max_tokens());
      room.lowered();
    }
    if (reply.outcome == endpoint_pb::OUTCOME_THROTTLED) room.throttled(began);
    if (const auto wait = WaitAskedOfAll(reply)) {
      room.asked_to_wait(*wait);
      co_return std::optional<FinishedPrompt>();
    }
    const double jitter = std::uniform_real_distribution<>(0, 1)(random);
    const auto wait = WaitBeforeRetry(reply, result.attempts(), jitter);
    if (!wait) break;
    run_metrics::Retried();
    asio::steady_timer pause(co_await asio::this_coro::executor, DeadlineIn(*wait));
    const auto [cancelled] = co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    if (cancelled) co_return Refuse(Reason::kCancelled, "The run was stopped.");
    if (room.turn) CO_TRY(co_await room.turn());
  }
  *result.mutable_total() = ProtoOf(absl::FromChrono(std::chrono::steady_clock::now() - started));
  finished.called_at = std::chrono::steady_clock::now();
  FillReply(std::move(reply), prompt.prompt, result);
  co_return std::optional(std::move(finished));
}

}  // namespace ftl::batch_runner

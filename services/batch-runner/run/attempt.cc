#include "services/batch-runner/run/attempt.h"

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include "common/error/try.h"
#include "services/batch-runner/call/retry.h"

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

ChatRequest RequestFor(const CallTarget& target, const pb::RunParameters& parameters, const pb::Prompt& prompt) {
  ChatRequest request{.model = target.model_id,
                      .messages = {},
                      .temperature = parameters.temperature(),
                      .max_tokens = parameters.max_tokens(),
                      .stream = parameters.stream()};
  const bool has_own_system =
      !prompt.messages().empty() && (prompt.messages(0).role() == "system" || prompt.messages(0).role() == "developer");
  if (parameters.has_system_prompt() && !has_own_system) {
    request.messages.push_back({"system", parameters.system_prompt()});
  }
  for (const pb::PromptMessage& message : prompt.messages()) {
    request.messages.push_back({message.role(), message.content()});
  }
  if (prompt.messages().empty()) request.messages.push_back({"user", prompt.prompt()});
  return request;
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

void FillReply(ChatReply reply, pb::Result& result) {
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
  if (reply.ok() || !reply.text.empty()) result.set_response(std::move(reply.text));
}

}  // namespace

Task<Attempted> RunPrompt(Caller& caller, std::shared_ptr<CallTarget> target, const pb::RunParameters& parameters,
                          LeasedPrompt prompt, AnswerJudge& judge, std::mt19937_64& random, CallObserver observer) {
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
    co_return Attempted{.finished = std::move(finished), .asked_to_wait = {}};
  }
  ChatRequest request = RequestFor(*target, parameters, prompt.prompt);
  CO_TRY(PacedReply paced, co_await CallPaced(caller, target, std::move(request), LimitOf(parameters.timeout()), random,
                                              std::move(observer)));
  if (paced.asked_to_wait) co_return Attempted{.finished = std::nullopt, .asked_to_wait = *paced.asked_to_wait};
  finished.called_at = std::chrono::steady_clock::now();
  result.set_attempts(paced.attempts);
  *result.mutable_total() = ProtoOf(paced.total);
  ChatReply& reply = paced.reply;
  if (reply.ok()) {
    auto outcomes = co_await judge.Judge(prompt.prompt, reply.text, LimitOf(reply.timing.latency()));
    for (pb::CheckOutcome& outcome : outcomes) *result.add_checks() = std::move(outcome);
  }
  FillReply(std::move(reply), result);
  co_return Attempted{.finished = std::move(finished), .asked_to_wait = {}};
}

}  // namespace ftl::batch_runner

#include "services/batch-runner/chat/answer_events.h"

#include <algorithm>

#include <absl/strings/numbers.h>
#include <fmt/format.h>

#include "common/time/proto_time.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;
constexpr size_t kIdBytes = 36;

bool IsWithinCharacter(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

// The text after `at`, which moves behind it.
std::string_view TakePiece(std::string_view text, size_t& at) {
  at = std::min(at, text.size());
  while (IsWithinCharacter(text, at)) ++at;
  size_t end = std::min(text.size(), at + kPieceBytes);
  while (end > at && IsWithinCharacter(text, end)) --end;
  const std::string_view piece = text.substr(at, end - at);
  at = end;
  return piece;
}

std::optional<size_t> NumberOf(std::string_view digits) {
  int64_t number = 0;
  const bool is_number = absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()), &number);
  return is_number && number >= 0 ? std::optional<size_t>(number) : std::nullopt;
}

std::optional<double> TokensPerSecond(const pb::Message& answer) {
  absl::Duration writing = FromProto(answer.latency());
  if (answer.has_ttft()) writing -= FromProto(answer.ttft());
  const double seconds = absl::ToDoubleSeconds(writing);
  if (seconds <= 0 || answer.output_tokens() == 0) return std::nullopt;
  return answer.output_tokens() / seconds;
}

}  // namespace

std::string EventIdOf(std::string_view message_id, AnswerPlace place) {
  return fmt::format("{}-{}-{}", message_id, place.reasoning, place.content);
}

std::optional<AnswerCursor> CursorOf(std::string_view event_id) {
  if (event_id.size() <= kIdBytes || event_id[kIdBytes] != '-') return std::nullopt;
  const std::string_view numbers = event_id.substr(kIdBytes + 1);
  const size_t dash = numbers.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto reasoning = NumberOf(numbers.substr(0, dash));
  const auto content = NumberOf(numbers.substr(dash + 1));
  if (!reasoning || !content) return std::nullopt;
  return AnswerCursor{std::string(event_id.substr(0, kIdBytes)), {*reasoning, *content}};
}

pb::ChatEvent StartEvent(const std::string& conversation_id, const pb::Message& answer) {
  pb::ChatEvent event;
  pb::ChatStart& start = *event.mutable_start();
  start.set_conversation_id(conversation_id);
  start.set_message_id(answer.id());
  if (answer.has_parent_id()) start.set_parent_id(answer.parent_id());
  *start.mutable_model() = answer.model();
  if (answer.left_out() > 0) start.set_left_out(answer.left_out());
  return event;
}

std::optional<pb::ChatEvent> NextPiece(std::string_view message_id, std::string_view reasoning,
                                       std::string_view content, AnswerPlace& place) {
  pb::ChatEvent event;
  if (const std::string_view piece = TakePiece(reasoning, place.reasoning); !piece.empty()) {
    event.set_reasoning(std::string(piece));
  } else if (const std::string_view text = TakePiece(content, place.content); !text.empty()) {
    event.set_content(std::string(text));
  } else {
    return std::nullopt;
  }
  event.set_id(EventIdOf(message_id, place));
  return event;
}

std::vector<pb::ChatEvent> EndEvents(const std::string& conversation_id, const pb::Message& answer) {
  std::vector<pb::ChatEvent> events;
  for (const pb::MessageToolCall& call : answer.tool_calls()) *events.emplace_back().mutable_tool_call() = call;
  if (answer.has_latency()) {
    pb::ChatTiming& timing = *events.emplace_back().mutable_timing();
    if (answer.has_ttft()) *timing.mutable_ttft() = answer.ttft();
    *timing.mutable_latency() = answer.latency();
    if (const auto speed = TokensPerSecond(answer)) timing.set_tokens_per_second(*speed);
  }
  if (answer.has_output_tokens()) {
    pb::ChatTokenUsage& usage = *events.emplace_back().mutable_token_usage();
    usage.set_input_tokens(answer.input_tokens());
    usage.set_output_tokens(answer.output_tokens());
    if (answer.has_reasoning_tokens()) usage.set_reasoning_tokens(answer.reasoning_tokens());
    usage.set_estimated(answer.tokens_estimated());
  }
  const bool is_failed = answer.status() == pb::MESSAGE_STATUS_INCOMPLETE && answer.finish_reason() != kStopped;
  if (is_failed) {
    pb::ChatFailure& failure = *events.emplace_back().mutable_error();
    failure.set_message_id(answer.id());
    failure.set_message(answer.error());
    failure.set_error_type(answer.error_type());
  } else {
    pb::ChatDone& done = *events.emplace_back().mutable_done();
    done.set_message_id(answer.id());
    done.set_finish_reason(answer.finish_reason());
    if (answer.has_cost()) done.set_cost(answer.cost());
    done.set_conversation_id(conversation_id);
  }
  return events;
}

}  // namespace ftl::batch_runner

#include "services/sample-endpoint/completion.h"

#include <utility>

#include <fmt/format.h>

#include "services/sample-endpoint/pieces.h"
#include "services/sample-endpoint/prompt_hash.h"

namespace ftl::sample_endpoint {
namespace {

constexpr std::string_view kReasoning =
    "The person wants an answer. I have a canned one for this prompt, so I look it up, see whether it fits, and give "
    "it word for word. Nothing here was thought by a model.";

std::string Joined(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  return text;
}

std::string SixtyFourPieces() {
  std::string text;
  for (int i = 0; i < 64; ++i) text += " sample";
  return text;
}

std::string Said(const ChatRequest& request, const Temper& temper, const Answers& answers) {
  switch (temper.says) {
    case Says::kPrompt:
      return request.prompt;
    case Says::kSixtyFourPieces:
      return SixtyFourPieces();
    case Says::kAnswerAtLength:
      return answers.To(request.prompt).text + answers.AtLength();
    default:
      return answers.To(request.prompt).text;
  }
}

void CutAt(size_t limit, Completion& completion) {
  if (completion.reasoning.size() + completion.pieces.size() <= limit) return;
  completion.finish_reason = "length";
  if (completion.reasoning.size() > limit) completion.reasoning.resize(limit);
  completion.pieces.resize(limit - completion.reasoning.size());
}

}  // namespace

std::string Completion::Text() const { return Joined(pieces); }

std::string Completion::Reasoning() const { return Joined(reasoning); }

absl::Duration Completion::End() const { return std::max(pace.whole, pace.At(std::max(OutputTokens() - 1, 0))); }

Completion CompletionOf(const ChatRequest& request, const Temper& temper, const Answers& answers, absl::Time now) {
  Completion completion;
  completion.id = fmt::format("chatcmpl-sample-{:016x}", PromptHash(request.prompt));
  completion.model = request.model;
  completion.created = absl::ToUnixSeconds(now);
  completion.pieces = Pieces(Said(request, temper, answers));
  if (temper.says == Says::kReasonedAnswer) {
    const std::string& own = answers.To(request.prompt).reasoning;
    completion.reasoning = Pieces(own.empty() ? kReasoning : std::string_view(own));
  }
  completion.finish_reason = "stop";
  completion.input_tokens = request.input_tokens;
  completion.include_usage = request.include_usage;
  completion.pace = temper.PaceFor(request.prompt);
  if (const auto limit = request.TokenLimit()) CutAt(static_cast<size_t>(*limit), completion);
  return completion;
}

std::string ChunkJson(const Completion& completion, std::string_view choices, std::string_view more) {
  return fmt::format(
      R"({{"id":"{}","object":"chat.completion.chunk","created":{},"model":{},"system_fingerprint":"sample-endpoint","choices":[{}]{}}})",
      completion.id, completion.created, Quoted(completion.model), choices, more);
}

std::string DeltaChoice(std::string_view delta_fields, std::string_view finish_reason) {
  return fmt::format(R"({{"index":0,"delta":{{{}}},"logprobs":null,"finish_reason":{}}})", delta_fields,
                     finish_reason.empty() ? "null" : Quoted(finish_reason));
}

std::string UsageJson(const Completion& completion) {
  const int out = completion.OutputTokens();
  return fmt::format(
      R"({{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},"prompt_tokens_details":{{"cached_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":{}}}}})",
      completion.input_tokens, out, completion.input_tokens + out, completion.reasoning.size());
}

std::string ErrorJson(std::string_view message, std::string_view type, std::string_view code) {
  return fmt::format(R"({{"error":{{"message":{},"type":{},"param":null,"code":{}}}}})", Quoted(message), Quoted(type),
                     code.empty() ? "null" : Quoted(code));
}

Step RoleEvent(const Completion& completion) {
  return {completion.pace.At(0), Event(ChunkJson(completion, DeltaChoice(R"("role":"assistant","content":"")")))};
}

std::vector<Step> PieceEvents(const Completion& completion) {
  std::vector<Step> events;
  const auto add = [&](std::string_view field, const std::string& piece) {
    const std::string delta = fmt::format("\"{}\":{}", field, Quoted(piece));
    events.push_back({completion.pace.At(static_cast<int>(events.size())),
                      Event(ChunkJson(completion, DeltaChoice(delta))), events.empty()});
  };
  for (const std::string& piece : completion.reasoning) add("reasoning_content", piece);
  for (const std::string& piece : completion.pieces) add("content", piece);
  return events;
}

Step FinishEvent(const Completion& completion) {
  return {completion.End(), Event(ChunkJson(completion, DeltaChoice("", completion.finish_reason)))};
}

Step UsageEvent(const Completion& completion) {
  return {completion.End(), Event(ChunkJson(completion, "", ",\"usage\":" + UsageJson(completion)))};
}

Step DoneEvent(const Completion& completion) { return {completion.End(), "data: [DONE]\n\n"}; }

std::vector<Step> EventsOf(const Completion& completion) {
  std::vector<Step> events{RoleEvent(completion)};
  for (Step& event : PieceEvents(completion)) events.push_back(std::move(event));
  events.push_back(FinishEvent(completion));
  if (completion.include_usage) events.push_back(UsageEvent(completion));
  events.push_back(DoneEvent(completion));
  return events;
}

std::string WholeJson(const Completion& completion, std::string_view message_fields, std::string_view finish_reason) {
  std::string message = R"("role":"assistant","content":)" + Quoted(completion.Text());
  if (!completion.reasoning.empty()) message += ",\"reasoning_content\":" + Quoted(completion.Reasoning());
  return fmt::format(
      R"({{"id":"{}","object":"chat.completion","created":{},"model":{},"system_fingerprint":"sample-endpoint","choices":[{{"index":0,"message":{{{}}},"logprobs":null,"finish_reason":{}}}],"usage":{}}})",
      completion.id, completion.created, Quoted(completion.model), message_fields.empty() ? message : message_fields,
      Quoted(finish_reason.empty() ? completion.finish_reason : finish_reason), UsageJson(completion));
}

Script Answered(const ChatRequest& request, const Completion& completion) {
  if (request.stream) return EventStream(EventsOf(completion));
  return Json(200, WholeJson(completion), completion.End());
}

}  // namespace ftl::sample_endpoint

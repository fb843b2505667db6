#include "services/analytics/rpc/own_model.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/error/try.h"
#include "common/json/message_json.h"
#include "services/analytics/narrator/comment_gate.h"
#include "services/analytics/narrator/facts.h"
#include "services/analytics/narrator/grounding.h"
#include "services/analytics/narrator/model_prompt.h"
#include "services/analytics/narrator/summary.h"
#include "services/analytics/planner/builtin_planner.h"

namespace ftl::analytics {
namespace {

// How long it may plan, over all rounds, and what is read of one answer.
constexpr absl::Duration kLongestPlanning = absl::Seconds(60);
constexpr size_t kLongestPlan = 16 * 1024;
constexpr int kMostPlanTokens = 3000;
// What it is told of one result.
constexpr size_t kLongestResult = 8 * 1024;

Prose Plain(std::string text) { return {.text = std::move(text)}; }

// Rows are left out from the end until it fits; the total says how many there are.
std::string ResultForModel(pb::ToolResult table) {
  std::string text = ToJson(table);
  while (text.size() > kLongestResult && table.rows_size() > 0) {
    table.mutable_rows()->DeleteSubrange(table.rows_size() / 2, table.rows_size() - table.rows_size() / 2);
    table.clear_series();
    text = ToJson(table);
  }
  return text.size() > kLongestResult ? "{}" : text;
}

// The sentence that stands for a comment without words.
std::string SilenceText(const Language& language, const Remark& remark) {
  if (remark.silent) return language.Say("comment.silent");
  if (remark.reasoning_only) return language.Say("comment.reasoning_only");
  if (remark.tool_call_only) return language.Say("comment.tool_call_only");
  return language.Say(remark.whole ? "comment.none" : "comment.failed");
}

std::string LeftOutText(const Language& language, int sentences) {
  return language.Say("comment.left_out", {{"k", language.Number(sentences), static_cast<double>(sentences)}});
}

std::string LimitText(const Language& language, int turns) {
  return language.Say("comment.limit", {{"n", language.Number(turns)}});
}

}  // namespace

Task<> OwnModel::Plan(ModelPlan plan) {
  CallContext call = call_;
  call.deadline = std::min(call.deadline, DeadlineIn(kLongestPlanning));
  const std::string& session = answers_.session();
  while (!plan.is_over() && !commentary_.IsExhausted(session)) {
    std::string text;
    auto take = [&](std::string piece) -> Task<bool> {
      text += piece;
      co_return text.size() <= kLongestPlan;
    };
    Speech speech{.messages = plan.messages(), .tools = ModelPlan::Tools(), .max_tokens = kMostPlanTokens};
    CO_TRY(const std::optional<Remark> remark, co_await commentary_.Speak(call, session, std::move(speech), take));
    if (!remark) break;
    planning_.input_tokens += remark->input_tokens;
    planning_.output_tokens += remark->output_tokens;
    const std::vector<pb::Query> queries = plan.Take(text, remark->tool_calls);
    std::vector<std::string> results;
    for (const pb::Query& query : queries) {
      CO_TRY(pb::ToolResult table, co_await answers_.Answer(query, QueryAnswers::Planner::kOwnModel));
      results.push_back(ResultForModel(std::move(table)));
    }
    if (!queries.empty()) plan.TakeResults(results);
  }
  co_return absl::OkStatus();
}

// The model's words, sentence by sentence, each checked before it is shown, and what they cost. A model that fails
// costs nothing but its words.
Task<> OwnModel::Comment(std::string question) {
  if (answers_.exports() || request_.narrator() == pb::NARRATOR_BUILTIN) co_return co_await Usage();
  const std::string& session = answers_.session();
  const Language& language = answers_.language();
  if (commentary_.IsExhausted(session)) {
    CO_TRY(co_await pieces_.Paragraph(Plain("*" + LimitText(language, commentary_.max_turns()) + "*")));
    co_return co_await Usage();
  }
  CO_TRY(const Finding summary, co_await answers_.Find(SummaryQuery()));
  const std::string prompt = SystemPrompt(summary, answers_.told());
  const bool leads = request_.narrator() == pb::NARRATOR_MODEL;
  std::vector<ChatMessage> messages =
      leads ? TalkMessages(prompt, request_.messages()) : CommentMessages(prompt, question);
  Telling state(language);
  KnowMetrics(state, *summary.metrics);
  const Prose known = state.Finish("");
  std::vector<Fact> facts = answers_.facts();
  facts.insert(facts.end(), known.facts.begin(), known.facts.end());
  const Grounding grounding(facts, answers_.Names());
  CommentGate gate(grounding, /*may_think=*/!commentary_.SpeaksPlainly(session));
  bool begun = false;
  auto show = [&](std::string text) -> Task<> {
    if (text.empty()) co_return absl::OkStatus();
    if (!std::exchange(begun, true)) text = "\n\n" + language.Say("comment.head") + "\n\n" + text;
    co_return co_await pieces_.Text(std::move(text));
  };
  auto take = [&](std::string text) -> Task<bool> {
    CO_TRY(co_await show(gate.Push(text)));
    co_return !gate.is_full();
  };
  Speech speech{.messages = std::move(messages)};
  CO_TRY(const std::optional<Remark> remark, co_await commentary_.Speak(call_, session, std::move(speech), take));
  if (!remark) {
    if (leads) CO_TRY(co_await pieces_.Paragraph(Plain(language.Say("comment.no_key"))));
    co_return co_await Usage();
  }
  CO_TRY(co_await show(gate.Finish()));
  if (remark->whole && begun && !gate.has_thought()) commentary_.NotePlainSpeech(session);
  const int left_out = gate.verdict().sentences_left_out();
  std::string words;
  if (left_out > 0) words = LeftOutText(language, left_out);
  if (gate.is_full()) words = language.Say("comment.too_long");
  if (words.empty() && !begun && (leads || remark->reasoning_only || remark->tool_call_only)) {
    words = SilenceText(language, *remark);
  }
  if (!words.empty()) CO_TRY(co_await pieces_.Paragraph(Plain("*" + words + "*")));
  if (begun || left_out > 0) {
    pb::AnswerPiece piece;
    *piece.mutable_grounding() = gate.verdict();
    CO_TRY(co_await pieces_.Write(std::move(piece)));
  }
  co_return co_await pieces_.Usage(planning_.input_tokens + remark->input_tokens,
                                   planning_.output_tokens + remark->output_tokens);
}

}  // namespace ftl::analytics

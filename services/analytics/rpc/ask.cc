#include "services/analytics/rpc/ask.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "services/analytics/narrator/facts.h"
#include "services/analytics/narrator/grounding.h"
#include "services/analytics/narrator/model_prompt.h"
#include "services/analytics/narrator/replies.h"
#include "services/analytics/narrator/table.h"
#include "services/analytics/narrator/wording.h"
#include "services/analytics/planner/builtin_planner.h"
#include "services/analytics/planner/nearest.h"
#include "services/analytics/query/executor.h"
#include "services/analytics/query/session_runs.h"
#include "services/analytics/rpc/tellable.h"
#include "services/analytics/store/download_tokens.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {
namespace {

constexpr size_t kLongestMessage = 64 * 1024;
constexpr int kMostMessages = 200;
// A question is a sentence or two; what is longer is cut, so that nobody can make the planner work for long.
constexpr size_t kLongestQuestion = 2000;

using Pieces = rpc::Writer<pb::AskResponse>;

absl::Status Validate(const pb::AskRequest& request) {
  FieldFaults faults;
  if (request.session_id().empty()) faults.Add("session_id", "is missing");
  if (request.messages_size() > kMostMessages)
    faults.Add("messages", "has more than 200 messages; send the latest ones");
  for (int i = 0; i < request.messages_size() && i < kMostMessages; ++i) {
    const pb::Message& message = request.messages(i);
    if (message.role() != "user" && message.role() != "assistant") {
      faults.Add(fmt::format("messages[{}].role", i), "must be user or assistant");
    }
    if (!message.has_content()) faults.Add(fmt::format("messages[{}].content", i), "is missing");
    if (message.content().size() > kLongestMessage) {
      faults.Add(fmt::format("messages[{}].content", i), "must not be longer than 64 KiB");
    }
  }
  if (!pb::Narrator_IsValid(request.narrator())) {
    faults.Add("narrator", fmt::format("must be {}", EnumWords<pb::Narrator>()));
  }
  return faults.Verdict();
}

// What the person has asked, the last one to be answered. Empty where nothing is asked.
std::vector<std::string> QuestionsIn(const pb::AskRequest& request) {
  std::vector<std::string> questions;
  for (const pb::Message& message : request.messages()) {
    if (message.role() == "user") questions.push_back(message.content().substr(0, kLongestQuestion));
  }
  const bool asked = !questions.empty() && questions.back().find_first_not_of(" \t\r\n") != std::string::npos;
  if (!asked) questions.clear();
  return questions;
}

Task<> WriteText(Pieces& pieces, std::string text) {
  pb::AskResponse response;
  response.mutable_piece()->set_content(std::move(text));
  co_return co_await pieces.Write(response);
}

Task<> WriteFinding(Pieces& pieces, const Finding& finding) {
  constexpr char kId[] = "query-1";
  pb::AskResponse call;
  pb::ToolCall& told = *call.mutable_piece()->mutable_tool_call();
  told.set_id(kId);
  told.set_tool(ToolOf(finding.query));
  told.set_query_text(QueryText(finding.query));
  CO_TRY(co_await pieces.Write(call));
  pb::AskResponse result;
  pb::ToolResult& table = *result.mutable_piece()->mutable_tool_result();
  table = TableOf(finding);
  table.set_id(kId);
  co_return co_await pieces.Write(result);
}

// The built-in narrator spends none of the person's tokens, and says so.
Task<> WriteUsage(Pieces& pieces, int32_t input_tokens = 0, int32_t output_tokens = 0) {
  pb::AskResponse response;
  pb::TokenUsage& usage = *response.mutable_piece()->mutable_token_usage();
  usage.set_input_tokens(input_tokens);
  usage.set_output_tokens(output_tokens);
  co_return co_await pieces.Write(response);
}

std::string RunToExport(const SessionRuns& known, const std::string& run_id, const pb::Query& query) {
  int number = static_cast<int>(known.runs.size());
  for (const RunFacts& run : known.runs) {
    if (run.id == run_id) number = run.number;
  }
  for (const pb::Filter& filter : query.filters()) {
    if (filter.field() != pb::FILTER_FIELD_RUN) continue;
    const int said = static_cast<int>(filter.number());
    number = said > 0 ? said : static_cast<int>(known.runs.size()) + said;
  }
  number = std::clamp(number, 1, static_cast<int>(known.runs.size()));
  return known.runs[static_cast<size_t>(number) - 1].id;
}

Task<> AnswerExport(Database& database, const CallContext& call, std::string session, const SessionRuns& known,
                    std::string run_id, const pb::Query& query, Pieces& pieces) {
  const std::string run = RunToExport(known, run_id, query);
  CO_TRY(const std::string token,
         co_await OfferDownload(database, call, std::move(session), run, query.export_format()));
  const bool filtered = std::any_of(query.filters().begin(), query.filters().end(),
                                    [](const pb::Filter& filter) { return filter.field() != pb::FILTER_FIELD_RUN; });
  CO_TRY(co_await WriteText(pieces, TellExport(query.export_format(), filtered)));
  pb::AskResponse response;
  pb::ExportLink& link = *response.mutable_piece()->mutable_export_();
  link.set_format(query.export_format());
  link.set_path(fmt::format("/api/demo/v2/export?format={}&token={}", query.export_format(), token));
  co_return co_await pieces.Write(response);
}

// What is told without a query; nullopt where there is one.
std::optional<std::string> PlainReply(const Understanding& understanding) {
  if (understanding.refusal) return TellRefusal(*understanding.refusal);
  if (understanding.wants_help) return TellHelp(understanding.nearest);
  if (understanding.queries.empty()) return TellNotUnderstood(understanding.nearest);
  return std::nullopt;
}

// What the person's own model is asked to speak about.
struct Speech {
  std::string session;
  std::string facts;
  std::string question;
  pb::ToolResult rows;
  bool leads = false;  // the model answers; otherwise it comments on facts that are told already
};

// The model's words, their check, and what they cost. A model that fails costs nothing but its words: where it was to
// lead, the facts are told.
Task<> WriteSpeech(Database& database, Commentary& commentary, const CallContext& call, const pb::AskRequest& request,
                   const SessionRuns& known, Speech speech, Pieces& pieces) {
  CO_TRY(const Finding summary,
         co_await Execute(database, call, speech.session, known, request.test_run_id(), SummaryQuery()));
  const std::string prompt = SystemPrompt(summary, speech.facts);
  std::vector<ChatMessage> messages;
  if (speech.leads) {
    messages = TalkMessages(prompt, request.messages());
  } else {
    messages = CommentMessages(prompt, speech.question);
  }
  bool begun = speech.leads;
  auto take = [&](std::string text) -> Task<> {
    if (!std::exchange(begun, true)) text = "\n\n**Your model's comment:** " + text;
    co_return co_await WriteText(pieces, std::move(text));
  };
  CO_TRY(const std::optional<Remark> remark,
         co_await commentary.Speak(call, speech.session, std::move(messages), take));
  if (speech.leads && (!remark || !remark->whole)) {
    std::string words = "Your own model is not available for this session. These are the facts:\n\n";
    if (remark && remark->text.empty()) words = "Your own model did not answer. These are the facts:\n\n";
    if (remark && !remark->text.empty()) words = "\n\nYour own model broke off here. These are the facts:\n\n";
    CO_TRY(co_await WriteText(pieces, words + speech.facts));
  }
  if (!remark) co_return co_await WriteUsage(pieces);
  if (!remark->text.empty()) {
    pb::AskResponse response;
    *response.mutable_piece()->mutable_grounding() =
        CheckFigures(remark->text, speech.rows, std::vector<std::string>{prompt, speech.facts, speech.question});
    CO_TRY(co_await pieces.Write(response));
  }
  co_return co_await WriteUsage(pieces, remark->input_tokens, remark->output_tokens);
}

// What is understood of the questions, or the summary where none is asked.
Understanding Understand(const std::vector<std::string>& questions, const SessionRuns& known) {
  Understanding understanding;
  if (questions.empty()) {
    understanding.queries = {SummaryQuery()};
    return understanding;
  }
  Vocabulary vocabulary;
  vocabulary.categories = known.categories;
  if (!known.runs.empty()) vocabulary.suite = known.runs.back().suite;
  return Tellable(PlanBuiltin(questions, vocabulary));
}

Task<> WriteReply(Pieces& pieces, std::string text) {
  CO_TRY(co_await WriteText(pieces, std::move(text)));
  co_return co_await WriteUsage(pieces);
}

}  // namespace

Task<> Answer(Database& database, Commentary& commentary, const CallContext& call, const pb::AskRequest& request,
              Pieces& pieces) {
  CO_TRY(Validate(request));
  CO_TRY(const RunScope scope, co_await ResolveScope(database, call, request.session_id(), request.test_run_id()));
  CO_TRY(const SessionRuns known, co_await LoadSessionRuns(database, call, scope.session));
  const std::string run_id = scope.run.value_or("");
  const bool there =
      std::any_of(known.runs.begin(), known.runs.end(), [&](const RunFacts& run) { return run.id == run_id; });
  if (scope.run && !there) co_return RunNotFound();

  const std::vector<std::string> questions = QuestionsIn(request);
  Understanding understanding = Understand(questions, known);
  // The person's model may be talked to about anything; the facts it has are the summary's then.
  const bool model_leads = request.narrator() == pb::NARRATOR_MODEL;
  if (model_leads && understanding.queries.empty() && !understanding.refusal) understanding.queries = {SummaryQuery()};
  if (std::optional<std::string> reply = PlainReply(understanding)) {
    co_return co_await WriteReply(pieces, *std::move(reply));
  }
  if (known.runs.empty()) co_return co_await WriteReply(pieces, TellNoRun());
  if (understanding.queries.front().presentation() == pb::PRESENTATION_EXPORT) {
    CO_TRY(co_await AnswerExport(database, call, scope.session, known, run_id, understanding.queries.front(), pieces));
    co_return co_await WriteUsage(pieces);
  }
  const absl::StatusOr<Finding> finding =
      co_await Execute(database, call, scope.session, known, run_id, understanding.queries.front());
  // A run that the question names and that is not there is answered, not refused.
  if (!finding.ok() && ReasonOf(finding.status()) == Reason::kRunNotFound && !scope.run) {
    co_return co_await WriteReply(pieces, std::string(finding.status().message()));
  }
  CO_TRY(finding.status());
  CO_TRY(co_await WriteFinding(pieces, *finding));
  Speech speech;
  speech.session = scope.session;
  speech.facts = TellFacts(*finding, understanding.left_over);
  if (!model_leads) CO_TRY(co_await WriteText(pieces, speech.facts));
  if (request.narrator() == pb::NARRATOR_BUILTIN) co_return co_await WriteUsage(pieces);
  if (!questions.empty()) speech.question = questions.back();
  speech.rows = TableOf(*finding);
  speech.leads = model_leads;
  co_return co_await WriteSpeech(database, commentary, call, request, known, std::move(speech), pieces);
}

}  // namespace ftl::analytics

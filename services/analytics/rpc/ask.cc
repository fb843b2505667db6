#include "services/analytics/rpc/ask.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/message_json.h"
#include "common/proto/enum_word.h"
#include "services/analytics/narrator/comment_gate.h"
#include "services/analytics/narrator/facts.h"
#include "services/analytics/narrator/grounding.h"
#include "services/analytics/narrator/link.h"
#include "services/analytics/narrator/model_prompt.h"
#include "services/analytics/narrator/naming.h"
#include "services/analytics/narrator/quantity.h"
#include "services/analytics/narrator/replies.h"
#include "services/analytics/narrator/run_facts.h"
#include "services/analytics/narrator/summary.h"
#include "services/analytics/narrator/table.h"
#include "services/analytics/planner/builtin_planner.h"
#include "services/analytics/planner/model_plan.h"
#include "services/analytics/query/executor.h"
#include "services/analytics/query/session_runs.h"
#include "services/analytics/rpc/answer_pieces.h"
#include "services/analytics/rpc/spoken_language.h"
#include "services/analytics/store/download_tokens.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {
namespace {

constexpr size_t kLongestMessage = 64 * 1024;
constexpr int kMostMessages = 200;
// A question is a sentence or two; what is longer is cut, so that nobody can make the planner work for long.
constexpr size_t kLongestQuestion = 2000;
// A question leans on those shortly before it.
constexpr size_t kMostQuestions = 20;
// Results that a download is cut to at most; of more, the whole run is offered.
constexpr int kMostExported = 100'000;
// How long the person's model may plan, over all rounds, and what is read of one answer.
constexpr absl::Duration kLongestPlanning = absl::Seconds(60);
constexpr size_t kLongestPlan = 16 * 1024;
constexpr int kMostPlanTokens = 3000;
// What the model is told of one result.
constexpr size_t kLongestResult = 8 * 1024;
// When another session may be open at the latest, where this one has no more turns.
constexpr absl::Duration kLongestSession = absl::Hours(1);

absl::Status Validate(const pb::AskRequest& request) {
  FieldFaults faults;
  if (request.session_id().empty()) faults.Add("session_id", "is missing");
  CheckLanguage(request.language(), faults);
  if (!pb::Narrator_IsValid(request.narrator())) {
    faults.Add("narrator", fmt::format("must be {}", EnumWords<pb::Narrator>()));
  }
  if (request.messages_size() > kMostMessages) {
    faults.Add("messages", "has more than 200 messages; send the latest ones");
    return faults.Verdict();
  }
  for (int i = 0; i < request.messages_size(); ++i) {
    const pb::Message& message = request.messages(i);
    if (message.role() != "user" && message.role() != "assistant") {
      faults.Add(fmt::format("messages[{}].role", i), "must be user or assistant");
    }
    if (!message.has_content()) faults.Add(fmt::format("messages[{}].content", i), "is missing");
    if (message.content().size() > kLongestMessage) {
      faults.Add(fmt::format("messages[{}].content", i), "must not be longer than 64 KiB");
    }
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
  if (questions.size() > kMostQuestions) questions.erase(questions.begin(), questions.end() - kMostQuestions);
  return questions;
}

Prose Plain(std::string text) { return {.text = std::move(text)}; }

std::string RunsText(const Language& language, const SessionRuns& known) {
  const auto count = static_cast<double>(known.runs.size());
  return language.Say("run.runs", {{"n", CountText(language, count), count}});
}

// How results are handed out.
enum class Handout { kAll, kChosen, kNone, kTooMany, kReport };

std::string ExportText(const Language& language, const pb::Query& query, Handout handout, size_t chosen) {
  constexpr std::string_view kKeys[] = {"export.whole", "export.chosen", "export.none", "export.too_many",
                                        "export.report"};
  const std::string& format = query.export_format();
  const auto count = static_cast<double>(chosen);
  return language.Say(kKeys[static_cast<size_t>(handout)],
                      {{"format", format == "jsonl" ? "JSON Lines" : absl::AsciiStrToUpper(format)},
                       {"k", CountText(language, count), count},
                       {"filters", FiltersText(language, query)}});
}

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

bool IsReport(const std::string& format) { return format == "pdf" || format == "html"; }

// Names that may hold digits.
std::vector<std::string> NamesOf(const SessionRuns& known) {
  std::vector<std::string> names;
  for (const RunFacts& run : known.runs) {
    names.push_back(run.model);
    names.push_back(run.suite);
  }
  return names;
}

const RunFacts& RunToExport(const SessionRuns& known, const std::string& run_id, const pb::Query& query) {
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
  return known.runs[static_cast<size_t>(number) - 1];
}

Vocabulary VocabularyOf(const SessionRuns& known) {
  Vocabulary vocabulary;
  vocabulary.categories = known.categories;
  vocabulary.runs = static_cast<int>(known.runs.size());
  if (!known.runs.empty()) {
    vocabulary.suite = known.runs.back().suite;
    vocabulary.model = known.runs.back().model;
    vocabulary.prompts = known.runs.back().total_prompts;
  }
  return vocabulary;
}

// What is understood of the questions, or the summary where none is asked.
Understanding Understand(const pb::AskRequest& request, const std::vector<std::string>& questions,
                         const Vocabulary& vocabulary) {
  if (!questions.empty()) return PlanBuiltin(questions, vocabulary);
  Understanding understanding;
  understanding.queries = {SummaryQuery()};
  if (request.has_language()) understanding.language = request.language();
  return understanding;
}

// One answer under way.
class Asked {
 public:
  Asked(Database& database, Commentary& commentary, const CallContext& call, const pb::AskRequest& request,
        std::string session, std::string run_id, SessionRuns known, Understanding understanding, AnswerPieces& pieces)
      : database_(database),
        commentary_(commentary),
        call_(call),
        request_(request),
        session_(std::move(session)),
        run_id_(std::move(run_id)),
        known_(std::move(known)),
        understanding_(std::move(understanding)),
        language_(Language::Of(understanding_.language)),
        pieces_(pieces) {}

  // Facts, then the model's words where they are wanted.
  Task<> Answer(std::string question) {
    for (const pb::Query& query : understanding_.queries) CO_TRY(co_await AnswerQuery(query));
    co_return co_await Comment(std::move(question));
  }

  // The same for a question that was not understood: what the model makes of it, or `reply` where it makes nothing.
  Task<> AnswerByModel(const std::vector<std::string>& questions, const Vocabulary& vocabulary, std::string reply) {
    // Said at once: the model may take its time.
    if (co_await commentary_.MayBeAsked(session_)) {
      CO_TRY(co_await pieces_.Paragraph(Plain(language_.Say("plan.asks"))));
      CO_TRY(co_await PlanByModel(ModelPlan(questions, vocabulary)));
      if (calls_ == 0) CO_TRY(co_await pieces_.Paragraph(Plain(language_.Say("plan.nothing"))));
    }
    // The person's model may be talked to about anything; the facts it has are the summary's then.
    const bool talks = request_.narrator() == pb::NARRATOR_MODEL;
    if (calls_ == 0 && !talks) {
      CO_TRY(co_await pieces_.Paragraph(Plain(std::move(reply))));
      co_return co_await pieces_.Usage(planning_.input_tokens, planning_.output_tokens);
    }
    if (calls_ == 0) CO_TRY(co_await AnswerQuery(SummaryQuery()));
    co_return co_await Comment(questions.back());
  }

 private:
  Task<> Comment(std::string question) {
    if (exports_ || request_.narrator() == pb::NARRATOR_BUILTIN) {
      co_return co_await pieces_.Usage(planning_.input_tokens, planning_.output_tokens);
    }
    co_return co_await WriteSpeech(std::move(question));
  }

  Task<> PlanByModel(ModelPlan plan);
  Task<> AnswerQuery(const pb::Query& query);
  Task<> AnswerExport(const pb::Query& query, const std::string& id);
  Task<> WriteSpeech(std::string question);

  Task<> WriteCall(const pb::Query& query, const std::string& id) {
    pb::AnswerPiece piece;
    pb::ToolCall& told = *piece.mutable_tool_call();
    told.set_id(id);
    told.set_tool(ToolOf(query));
    const std::string text = QueryText(language_, query);
    told.set_query_text(by_model_ ? language_.Say("query.by_model", {{"query", text}}) : text);
    *told.mutable_query() = query;
    if (by_model_) told.set_by_model(true);
    co_return co_await pieces_.Write(std::move(piece));
  }

  Task<> WriteResult(pb::ToolResult table, const std::string& id) {
    table.set_id(id);
    if (by_model_) results_.push_back(ResultForModel(table));
    pb::AnswerPiece piece;
    *piece.mutable_tool_result() = std::move(table);
    co_return co_await pieces_.Write(std::move(piece));
  }

  Task<> WriteProse(Prose prose) {
    facts_ += (facts_.empty() ? "" : "\n\n") + prose.text;
    known_facts_.insert(known_facts_.end(), prose.facts.begin(), prose.facts.end());
    co_return co_await pieces_.Paragraph(std::move(prose));
  }

  Database& database_;
  Commentary& commentary_;
  const CallContext& call_;
  const pb::AskRequest& request_;
  const std::string session_;
  const std::string run_id_;
  const SessionRuns known_;
  const Understanding understanding_;
  const Language& language_;
  AnswerPieces& pieces_;
  int calls_ = 0;
  bool exports_ = false;
  bool by_model_ = false;             // the query under way was planned by the model
  std::vector<std::string> results_;  // of such queries, for the model
  Remark planning_;                   // what that took
  std::string facts_;                 // as they were told
  std::vector<Fact> known_facts_;     // their figures
};

Task<> Asked::AnswerExport(const pb::Query& query, const std::string& id) {
  const RunFacts& run = RunToExport(known_, run_id_, query);
  const pb::Query wanted = WithoutRun(query);
  Handout handout = Handout::kAll;
  std::optional<std::vector<int32_t>> chosen;
  if (wanted.filters_size() + wanted.among_size() + wanted.slices_size() > 0 || wanted.has_limit()) {
    RunScope scope;
    scope.session = session_;
    scope.run = run.id;
    CO_TRY(chosen, co_await FindChosen(database_, call_, std::move(scope), wanted, kMostExported + 1));
    handout = IsReport(query.export_format())       ? Handout::kReport
              : chosen->empty()                     ? Handout::kNone
              : std::ssize(*chosen) > kMostExported ? Handout::kTooMany
                                                    : Handout::kChosen;
  }
  pb::ToolResult result;
  result.set_total(handout == Handout::kChosen || handout == Handout::kNone ? std::ssize(*chosen) : run.results());
  ResultsLink link({run});
  if (handout == Handout::kChosen) link.Where(wanted);
  if (handout == Handout::kChosen && !link.Path()) {
    link = ResultsLink({run});
    link.Only(*chosen);
  }
  result.set_link(link.PathOrNothing());
  CO_TRY(co_await WriteResult(std::move(result), id));
  Finding of_run;
  of_run.runs = {run};
  Telling telling(language_);
  const std::string text =
      TellState(telling, of_run) + ExportText(language_, wanted, handout, chosen ? chosen->size() : 0);
  CO_TRY(co_await WriteProse(telling.Finish(text)));
  if (handout == Handout::kNone) co_return absl::OkStatus();
  if (handout != Handout::kChosen) chosen.reset();
  CO_TRY(const std::string token,
         co_await OfferDownload(database_, call_, session_, run.id, query.export_format(), std::move(chosen)));
  pb::AnswerPiece piece;
  pb::ExportLink& download = *piece.mutable_export_();
  download.set_format(query.export_format());
  download.set_path(fmt::format("/api/demo/v2/export?format={}&token={}", query.export_format(), token));
  co_return co_await pieces_.Write(std::move(piece));
}

Task<> Asked::AnswerQuery(const pb::Query& query) {
  const std::string id = fmt::format("query-{}", ++calls_);
  CO_TRY(co_await WriteCall(query, id));
  exports_ |= query.presentation() == pb::PRESENTATION_EXPORT;
  if (query.presentation() == pb::PRESENTATION_EXPORT) co_return co_await AnswerExport(query, id);
  const absl::StatusOr<Finding> finding = co_await Execute(database_, call_, session_, known_, run_id_, query);
  // A run that the question names and that is not there is answered, not refused.
  if (!finding.ok() && ReasonOf(finding.status()) == Reason::kRunNotFound) {
    co_return co_await WriteProse(Plain(RunsText(language_, known_)));
  }
  CO_TRY(finding.status());
  CO_TRY(co_await WriteResult(TableOf(*finding), id));
  Telling telling(language_);
  const std::string text = TellFacts(telling, *finding);
  co_return co_await WriteProse(telling.Finish(text));
}

// The model plans, round by round, and each of its queries is answered as it comes.
Task<> Asked::PlanByModel(ModelPlan plan) {
  CallContext call = call_;
  call.deadline = std::min(call.deadline, DeadlineIn(kLongestPlanning));
  by_model_ = true;
  while (!plan.is_over() && !commentary_.IsExhausted(session_)) {
    std::string text;
    auto take = [&](std::string piece) -> Task<bool> {
      text += piece;
      co_return text.size() <= kLongestPlan;
    };
    Speech speech{.messages = plan.messages(), .tools = ModelPlan::Tools(), .max_tokens = kMostPlanTokens};
    CO_TRY(const std::optional<Remark> remark, co_await commentary_.Speak(call, session_, std::move(speech), take));
    if (!remark) break;
    planning_.input_tokens += remark->input_tokens;
    planning_.output_tokens += remark->output_tokens;
    const std::vector<pb::Query> queries = plan.Take(text, remark->tool_calls);
    results_.clear();
    for (const pb::Query& query : queries) CO_TRY(co_await AnswerQuery(query));
    if (!queries.empty()) plan.TakeResults(results_);
  }
  by_model_ = false;
  co_return absl::OkStatus();
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

absl::Status ChatLimitReached(int turns) {
  return Refuse(Reason::kChatLimitReached,
                fmt::format("Your model has been asked {} times in this session, which is the limit. Ask with the "
                            "narrator builtin, or open another session.",
                            turns))
      .With("limit", turns)
      .RetryAfter(kLongestSession);
}

// The model's words, sentence by sentence, each checked before it is shown, and what they cost. A model that fails
// costs nothing but its words.
Task<> Asked::WriteSpeech(std::string question) {
  if (commentary_.IsExhausted(session_)) {
    CO_TRY(co_await pieces_.Paragraph(Plain("*" + LimitText(language_, commentary_.max_turns()) + "*")));
    co_return co_await pieces_.Usage(planning_.input_tokens, planning_.output_tokens);
  }
  CO_TRY(const Finding summary, co_await Execute(database_, call_, session_, known_, run_id_, SummaryQuery()));
  const std::string prompt = SystemPrompt(summary, facts_);
  const bool leads = request_.narrator() == pb::NARRATOR_MODEL;
  std::vector<ChatMessage> messages = CommentMessages(prompt, question);
  if (leads) messages = TalkMessages(prompt, request_.messages());
  Telling state(language_);
  KnowMetrics(state, *summary.metrics);
  const Prose known = state.Finish("");
  known_facts_.insert(known_facts_.end(), known.facts.begin(), known.facts.end());
  const Grounding grounding(known_facts_, NamesOf(known_));
  CommentGate gate(grounding, /*may_think=*/!commentary_.SpeaksPlainly(session_));
  bool begun = false;
  auto show = [&](std::string text) -> Task<> {
    if (text.empty()) co_return absl::OkStatus();
    if (!std::exchange(begun, true)) text = "\n\n" + language_.Say("comment.head") + "\n\n" + text;
    co_return co_await pieces_.Text(std::move(text));
  };
  auto take = [&](std::string text) -> Task<bool> {
    CO_TRY(co_await show(gate.Push(text)));
    co_return !gate.is_full();
  };
  Speech speech{.messages = std::move(messages)};
  CO_TRY(const std::optional<Remark> remark, co_await commentary_.Speak(call_, session_, std::move(speech), take));
  if (!remark) {
    if (leads) CO_TRY(co_await pieces_.Paragraph(Plain(language_.Say("comment.no_key"))));
    co_return co_await pieces_.Usage(planning_.input_tokens, planning_.output_tokens);
  }
  CO_TRY(co_await show(gate.Finish()));
  if (remark->whole && begun && !gate.has_thought()) commentary_.NotePlainSpeech(session_);
  const int left_out = gate.verdict().sentences_left_out();
  std::string words;
  if (left_out > 0) words = LeftOutText(language_, left_out);
  if (gate.is_full()) words = language_.Say("comment.too_long");
  if (words.empty() && !begun && (leads || remark->reasoning_only || remark->tool_call_only)) {
    words = SilenceText(language_, *remark);
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

}  // namespace

Task<> Answer(Database& database, Commentary& commentary, const CallContext& call, const pb::AskRequest& request,
              rpc::Writer<pb::AskResponse>& writer) {
  CO_TRY(Validate(request));
  CO_TRY(const RunScope scope, co_await ResolveScope(database, call, request.session_id(), request.test_run_id()));
  CO_TRY(SessionRuns known, co_await LoadSessionRuns(database, call, scope.session));
  const std::string run_id = scope.run.value_or("");
  const bool there =
      std::any_of(known.runs.begin(), known.runs.end(), [&](const RunFacts& run) { return run.id == run_id; });
  if (scope.run && !there) co_return RunNotFound();

  const bool wants_model = request.narrator() == pb::NARRATOR_MODEL;
  if (wants_model && commentary.IsExhausted(scope.session)) co_return ChatLimitReached(commentary.max_turns());

  AnswerPieces pieces(writer);
  const std::vector<std::string> questions = QuestionsIn(request);
  const Vocabulary vocabulary = VocabularyOf(known);
  Understanding understanding = Understand(request, questions, vocabulary);
  const Language& language = Language::Of(understanding.language);
  std::optional<std::string> reply = TellPlainReply(language, understanding);
  if (known.runs.empty()) {
    if (!reply) reply = language.Say("no_run");
  } else if (IsNothing(understanding) && request.narrator() != pb::NARRATOR_BUILTIN) {
    Asked asked(database, commentary, call, request, scope.session, run_id, std::move(known), std::move(understanding),
                pieces);
    co_return co_await asked.AnswerByModel(questions, vocabulary, *std::move(reply));
  } else if (reply && wants_model && !understanding.refusal) {
    // The person's model may be talked to about anything; the facts it has are the summary's then.
    understanding.queries = {SummaryQuery()};
    reply.reset();
  }
  if (reply) {
    CO_TRY(co_await pieces.Paragraph(Plain(*std::move(reply))));
    co_return co_await pieces.Usage();
  }
  Asked asked(database, commentary, call, request, scope.session, run_id, std::move(known), std::move(understanding),
              pieces);
  std::string question;
  if (!questions.empty()) question = questions.back();
  co_return co_await asked.Answer(std::move(question));
}

}  // namespace ftl::analytics

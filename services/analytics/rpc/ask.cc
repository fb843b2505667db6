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
#include "services/analytics/narrator/replies.h"
#include "services/analytics/planner/builtin_planner.h"
#include "services/analytics/planner/nearest.h"
#include "services/analytics/query/session_runs.h"
#include "services/analytics/rpc/answer_pieces.h"
#include "services/analytics/rpc/own_model.h"
#include "services/analytics/rpc/query_answers.h"
#include "services/analytics/rpc/spoken_language.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {
namespace {

constexpr size_t kLongestMessage = 64 * 1024;
constexpr int kMostMessages = 200;
// A question is a sentence or two; what is longer is cut, so that nobody can make the planner work for long.
constexpr size_t kLongestQuestion = 2000;
// A question leans on those shortly before it.
constexpr size_t kMostQuestions = 20;
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

// Whether the choices may be asked as they stand: each has its reading, and no other.
bool MayBeAsked(const Understanding& understanding, const Vocabulary& vocabulary) {
  const Language& language = Language::Of(understanding.language);
  return std::all_of(understanding.choices.begin(), understanding.choices.end(), [&](const Choice& choice) {
    const Understanding again = PlanBuiltin({ChoiceText(language, choice)}, vocabulary);
    return again.queries.size() == 1 && again.queries[0].SerializeAsString() == choice.query.SerializeAsString();
  });
}

// What is understood of the questions, or the summary where none is asked.
Understanding Understand(const pb::AskRequest& request, const std::vector<std::string>& questions,
                         const Vocabulary& vocabulary) {
  Understanding understanding;
  if (!questions.empty()) {
    understanding = PlanBuiltin(questions, vocabulary);
    if (understanding.choices.empty() || MayBeAsked(understanding, vocabulary)) return understanding;
    understanding.choices.clear();
    understanding.nearest = NearestQuestions(questions.back(), understanding.language);
    return understanding;
  }
  understanding.queries = {SummaryQuery()};
  if (request.has_language()) understanding.language = request.language();
  return understanding;
}

absl::Status ChatLimitReached(int turns) {
  return Refuse(Reason::kChatLimitReached,
                fmt::format("Your model has been asked {} times in this session, which is the limit. Ask with the "
                            "narrator builtin, or open another session.",
                            turns))
      .With("limit", turns)
      .RetryAfter(kLongestSession);
}

// A question that was not understood: what the session's own model makes of it, or `reply` where it makes nothing.
Task<> AnswerByModel(OwnModel& model, QueryAnswers& answers, AnswerPieces& pieces,
                     const std::vector<std::string>& questions, const Vocabulary& vocabulary, std::string reply,
                     bool talks) {
  // Said at once: the model may take its time.
  if (co_await model.MayPlan()) {
    CO_TRY(co_await pieces.Paragraph(Plain(answers.language().Say("plan.asks"))));
    CO_TRY(co_await model.Plan(ModelPlan(questions, vocabulary)));
    if (answers.is_empty()) CO_TRY(co_await pieces.Paragraph(Plain(answers.language().Say("plan.nothing"))));
  }
  if (answers.is_empty() && !talks) {
    CO_TRY(co_await pieces.Paragraph(Plain(std::move(reply))));
    co_return co_await model.Usage();
  }
  // The person's model may be talked to about anything; the facts it has are the summary's then.
  if (answers.is_empty()) CO_TRY((co_await answers.Answer(SummaryQuery())).status());
  co_return co_await model.Comment(questions.back());
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
  if (known.runs.empty() && !reply) reply = language.Say("no_run");
  const bool has_runs = !known.runs.empty();
  QueryAnswers answers(database, call, scope.session, run_id, std::move(known), language, pieces);
  OwnModel model(commentary, call, request, answers, pieces);
  if (has_runs && IsNothing(understanding) && request.narrator() != pb::NARRATOR_BUILTIN) {
    co_return co_await AnswerByModel(model, answers, pieces, questions, vocabulary, *std::move(reply), wants_model);
  }
  if (has_runs && reply && wants_model && !understanding.refusal) {
    // The person's model may be talked to about anything; the facts it has are the summary's then.
    understanding.queries = {SummaryQuery()};
    reply.reset();
  }
  if (reply) {
    CO_TRY(co_await pieces.Paragraph(Plain(*std::move(reply))));
    co_return co_await pieces.Usage();
  }
  for (const pb::Query& query : understanding.queries) CO_TRY((co_await answers.Answer(query)).status());
  // Named first: GCC 12 destroys a temporary of a conditional within co_await twice.
  std::string question = questions.empty() ? std::string() : questions.back();
  co_return co_await model.Comment(std::move(question));
}

}  // namespace ftl::analytics

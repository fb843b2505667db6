#include "services/analytics/narrator/replies.h"

#include <vector>

#include <absl/strings/str_replace.h>

#include "common/proto/enum_word.h"
#include "services/analytics/narrator/naming.h"
#include "services/analytics/narrator/quantity.h"
#include "services/analytics/narrator/telling.h"

namespace ftl::analytics {
namespace {

std::string Bullets(const std::vector<std::string>& questions) {
  std::string text;
  for (const std::string& question : questions) text += "\n- " + question;
  return text;
}

struct Refused {
  Topic topic;
  std::string_view key;
  std::string_view example;
};

constexpr Refused kRefusals[] = {
    {Topic::kCost, "refusal.cost", "example.cost"},
    {Topic::kQuality, "refusal.quality", "example.quality"},
    {Topic::kOtherSession, "refusal.other_session", "example.other_session"},
    {Topic::kSecrets, "refusal.secrets", "example.failed"},
    {Topic::kInstructions, "refusal.instructions", "example.summary"},
    {Topic::kActions, "refusal.actions", "example.summary"},
    {Topic::kElsewhere, "refusal.elsewhere", "example.latency"},
};

std::string TellRefusal(const Language& language, Topic topic) {
  for (const Refused& refused : kRefusals) {
    if (refused.topic == topic) return language.Say(refused.key, {{"example", language.Say(refused.example)}});
  }
  return "";
}

std::string TellContradiction(const Language& language, const Contradiction& contradiction) {
  const std::string_view key = contradiction.kind == Contradiction::Kind::kPrompt ? "contradiction.prompt"
                               : contradiction.kind == Contradiction::Kind::kRun  ? "contradiction.run"
                                                                                  : "contradiction.listed";
  const auto count = static_cast<double>(contradiction.count);
  return language.Say(key, {{"named", language.Number(static_cast<double>(contradiction.named))},
                            {"count", CountText(language, count), count}});
}

}  // namespace

std::string ChoiceText(const Language& language, const Choice& choice) {
  if (choice.question.empty()) return absl::StrReplaceAll(QueryText(language, choice.query), {{" · ", ", "}});
  std::string key = "example.choice." + EnumWord(choice.query.measure());
  if (choice.query.order() != pb::ORDER_UNSPECIFIED) key += "." + EnumWord(choice.query.order());
  return language.Has(key) ? language.Say(key) : choice.question;
}

namespace {

std::string WordsText(const Language& language, const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(language.Say("quote", {{"text", Quoted(word, 30)}}));
  return language.And(quoted);
}

}  // namespace

std::optional<std::string> TellPlainReply(const Language& language, const Understanding& understanding) {
  if (understanding.refusal) return TellRefusal(language, *understanding.refusal);
  if (understanding.contradiction) return TellContradiction(language, *understanding.contradiction);
  if (!understanding.choices.empty()) {
    std::vector<std::string> questions;
    for (const Choice& choice : understanding.choices) questions.push_back(ChoiceText(language, choice));
    return language.Say("two_readings") + "\n" + Bullets(questions);
  }
  if (understanding.wants_help) return language.Say("help") + "\n" + Bullets(understanding.nearest);
  if (!understanding.queries.empty()) return std::nullopt;
  const std::string_view key = understanding.left_over.empty() ? "not_understood" : "not_understood.words";
  return language.Say(key, {{"words", WordsText(language, understanding.left_over)}}) + "\n" +
         Bullets(understanding.nearest);
}

}  // namespace ftl::analytics

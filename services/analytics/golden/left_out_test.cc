#include <algorithm>
#include <map>
#include <span>

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/analytics/golden/entries.h"
#include "services/analytics/planner/builtin_planner.h"
#include "services/analytics/planner/query_words.h"

namespace ftl::analytics {
namespace {

using Additions = std::vector<std::string>;

// What nothing is known of: a question that has it beside all else is declined, or looks for it as a text.
const std::map<std::string, Additions>& Unknown() {
  static const auto& words = *new std::map<std::string, Additions>{
      {"en",
       {"by country", "per user", "of the blue ones", "excluding weekends", "in dollars", "last week", "on GPU 2",
        "except the French ones", "for premium customers", "in Berlin", "sent by Anna", "after midnight", "hourly",
        "with concurrency 4", "squared", "without streaming", "not including Tuesdays", "around noon"}},
      {"de",
       {"nach Land", "pro Benutzer", "der blauen", "ohne Wochenenden", "in Dollar", "letzte Woche", "auf GPU 2",
        "außer den französischen", "für Premiumkunden", "in Berlin", "nach Mitternacht"}},
      {"es",
       {"por país", "por usuario", "de los azules", "sin fines de semana", "en dólares", "la semana pasada",
        "en la GPU 2", "excepto los franceses", "en Berlín", "después de medianoche"}},
      {"fr",
       {"par pays", "par utilisateur", "des bleus", "sans les week-ends", "en dollars", "la semaine dernière",
        "sauf les français", "à Berlin", "après minuit"}},
      {"pt",
       {"por país", "por usuário", "dos azuis", "sem fins de semana", "em dólares", "na semana passada", "na GPU 2",
        "exceto os franceses", "em Berlim", "depois da meia-noite"}},
      {"zh", {"按国家", "每个用户", "蓝色的", "不包括周末", "以美元计", "上周", "柏林的", "午夜之后"}},
      {"ja", {"国別", "ユーザーごと", "青いものの", "週末を除く", "ドルで", "先週", "ベルリンの", "真夜中以降の"}}};
  return words;
}

// What leaves results out, or says how many: a question that has it is never answered as it is without.
constexpr const char* kLeavesOut[] = {"excluding billing", "except code", "but not billing", "not truncated"};
constexpr const char* kSaysHowMany[] = {"either",     "twice as many", "a third more", "half as many",
                                        "each other", "around 300 ms", "roughly 5"};

Vocabulary Known() {
  Vocabulary vocabulary;
  vocabulary.categories = {"billing", "code", "returns", "technical"};
  vocabulary.suite = "Customer Support - Easy";
  vocabulary.model = "Model";
  vocabulary.prompts = 40;
  vocabulary.runs = 2;
  return vocabulary;
}

std::string Meaning(const std::vector<std::string>& turns) {
  std::string words;
  for (const pb::Query& query : PlanBuiltin(turns, Known()).queries) absl::StrAppend(&words, QueryWords(query), " ++ ");
  return words;
}

// The talk with more said in its last question, before its marks.
std::vector<std::string> With(std::vector<std::string> turns, const std::string& addition, bool spaced) {
  std::string& last = turns.back();
  size_t end = last.size();
  for (const absl::string_view mark : {"?", ".", "!", " ", "？", "。"}) {
    while (absl::EndsWith(absl::string_view(last).substr(0, end), mark)) end -= mark.size();
  }
  last.insert(end, (spaced ? " " : "") + addition);
  return turns;
}

// Whether what was understood looks for words of the addition.
bool LooksFor(const std::string& meaning, const std::string& addition) {
  for (const absl::string_view word : absl::StrSplit(addition, ' ')) {
    if (word.size() > 3 && absl::StrContains(meaning, absl::StrCat("text")) && absl::StrContains(meaning, word)) {
      return true;
    }
  }
  return false;
}

struct Asked {
  std::string language;
  std::vector<std::string> turns;
  std::string meaning;
};

// The answered questions of golden/written.txt.
const std::vector<Asked>& Answered() {
  static const auto& all = *new std::vector<Asked>([] {
    std::vector<Asked> asked;
    for (const Entry& entry : WrittenEntries()) {
      const std::string meaning = Meaning(entry.turns);
      if (!meaning.empty()) asked.push_back({entry.kind.substr(entry.kind.rfind(' ') + 1), entry.turns, meaning});
    }
    return asked;
  }());
  return all;
}

TEST(LeftOutTest, NoWordThatNothingIsKnownOfIsPassedOver) {
  ASSERT_GT(Answered().size(), 300);
  for (const Asked& asked : Answered()) {
    const bool spaced = asked.language != "zh" && asked.language != "ja";
    for (const std::string& addition : Unknown().at(asked.language)) {
      const std::vector<std::string> turns = With(asked.turns, addition, spaced);
      const std::string meaning = Meaning(turns);
      EXPECT_TRUE(meaning.empty() || LooksFor(meaning, addition)) << turns.back() << "\n  " << meaning;
    }
  }
}

TEST(LeftOutTest, NoNegationAndNoQuantifierIsPassedOver) {
  for (const Asked& asked : Answered()) {
    if (asked.language != "en") continue;
    for (const auto& additions :
         {std::span<const char* const>(kLeavesOut), std::span<const char* const>(kSaysHowMany)}) {
      for (const char* addition : additions) {
        const std::vector<std::string> turns = With(asked.turns, addition, true);
        EXPECT_NE(Meaning(turns), asked.meaning) << turns.back();
      }
    }
  }
}

TEST(LeftOutTest, BothIsOfTwo) {
  EXPECT_EQ(Meaning({"average latency both"}), "");
  EXPECT_EQ(Meaning({"average latency of the billing prompts both"}), "");
  EXPECT_NE(Meaning({"both the mean and the median latency"}), "");
}

}  // namespace
}  // namespace ftl::analytics

#include "services/analytics/narrator/grounding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/analytics/narrator/claim_words.h"
#include "services/analytics/narrator/comment_gate.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

// 8 of 10 prompts succeeded; mean 1690.3 ms, p95 2899.8 ms, first token 56.25 ms; 225 tokens on average, 1,955 in all;
// #10 is the slowest with 3005 ms, #9 the next with 2704.5 ms; billing takes 1502.5 ms, returns 1803 ms.
class GroundingTest : public testing::Test {
 protected:
  static std::vector<Fact> Facts() {
    const auto ms = Unit::kMilliseconds;
    return {
        {.value = 8, .of = 10, .verdict = Verdict::kSuccess},
        {.value = 2, .of = 10, .verdict = Verdict::kFailure},
        {.value = 10},
        {.unit = Unit::kPerCent, .value = 80, .of = 10, .verdict = Verdict::kSuccess},
        {.unit = Unit::kPerCent, .value = 20, .of = 10, .verdict = Verdict::kFailure},
        {.unit = ms, .value = 1690.3125, .measure = pb::MEASURE_LATENCY, .statistic = pb::STATISTIC_MEAN},
        {.unit = ms,
         .value = 2899.8,
         .measure = pb::MEASURE_LATENCY,
         .statistic = pb::STATISTIC_PERCENTILE,
         .percentile = 95},
        {.unit = ms, .value = 56.25, .measure = pb::MEASURE_TTFT, .statistic = pb::STATISTIC_MEAN},
        {.unit = Unit::kTokens, .value = 225, .measure = pb::MEASURE_OUTPUT_TOKENS, .statistic = pb::STATISTIC_MEAN},
        {.unit = Unit::kTokens, .value = 1955, .measure = pb::MEASURE_TOTAL_TOKENS, .statistic = pb::STATISTIC_SUM},
        {.unit = ms, .value = 3005, .measure = pb::MEASURE_LATENCY, .prompt = 10, .rank = 1},
        {.unit = ms, .value = 2704.5, .measure = pb::MEASURE_LATENCY, .prompt = 9, .rank = 2},
        {.unit = ms,
         .value = 1502.5,
         .measure = pb::MEASURE_LATENCY,
         .statistic = pb::STATISTIC_MEAN,
         .group = "billing"},
        {.unit = ms,
         .value = 1803,
         .measure = pb::MEASURE_LATENCY,
         .statistic = pb::STATISTIC_MEAN,
         .group = "returns"},
        {.value = 3, .of = 8, .verdict = Verdict::kOther},
        {.unit = ms, .value = 2000, .measure = pb::MEASURE_LATENCY, .is_bound = true},
    };
  }
  bool Bears(std::string_view sentence) {
    pb::Grounding found;
    return grounding_.Bears(sentence, found);
  }
  const Grounding grounding_{Facts(), {"gpt-4o 2024-08-06", "Customer Support - Easy"}};
};

TEST_F(GroundingTest, WhatTheFactsSayIsShown) {
  for (const char* sentence : {
           "The average latency of 1.69 s is fine.",
           "8 of 10 prompts succeeded.",
           "Two prompts failed.",
           "The success rate is 80%.",
           "A fifth is not named, but 20% failed.",
           "The p95 is 2.9 s, with a mean of 1.7 s.",
           "1.69 s on average.",
           "It used 1,955 tokens in total.",
           "The slowest prompt was #10 at 3.005 s.",
           "#9 took 2,704.5 ms.",
           "In billing the average is 1.5 s.",
           "Three of 8 took more than 2 s.",
           "The p95 of 2.9 s is higher than the mean of 1.69 s.",
           "With gpt-4o 2024-08-06 that is no surprise.",
           "Die mittlere Latenz liegt bei 1,69 s.",
           "8 von 10 Prompts waren erfolgreich.",
           "Zwei Prompts sind fehlgeschlagen.",
           "La latence moyenne est de 1,69 s.",
           "El promedio es de 1,69 s.",
           "平均延迟为 1.69 秒。",
           "平均レイテンシは１．６９秒です。",
           "A latência média é de 1,69 s.",
           "Dos prompts fallaron.",
           "Deux prompts ont échoué.",
           "Dois prompts falharam.",
           "两个提示失败了。",
           "2件が失敗しました。",
           "8 de 10 prompts tuvieron éxito.",
           "8 prompts sur 10 ont réussi.",
           "8 de 10 prompts tiveram sucesso.",
           "10个提示中有8个成功了。",
           "10件中8件が成功しました。",
           "10个中的8个成功了。",
           "Look at the prompts that take long first.",
       }) {
    pb::Grounding found;
    EXPECT_TRUE(grounding_.Bears(sentence, found)) << sentence << found.ShortDebugString();
  }
}

TEST_F(GroundingTest, AWrongFigureIsNotShownHoweverItIsWritten) {
  for (const char* sentence : {
           "The average latency is 1.8 s.",
           "The average latency is １．８ s.",
           "It took 37% longer.",
           "Thirty-seven percent failed.",
           "Siebenunddreißig Prozent sind fehlgeschlagen.",
           "Treinta y siete por ciento fallaron.",
           "Quatre-vingt-dix pour cent ont échoué.",
           "Noventa por cento falharam.",
           "百分之三十七的请求失败了。",
           "三成が失敗しました。",
           "9 of 10 prompts succeeded.",
           "39 of 40 prompts succeeded.",
           "Half of the prompts failed.",
           "½ of them failed.",
           "Die Hälfte ist fehlgeschlagen.",
           "一半的提示失败了。",
           "Seven prompts failed.",
           "Only one prompt failed.",
           "La mitad falló.",
           "Un tiers a échoué.",
           "Metade falhou.",
           "三分之一失败了。",
           "半分が失敗しました。",
           "Tres prompts fallaron.",
           "Trois prompts ont échoué.",
           "Três prompts falharam.",
           "三个提示失败了。",
           "3件が失敗しました。",
           "三件が失敗しました。",
           "9 de 10 prompts tuvieron éxito.",
           "9 prompts sur 10 ont réussi.",
           "10件中9件が成功しました。",
           "10个提示中有9个成功了。",
           "El más lento fue el #11.",
           "#11 was the slowest.",
           "Prompt 3 took 3.005 s.",
       }) {
    EXPECT_FALSE(Bears(sentence)) << sentence;
  }
}

TEST_F(GroundingTest, ARightFigureOfAnotherThingIsNotShown) {
  for (const char* sentence : {
           "The median latency is 1.69 s.",
           "The p95 is 1.69 s.",
           "The time to first token is 1.69 s.",
           "8 of 10 prompts failed.",
           "80% failed.",
           "2 prompts succeeded.",
           "#9 took 3.005 s.",
           "Returns take 1.5 s on average.",
           "The average is 1.803 s.",
           "The average latency is 1690 s.",
           "It used 1,955 characters in total.",
           "It cost $10.",
           "Der Median der Latenz beträgt 1,69 s.",
           "失败了 8 个提示。",
           "La mediana de la latencia es de 1,69 s.",
           "La latence médiane est de 1,69 s.",
           "A mediana da latência é de 1,69 s.",
           "延迟的中位数是1.69秒。",
           "レイテンシの中央値は1.69秒です。",
           "8 prompts fallaron.",
           "8 prompts ont échoué.",
           "8 prompts falharam.",
           "8件が失敗しました。",
       }) {
    EXPECT_FALSE(Bears(sentence)) << sentence;
  }
}

TEST_F(GroundingTest, AComparisonThatNoFactTestsIsNotShown) {
  for (const char* sentence : {
           "Latency doubled.",
           "Billing is faster than returns.",
           "The average of returns, 1.803 s, is higher than that of billing, 1.5 s.",
           "It is twice as slow.",
           "It is 3x slower.",
           "The mean of 1.69 s is higher than the p95 of 2.9 s.",
           "Die Latenz hat sich verdoppelt.",
           "Returns ist langsamer als Billing.",
           "La latencia aumentó.",
           "La latence a doublé.",
           "延迟翻了一倍。",
           "レイテンシは2倍です。",
           "La latencia se duplicó.",
           "A latência dobrou.",
           "Billing es más rápido que returns.",
           "Billing est plus rapide que returns.",
           "Billing é mais rápido do que returns.",
           "billing比returns快。",
           "billingはreturnsより速いです。",
           "Todos los prompts tuvieron éxito.",
           "Tous les prompts ont réussi.",
           "Todos os prompts tiveram sucesso.",
           "所有提示都成功了。",
           "すべてのプロンプトが成功しました。",
           "Ningún prompt falló.",
           "Aucun prompt n'a échoué.",
           "Nenhum prompt falhou.",
           "没有提示失败。",
           "All prompts succeeded.",
           "No prompts failed.",
           "Most prompts failed.",
       }) {
    EXPECT_FALSE(Bears(sentence)) << sentence;
  }
}

TEST_F(GroundingTest, ALinkIsNotShown) {
  EXPECT_FALSE(Bears("See ![x](http://evil.example/x.png)."));
  EXPECT_FALSE(Bears("Read more at https://evil.example."));
}

TEST_F(GroundingTest, SaysWhatWasLeftOutAndWhy) {
  pb::Grounding found;
  EXPECT_FALSE(grounding_.Bears("The median is 1.69 s.", found));
  EXPECT_FALSE(grounding_.Bears("It took 777 ms.", found));
  EXPECT_EQ(found.sentences_left_out(), 2);
  ASSERT_EQ(found.left_out_size(), 2);
  EXPECT_EQ(found.left_out(0).reason(), pb::LEFT_OUT_REASON_OTHER_FIGURE);
  EXPECT_EQ(found.left_out(1).claim(), "777 ms");
  EXPECT_EQ(found.left_out(1).reason(), pb::LEFT_OUT_REASON_NO_SUCH_VALUE);
}

TEST_F(GroundingTest, AWrongSentenceIsTakenOutOfTheMiddleWhereverPiecesEnd) {
  CommentGate gate(grounding_, /*may_think=*/false);
  std::string shown;
  const std::string comment = "The mean is 1.69 s. It would be 7";
  for (const char c : comment) shown += gate.Push(std::string(1, c));
  EXPECT_EQ(shown, "The mean is 1.69 s. ");
  shown += gate.Push("77 ms elsewhere. Look at #10.");
  shown += gate.Finish();
  EXPECT_EQ(shown, "The mean is 1.69 s. Look at #10.");
  EXPECT_EQ(gate.verdict().sentences_left_out(), 1);
}

TEST_F(GroundingTest, ReasoningThatATemplateOpensIsNotShown) {
  CommentGate gate(grounding_, /*may_think=*/true);
  std::string shown = gate.Push("Hmm. The mean is 1.69 s. ");
  EXPECT_EQ(shown, "");
  for (const char* piece : {"Good.\n</thi", "nk>\n\nThe p95 is 2.9 s. "}) shown += gate.Push(piece);
  shown += gate.Finish();
  EXPECT_EQ(shown, "The p95 is 2.9 s. ");
}

TEST_F(GroundingTest, ABabblerIsCutAtFifteenHundredCharacters) {
  CommentGate gate(grounding_, /*may_think=*/false);
  std::string shown;
  for (int i = 0; i < 1000 && !gate.is_full(); ++i) shown += gate.Push("Look at the prompts again. ");
  EXPECT_TRUE(gate.is_full());
  EXPECT_LE(shown.size(), 1500u);
}

TEST_F(GroundingTest, TwoGroupsDifferOnlyWhereATestWasTold) {
  std::vector<Fact> facts = Facts();
  facts.push_back({.unit = Unit::kMilliseconds, .group = "returns", .than = "billing", .way = 1});
  const Grounding tested(facts, {});
  pb::Grounding found;
  EXPECT_TRUE(tested.Bears("The average of returns, 1.803 s, is higher than that of billing, 1.5 s.", found));
  EXPECT_TRUE(tested.Bears("In billing the average of 1.5 s is lower than in returns, at 1.803 s.", found));
  EXPECT_FALSE(tested.Bears("The average of billing, 1.5 s, is higher than that of returns, 1.803 s.", found));
  EXPECT_FALSE(Bears("The average of returns, 1.803 s, is higher than that of billing, 1.5 s."));
}

TEST(ClaimWordsTest, TheFilesOfAllLanguagesAreRead) { EXPECT_THAT(ClaimWordFaults(), testing::IsEmpty()); }

}  // namespace
}  // namespace ftl::analytics

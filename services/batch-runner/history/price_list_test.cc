#include "services/batch-runner/history/price_list.h"

#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

PriceList Own() {
  return *PriceList::Over(R"({"prices":[
    {"service":"openai","model":"gpt-4o-mini*","input":1,"cached_input":0.5,"output":4,"as_of":"2025-08-01"},
    {"service":"ollama","model":"*","input":0,"output":0,"as_of":"2025-08-01"},
    {"service":"cohere","model":"a*c*e","input":2,"output":3,"as_of":"2025-08-01"}]})");
}

ChatReply Reply(int64_t input, int64_t output, std::optional<int64_t> cached = std::nullopt) {
  ChatReply reply;
  reply.text = "an answer";
  reply.input_tokens = input;
  reply.output_tokens = output;
  reply.usage.cached_tokens = cached;
  return reply;
}

TEST(PriceListTest, CountsEachTokenAtItsPrice) {
  EXPECT_EQ(Own().CostNanos("openai", "gpt-4o-mini-2024", Reply(1000, 500)), 1000 * 1000 + 500 * 4000);
  EXPECT_EQ(Own().CostNanos("openai", "gpt-4o-mini", Reply(1000, 0, 400)), 600 * 1000 + 400 * 500);
  EXPECT_EQ(Own().CostNanos("cohere", "abcde", Reply(1, 1, 1)), 2000 + 3000) << "no price of its own for cached ones";
}

TEST(PriceListTest, AModelWithoutAPriceCostsNotNothing) {
  EXPECT_EQ(Own().CostNanos("openai_compatible", "gpt-4o-mini", Reply(1000, 500)), std::nullopt);
  EXPECT_EQ(Own().CostNanos("ollama", "llama3", Reply(1000, 500)), 0) << "its price is nothing, and stands in the list";
}

TEST(PriceListTest, ACallThatGotNoAnswerHasNoCost) {
  ChatReply reply;
  reply.failure.error_type = endpoint_pb::ERROR_TYPE_AUTH;
  EXPECT_EQ(Own().CostNanos("openai", "gpt-4o-mini", reply), std::nullopt);
}

TEST(PriceListTest, TheFirstPatternThatFitsCounts) {
  EXPECT_EQ(Own().Find("openai", "gpt-4o-mini")->input, 1) << "an admin's own stands before ours";
  EXPECT_NE(Own().Find("openai", "gpt-4o"), nullptr);
  EXPECT_NE(Own().Find("cohere", "ace"), nullptr);
  EXPECT_EQ(Own().Find("cohere", "acef"), nullptr);
  EXPECT_EQ(Own().Find("openai", "xgpt-4o"), nullptr);
}

TEST(PriceListTest, SaysWhatIsWrongWithAList) {
  for (const char* text : {"", "[]", "{}", R"({"prices":[1]})", R"({"prices":[{"service":"openai","model":"m"}]})",
                           R"({"prices":[{"service":"s","model":"m","input":-1,"output":1,"as_of":"2025-08-01"}]})",
                           R"({"prices":[{"service":"s","model":"m","input":1,"output":1}]})"}) {
    EXPECT_FALSE(PriceList::Over(text).ok()) << text;
  }
}

}  // namespace
}  // namespace ftl::batch_runner

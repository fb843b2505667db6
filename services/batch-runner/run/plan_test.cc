#include "services/batch-runner/run/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl::batch_runner {
namespace {

pb::Suite SuiteOf(int prompts) {
  pb::Suite suite;
  suite.set_id("suite");
  for (int i = 1; i <= prompts; ++i) suite.add_prompts()->set_prompt("prompt " + std::to_string(i));
  return suite;
}

pb::StartRunRequest Request() {
  pb::StartRunRequest request;
  request.set_test_suite_id("suite");
  return request;
}

TEST(PlanTest, TakesTheFirstTenPromptsUnlessToldOtherwise) {
  const auto plan = PlanRun(Request(), SuiteOf(12), 20, 20);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->prompts.size(), 10u);
  EXPECT_EQ(plan->prompts.front().prompt(), "prompt 1");
  EXPECT_EQ(plan->parameters.concurrency(), 4);
  EXPECT_TRUE(plan->parameters.stream());
  EXPECT_EQ(plan->parameters.timeout().seconds(), 60);
}

TEST(PlanTest, TakesAllPromptsOfASmallerSuite) {
  EXPECT_EQ(PlanRun(Request(), SuiteOf(3), 20, 20)->prompts.size(), 3u);
}

TEST(PlanTest, RunsTheWholeSuiteThroughForEachRepeat) {
  auto request = Request();
  request.set_repeat(2);
  const auto plan = PlanRun(request, SuiteOf(2), 20, 20);
  ASSERT_EQ(plan->prompts.size(), 4u);
  EXPECT_EQ(plan->prompts[2].prompt(), "prompt 1");
}

TEST(PlanTest, NamesEveryParameterThatIsOutOfRange) {
  auto request = Request();
  request.set_concurrency(257);
  request.set_temperature(2.5);
  request.set_max_tokens(0);
  request.set_repeat(11);
  request.mutable_timeout()->set_nanos(999'000'000);
  request.set_prompt_limit(0);
  request.set_max_failures(0);
  request.set_requests_per_minute(-1);
  request.set_system_prompt(std::string(8193, 'x'));
  request.clear_test_suite_id();
  std::vector<std::string> fields;
  for (const FieldFault& fault : FieldFaultsOf(CheckedParameters(request).status())) fields.push_back(fault.field);
  EXPECT_THAT(fields, testing::UnorderedElementsAre("concurrency", "temperature", "max_tokens", "repeat", "timeout_ms",
                                                    "prompt_limit", "max_failures", "requests_per_minute",
                                                    "system_prompt", "test_suite_id"));
}

TEST(PlanTest, JudgesATimeoutToTheLastFractionOfAMillisecond) {
  auto request = Request();
  request.mutable_timeout()->set_seconds(600);
  EXPECT_TRUE(CheckedParameters(request).ok());
  request.mutable_timeout()->set_nanos(500'000);
  EXPECT_EQ(ReasonOf(CheckedParameters(request).status()), Reason::kInvalidField);
}

TEST(PlanTest, RefusesATemperatureThatIsNoNumber) {
  auto request = Request();
  request.set_temperature(std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(CheckedParameters(request).ok());
}

TEST(PlanTest, RefusesMorePromptsThanTheSessionHasLeft) {
  auto request = Request();
  request.set_prompt_limit(21);
  EXPECT_EQ(ReasonOf(PlanRun(request, SuiteOf(50), 20, 20).status()), Reason::kPromptLimitExceeded);
  request.set_prompt_limit(10);
  EXPECT_EQ(ReasonOf(PlanRun(request, SuiteOf(50), 20, 9).status()), Reason::kPromptLimitExceeded);
  request.set_repeat(3);
  EXPECT_EQ(ReasonOf(PlanRun(request, SuiteOf(50), 20, 20).status()), Reason::kPromptLimitExceeded);
}

}  // namespace
}  // namespace ftl::batch_runner

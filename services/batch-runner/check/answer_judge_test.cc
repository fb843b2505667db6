#include "services/batch-runner/check/answer_judge.h"

#include <algorithm>
#include <future>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

namespace ftl::batch_runner {
namespace {

using ::testing::HasSubstr;

// 900 KB of `a` and `b` without order, over which an automaton has too many states to remember.
const std::string kLongAnswer = [] {
  std::mt19937 random(1);
  std::string text;
  for (int i = 0; i < 900 * 1024; ++i) text += random() % 2 == 0 ? 'a' : 'b';
  return text;
}();

pb::Prompt HardPrompt() {
  pb::Prompt prompt;
  for (int i = 0; i < 64; ++i) {
    pb::Check& check = *prompt.add_checks();
    check.set_kind(pb::CHECK_KIND_REGEX);
    check.mutable_value()->set_string_value("a[ab]{" + std::to_string(12 + i % 4) + "}c");
  }
  return prompt;
}

pb::Prompt EasyPrompt() {
  pb::Prompt prompt;
  prompt.set_expected_answer("Paris");
  return prompt;
}

int Judged(const std::vector<pb::CheckOutcome>& outcomes) {
  return static_cast<int>(std::count_if(outcomes.begin(), outcomes.end(), [](const pb::CheckOutcome& outcome) {
    return outcome.detail().find("not judged") == std::string::npos;
  }));
}

class AnswerJudgeTest : public ::testing::Test {
 protected:
  std::future<std::vector<pb::CheckOutcome>> Begin(AnswerJudge& judge, const pb::Prompt& prompt,
                                                   std::string_view response) {
    return asio::co_spawn(context_, judge.Judge(prompt, response, absl::Seconds(1)), asio::use_future);
  }
  std::vector<pb::CheckOutcome> Judge(AnswerJudge& judge, const pb::Prompt& prompt, std::string_view response) {
    auto outcomes = Begin(judge, prompt, response);
    context_.restart();
    context_.run();
    return outcomes.get();
  }

  asio::io_context context_;
  CheckThread thread_;
};

TEST_F(AnswerJudgeTest, HoldsNobodyUpWhileHardExpressionsAreJudged) {
  AnswerJudge judge(thread_);
  const pb::Prompt prompt = HardPrompt();
  auto outcomes = Begin(judge, prompt, kLongAnswer);
  absl::Duration longest;
  bool is_over = false;
  const absl::Time began = absl::Now();
  asio::co_spawn(
      context_, [&]() -> asio::awaitable<void> { co_return; }, [&](std::exception_ptr) {});
  while (!is_over) {
    const absl::Time turn = absl::Now();
    context_.poll();
    longest = std::max(longest, absl::Now() - turn);
    is_over = outcomes.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready;
  }
  const absl::Duration took = absl::Now() - began;
  EXPECT_GT(took, 4 * longest) << "the expressions are hard";
  EXPECT_EQ(outcomes.get().size(), 64u);
}

TEST_F(AnswerJudgeTest, ARunThatHasUsedItsWorkUpIsToldSo) {
  AnswerJudge judge(thread_);
  const pb::Prompt prompt = HardPrompt();
  int judged = 0;
  std::vector<pb::CheckOutcome> last;
  for (int answer = 0; answer < 6; ++answer) {
    last = Judge(judge, prompt, kLongAnswer);
    judged += Judged(last);
  }
  EXPECT_GT(judged, 0);
  EXPECT_EQ(Judged(last), 0);
  EXPECT_FALSE(last[0].passed());
  EXPECT_THAT(last[0].detail(), HasSubstr("not judged"));
  EXPECT_TRUE(Judge(judge, EasyPrompt(), "Paris")[0].passed()) << "what is easy is judged all the same";

  AnswerJudge another(thread_);
  EXPECT_GT(Judged(Judge(another, prompt, kLongAnswer)), 0);
}

TEST_F(AnswerJudgeTest, TheRunThatHasCostLeastIsNext) {
  AnswerJudge greedy(thread_);
  AnswerJudge modest(thread_);
  const pb::Prompt hard = HardPrompt();
  pb::Prompt small;
  small.add_checks()->set_kind(pb::CHECK_KIND_REGEX);
  small.mutable_checks(0)->mutable_value()->set_string_value("^Par");
  const std::string long_enough(100'000, 'P');
  Judge(greedy, hard, kLongAnswer);
  std::vector<std::string> ended;
  const auto note = [&](std::string name) {
    return [&ended, name](std::exception_ptr, std::vector<pb::CheckOutcome>) { ended.push_back(name); };
  };
  for (int i = 0; i < 3; ++i) {
    asio::co_spawn(context_, greedy.Judge(hard, kLongAnswer, absl::Seconds(1)), note("greedy"));
  }
  asio::co_spawn(context_, modest.Judge(small, long_enough, absl::Seconds(1)), note("modest"));
  context_.restart();
  context_.run();
  ASSERT_EQ(ended.size(), 4u);
  EXPECT_TRUE(ended[0] == "modest" || ended[1] == "modest");
}

}  // namespace
}  // namespace ftl::batch_runner

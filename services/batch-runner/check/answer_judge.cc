#include "services/batch-runner/check/answer_judge.h"

#include <algorithm>

namespace ftl::batch_runner {

asio::awaitable<std::vector<pb::CheckOutcome>> AnswerJudge::Judge(const pb::Prompt& prompt, std::string_view response,
                                                                  absl::Duration latency) {
  MatchWork at_once(kWorkAtOnce);
  std::vector<pb::CheckOutcome> outcomes = RunChecks(prompt, response, latency, at_once);
  if (!at_once.was_short()) co_return outcomes;
  co_await thread_.Do(used_, [&] {
    left_ += kWorkOfEach;
    MatchWork work(std::min(left_, MatchWork::kOfAnswer));
    const int64_t before = work.left();
    outcomes = RunChecks(prompt, response, latency, work);
    left_ -= before - work.left();
    used_ += before - work.left();
  });
  co_return outcomes;
}

}  // namespace ftl::batch_runner

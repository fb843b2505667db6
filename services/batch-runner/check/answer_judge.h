#pragma once

#include <atomic>
#include <vector>

#include "services/batch-runner/check/check.h"
#include "services/batch-runner/check/check_thread.h"

namespace ftl::batch_runner {

// Judges the answers of one run, as RunChecks does, and bounds what they cost together: what takes more than a
// millisecond or two is judged on `thread`, and where the run has used up its work there, checks say that they were not
// judged. On the module's thread.
class AnswerJudge {
 public:
  // What a run may spend beforehand, and what each of its answers adds: some two seconds, and 20 ms.
  static constexpr int64_t kWork = 200'000'000;
  static constexpr int64_t kWorkOfEach = 2'000'000;
  // What is done at once, as is enough for nearly all answers.
  static constexpr int64_t kWorkAtOnce = 200'000;

  explicit AnswerJudge(CheckThread& thread) : thread_(thread) {}

  // `prompt` and `response` must live until it returns; a caller that is cancelled waits for the verdict.
  asio::awaitable<std::vector<pb::CheckOutcome>> Judge(const pb::Prompt& prompt, std::string_view response,
                                                       absl::Duration latency);

 private:
  CheckThread& thread_;
  int64_t left_ = kWork;  // the thread's own
  std::atomic<int64_t> used_ = 0;
};

}  // namespace ftl::batch_runner

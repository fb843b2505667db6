#include "services/batch-runner/run/run_news.h"

#include <utility>

#include "services/batch-runner/store/run_row.h"

namespace ftl::batch_runner {
namespace {

// How often those who watch are told where the run stands.
constexpr absl::Duration kProgressSpacing = absl::Milliseconds(250);

}  // namespace

void RunNews::Called(int32_t prompt_id) const {
  pb::RunEvent event;
  event.mutable_started()->set_prompt_id(prompt_id);
  feed().Publish(test_run_id_, std::move(event));
}

bool RunNews::WantsRun() const {
  return feed().IsWatched(test_run_id_) && TimeLeft(next_progress_) <= absl::ZeroDuration();
}

void RunNews::Stored(WorkStore::Step& step) {
  if (!step.stored.empty() || !step.leased.empty()) dispatcher_.TellOthers(test_run_id_);
  if (!feed().IsWatched(test_run_id_)) return;
  for (pb::Result& result : step.stored) {
    pb::RunEvent event;
    event.set_sequence(result.sequence());
    *event.mutable_result() = std::move(result);
    feed().Publish(test_run_id_, std::move(event));
  }
  if (step.run) {
    next_progress_ = DeadlineIn(kProgressSpacing);
    Progress(*std::move(step.run));
  }
  if (HasEnded(step.status)) feed().Touch(test_run_id_);
}

void RunNews::Stands(pb::Run run) const {
  Progress(std::move(run));
  dispatcher_.TellOthers(test_run_id_);
}

void RunNews::Progress(pb::Run run) const {
  pb::RunEvent event;
  *event.mutable_progress() = std::move(run);
  feed().Publish(test_run_id_, std::move(event));
}

}  // namespace ftl::batch_runner

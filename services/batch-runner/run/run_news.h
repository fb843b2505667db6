#pragma once

#include <string>

#include "services/batch-runner/run/dispatcher.h"

namespace ftl::batch_runner {

// What those who watch a run are told, here and by the other processes. On the module's thread.
class RunNews {
 public:
  // `dispatcher` must outlive it.
  RunNews(Dispatcher& dispatcher, std::string test_run_id)
      : dispatcher_(dispatcher), test_run_id_(std::move(test_run_id)) {}

  // A prompt is called.
  void Called(int32_t prompt_id) const;
  // Whether the next step is to bring the run, since somebody watches and was not told of late.
  bool WantsRun() const;
  // A step is stored; takes its results, and the run.
  void Stored(WorkStore::Step& step);
  // How the run stands, where no step has told.
  void Stands(pb::Run run) const;

 private:
  Feed& feed() const { return dispatcher_.parts().feed; }
  void Progress(pb::Run run) const;

  Dispatcher& dispatcher_;
  const std::string test_run_id_;
  Deadline next_progress_;
};

}  // namespace ftl::batch_runner

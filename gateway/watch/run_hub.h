#pragma once

#include <map>
#include <memory>
#include <string>

#include "gateway/http/sse_writer.h"
#include "gateway/upstream/upstream.h"
#include "gateway/watch/run_feed.h"

namespace ftl::gateway {

// Everyone who watches a run, by run. However many watch, a run has one upstream stream; who falls behind its ring, or
// comes late, reads older results from the service at his own pace, so no watcher costs more than what he is sent at a
// time.
class RunHub {
 public:
  RunHub(asio::any_io_executor executor, Upstream& upstream);

  // Sends a watcher everything after `cursor`, then what happens, until the run's end, and `run` as it stands first.
  Task<> Watch(const CallContext& call, const finetunelab::batch_runner::v1::GetRunResponse& run, int64_t cursor,
               http::SseWriter& sse);

  // Ends all streams; clients come back elsewhere and go on where they were.
  void Drain();
  // Returns when no upstream stream runs any more; nobody may be watching.
  Task<> Stop();

 private:
  class Watcher;
  // The feed of a run, and whether it is new and to be started.
  std::pair<std::shared_ptr<RunFeed>, bool> FeedOf(const finetunelab::batch_runner::v1::GetRunResponse& run);
  void Start(RunFeed& feed, const std::string& test_run_id);

  const asio::any_io_executor executor_;
  Upstream& upstream_;
  std::unique_ptr<RunFeed::Stub> stub_;
  std::map<std::string, std::shared_ptr<RunFeed>> feeds_;
  std::set<Signal*> watchers_;
  bool draining_ = false;
};

}  // namespace ftl::gateway

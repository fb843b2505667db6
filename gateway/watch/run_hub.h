#pragma once

#include <map>
#include <memory>
#include <string>

#include "gateway/http/body_stream.h"
#include "gateway/upstream/upstream.h"
#include "gateway/watch/run_feed.h"
#include "gateway/watch/stored_results.h"

namespace ftl::gateway {

// Everyone who watches a run, by run. However many watch, a run has one upstream stream; who falls behind its ring, or
// comes late, reads older results from the service at his own pace, so no watcher costs more than what he is sent at a
// time.
class RunHub {
 public:
  RunHub(asio::any_io_executor executor, Upstream& upstream);

  // What a watcher is told first: the run as it stands.
  static std::string FirstEvents(const finetunelab::batch_runner::v1::Run& run);
  // The same for a run that somebody watches already, without asking anybody; empty for any other.
  std::string FirstEventsOf(const std::string& test_run_id) const;
  // Sends a watcher everything after `cursor`, then what happens, until the run's end. `last_sequence` is the run's as
  // it stood, `told` the gist of that (RunFeed::GistOf); 0 for who was told by FirstEventsOf.
  Task<> Watch(http::BodyStream& body, const std::string& test_run_id, int64_t last_sequence, int64_t cursor,
               size_t told);

  // Ends all streams; clients come back elsewhere and go on where they were.
  void Drain();
  // Returns when no upstream stream runs any more; nobody may be watching.
  Task<> Stop();

 private:
  class Watcher;
  // Many wait in this, so it holds as little as it can.
  Task<> Tell(http::BodyStream& body, std::shared_ptr<RunFeed> feed, int64_t cursor);
  std::shared_ptr<RunFeed> FeedOf(const std::string& test_run_id, int64_t last_sequence, size_t told);

  const asio::any_io_executor executor_;
  StoredResults stored_;
  std::unique_ptr<RunFeed::Stub> stub_;
  std::map<std::string, std::shared_ptr<RunFeed>> feeds_;
  bool draining_ = false;
};

}  // namespace ftl::gateway

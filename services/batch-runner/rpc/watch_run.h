#pragma once

#include <optional>
#include <string>

#include "common/rpc/serve.h"
#include "services/batch-runner/run/feed.h"
#include "services/batch-runner/store/result_store.h"
#include "services/batch-runner/store/run_store.h"

namespace ftl::batch_runner {

// One watcher of one run: first how it stands, then every result it has not had, in order, then what happens, then the
// end. Results come from the feed where they follow on what was told, else from the store, where it looks when it is
// told to (Feed, Lookout). Progress is told at most four times a second, the newest only.
class RunWatch {
 public:
  struct Parts {
    const CallContext& call;
    RunStore& runs;
    ResultStore& results;
    Feed& feed;
  };
  RunWatch(Parts parts, std::string session, std::string test_run_id, int64_t after_sequence);

  // Ok after `done` or `error` was written; fails where the client has gone or the store fails.
  Task<> Tell(rpc::Writer<pb::WatchRunResponse>& writer);

 private:
  using Writer = rpc::Writer<pb::WatchRunResponse>;

  // Looks into the store, or tells what was published; gives whether the watch has ended. Events are written together,
  // a message's worth at a time; Flush writes the rest.
  Task<bool> Look(Writer& writer);
  Task<bool> TellEvents(Writer& writer, const Feed::Watch::News& news);
  Task<> TellStored(Writer& writer);
  // Who read ahead in the store is not told of an earlier moment.
  bool IsPast(const pb::Run& run) const { return run.last_sequence() < told_; }
  // Now, or when it may be told: TellLateProgress tells the newest that had to wait.
  Task<> TellProgress(Writer& writer, const pb::Run& run);
  Task<> TellLateProgress(Writer& writer);
  Task<> Add(Writer& writer, pb::RunEvent event);
  Task<> Flush(Writer& writer);
  CallContext StoreCall() const;

  Parts parts_;
  const std::string session_;
  const std::string test_run_id_;
  int64_t told_;  // the last sequence written
  pb::WatchRunResponse message_;
  size_t bytes_ = 0;  // of the message
  Feed::Watch watch_;
  Deadline next_progress_{};
  std::optional<pb::Run> late_progress_;
};

}  // namespace ftl::batch_runner

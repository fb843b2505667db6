#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/async/task.h"
#include "common/observe/instrument.h"
#include "common/time/deadline.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "services/batch-runner/store/run_store.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// What happens to runs, told to watchers in this process as it happens. It keeps a little of the past; a watcher that
// finds a gap reads the store. Results are published after they were committed, in order. On the module's thread.
class Feed {
 public:
  using Event = std::shared_ptr<const pb::RunEvent>;

  explicit Feed(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  bool IsWatched(const std::string& test_run_id) const { return channels_.contains(test_run_id); }
  // Tells watchers of the run; free where there are none.
  void Publish(const std::string& test_run_id, pb::RunEvent event);
  // Something happened that this process did not see, in one run, in a session's (hash), or in any: watchers are to
  // look into the store.
  void Touch(const std::string& test_run_id);
  void TouchSession(const std::string& session);
  void TouchAll();
  // The watched runs, each once.
  std::vector<WatchedRun> Watched() const;
  // How a run stands in the store, nullopt for one that is not open to anybody: watchers that know it otherwise are to
  // look there.
  void Compare(const std::string& test_run_id, const std::optional<RunStanding>& standing);

  // One watcher's place in the feed of one run. Not to outlive the feed.
  class Watch {
   public:
    Watch(Feed& feed, std::string session, std::string test_run_id);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // What was published since the last call; waits for something until `deadline`. `look` says that the store may know
    // more.
    struct News {
      std::vector<Event> events;
      bool look = false;
    };
    asio::awaitable<News> Next(Deadline deadline);
    // The run as the watcher knows it now.
    void Read(const pb::Run& run) { read_ = {run.status(), run.last_sequence()}; }

   private:
    friend class Feed;
    void Look();

    Feed& feed_;
    std::string test_run_id_;
    uint64_t position_;
    bool look_ = false;
    RunStanding read_;
    asio::steady_timer wake_;
    const metrics::Counted counted_;
  };

 private:
  struct Channel {
    std::string session;
    std::deque<Event> recent;
    uint64_t first = 0;  // position of the oldest of `recent`
    std::set<Watch*> watches;
  };

  asio::any_io_executor executor_;
  std::map<std::string, Channel> channels_;
};

}  // namespace ftl::batch_runner

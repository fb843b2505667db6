#pragma once

#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "gateway/upstream/upstream.h"
#include "gateway/watch/event_ring.h"

namespace ftl::gateway {

// Older results of runs as events, for those who come late or have fallen behind a ring. Whoever asks for the same gets
// the same texts; a run is asked for one page at a time, however many wait. What is kept is bounded, and goes with the
// last reader of its run: nothing of a session that is over stays here.
class StoredResults {
 public:
  // What has a higher sequence than `after`, in order.
  struct Page {
    std::string test_run_id;
    int64_t after;
    std::vector<EventRing::Event> events;
    size_t bytes = 0;
  };

  static constexpr size_t kKeptBytes = 8 << 20;

  StoredResults(asio::any_io_executor executor, Upstream& upstream);

  // Reads a run for as long as it lives.
  class Reader {
   public:
    Reader(StoredResults& results, std::string test_run_id);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

   private:
    StoredResults& results_;
    const std::string test_run_id_;
  };

  // For a reader of the run. A page that has the first result after `cursor`, and maybe some before it; without events
  // where there is none.
  Task<std::shared_ptr<const Page>> After(std::string test_run_id, int64_t cursor);

 private:
  std::shared_ptr<const Page> Find(const std::string& test_run_id, int64_t cursor);
  Task<std::shared_ptr<const Page>> Fetch(std::string test_run_id, int64_t cursor);
  void Keep(std::shared_ptr<const Page> page);
  // The text that others are being sent already, or this one.
  void Share(const std::string& test_run_id, EventRing::Event& event);

  Upstream& upstream_;
  std::map<std::string, int> readers_;           // by run
  std::list<std::shared_ptr<const Page>> kept_;  // the one used last first
  size_t kept_bytes_ = 0;
  std::set<std::string> fetching_;                                                     // runs
  asio::steady_timer fetched_;                                                         // cancelled when a fetch ends
  std::map<std::pair<std::string, int64_t>, std::weak_ptr<const std::string>> large_;  // by run and sequence
};

}  // namespace ftl::gateway

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <libpq-fe.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace ftl::bench {

namespace asio = boost::asio;

struct BareAnswer {
  int32_t prompt_id = 0;
  std::string prompt;
  std::string response;
  int64_t latency_us = 0;
};

// Answers as rows of a table of its own, which has the shape, the indexes and the one foreign key of
// demo_batch_test_results: at most 32 rows a transaction, several transactions on their way at a time. Whatever fails
// throws. One thread.
class BareStore {
 public:
  // Makes the table; `url` is of a login that may make schemas.
  BareStore(asio::io_context& io, const std::string& url);
  // Drops it.
  ~BareStore();
  BareStore(const BareStore&) = delete;
  BareStore& operator=(const BareStore&) = delete;

  void Add(BareAnswer answer);
  // Returns when everything added has been committed.
  asio::awaitable<void> Flush();
  int stored() const { return stored_; }

 private:
  void Run(const char* sql);
  void Send();
  void SendBatch();
  asio::awaitable<void> Receive();

  PGconn* connection_;
  asio::posix::stream_descriptor socket_;
  asio::steady_timer all_stored_;
  std::vector<BareAnswer> waiting_;
  int batches_ = 0;  // on their way
  int sequence_ = 0;
  int stored_ = 0;
};

}  // namespace ftl::bench

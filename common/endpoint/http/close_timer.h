#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "common/endpoint/http/byte_stream.h"
#include "common/time/deadline.h"

namespace ftl {

// Closes a stream when its time is over, which ends whatever waits for it. One timer for many waits: it is set once for
// a call, not for each read.
class CloseTimer {
 public:
  // `stream` must outlive the timer.
  CloseTimer(asio::any_io_executor executor, ByteStream& stream);
  CloseTimer(const CloseTimer&) = delete;
  CloseTimer& operator=(const CloseTimer&) = delete;
  ~CloseTimer();

  // In place of an earlier deadline.
  void Set(Deadline deadline);
  void Clear();
  Deadline deadline() const;
  // It was this timer that closed the stream, or should have by now.
  bool has_expired() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ftl

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/async/task.h"
#include "common/time/deadline.h"
#include "gateway/http/exchange.h"

namespace ftl::http {

// Appends one event: `event:` where there is a name, `id:` where there is one, and the data, which must be one line.
void AppendEvent(std::string_view name, int64_t id, std::string_view data, std::string& out);

// Writes an event stream. Its owner pulls what to send, so nothing is queued for a client that reads slowly: a write
// waits for it, and fails after the listener's write limit.
class SseWriter {
 public:
  explicit SseWriter(Exchange& exchange) : exchange_(exchange) {}

  Task<> Begin();
  // Whole events, as AppendEvent makes them.
  Task<> Write(std::string_view events);
  // A comment that keeps proxies from closing the stream; due each 15 s, whatever else is written.
  Task<> Heartbeat();
  Deadline heartbeat_due() const { return heartbeat_due_; }
  Task<> End() { return exchange_.End(); }

 private:
  Exchange& exchange_;
  Deadline heartbeat_due_;
};

}  // namespace ftl::http

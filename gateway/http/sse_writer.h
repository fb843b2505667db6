#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/async/task.h"
#include "common/time/deadline.h"
#include "gateway/http/body_stream.h"
#include "gateway/http/response.h"

namespace ftl::http {

// Appends one event: `event:` where there is a name, `id:` where there is one, and the data, which must be one line.
void AppendEvent(std::string_view name, int64_t id, std::string_view data, std::string& out);
// The same with an id of another kind, one line without U+0000.
void AppendEvent(std::string_view name, std::string_view id, std::string_view data, std::string& out);

// The head of an event stream.
Response EventStreamHead();

// Writes the events of a stream whose head has been sent. Its owner pulls what to send, so nothing is queued for a
// client that reads slowly: a write waits for it, and fails after the listener's write limit.
class SseWriter {
 public:
  explicit SseWriter(BodyStream& body);

  // Whole events, as AppendEvent makes them.
  Task<> Write(std::string_view events);
  // A comment that keeps proxies from closing the stream; due each 15 s, whatever else is written.
  Task<> Heartbeat();
  Deadline heartbeat_due() const { return heartbeat_due_; }
  Task<> End() { return body_.End(); }

 private:
  BodyStream& body_;
  Deadline heartbeat_due_;
};

}  // namespace ftl::http

#pragma once

#include <string>

#include "common/async/task.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "gateway/http/exchange.h"
#include "gateway/http/sse_writer.h"
#include "gateway/upstream/pump.h"

namespace ftl::gateway {

// That nobody waits any longer for the first of an answer.
inline absl::Status AnswerIsLate() {
  return Refuse(Reason::kDeadlineExceeded, "The answer takes longer than anybody waits for it.");
}

// Sends the messages of a service as an event stream, with heartbeats while none comes. Until the first is there, a
// refusal is still an answer of its own, as it is where none comes by `deadline`. `events_of` gives a message's events
// as they go over the wire, `end_of` what ends the stream, by how the call ended; either may be empty.
template <typename Response, typename EventsOf, typename EndOf>
Task<> SendEvents(Pump<Response>& pump, http::Exchange& exchange, Deadline deadline, EventsOf events_of, EndOf end_of) {
  const bool has_begun = co_await pump.Wait(deadline);
  if (!has_begun) co_return AnswerIsLate();
  auto next = pump.Take();
  CO_TRY(next.status());
  CO_TRY(co_await exchange.Begin(http::EventStreamHead()));
  if (exchange.head().method == "HEAD") co_return co_await exchange.End();
  http::SseWriter sse(exchange.body());
  while (next.ok() && next->has_value()) {
    const std::string events = events_of(**next);
    CO_TRY(co_await sse.Write(events));
    while (true) {
      const bool has_come = co_await pump.Wait(sse.heartbeat_due());
      if (has_come) break;
      CO_TRY(co_await sse.Heartbeat());
    }
    next = pump.Take();
  }
  const std::string end = end_of(next.status());
  CO_TRY(co_await sse.Write(end));
  co_return co_await sse.End();
}

}  // namespace ftl::gateway

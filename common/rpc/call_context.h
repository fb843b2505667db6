#pragma once

#include <string>

#include "common/time/deadline.h"

namespace ftl {

// What travels with a call through every service: who asks, under which id, and until when.
struct CallContext {
  // Names the call in every log line; given by the gateway, or made where a call without one arrives.
  std::string request_id;
  // W3C trace context, passed on as it came; empty for none.
  std::string traceparent;
  // Every wait on behalf of the call ends by then.
  Deadline deadline;
  // The service that calls, proved by its client certificate or by being in this process; empty for anyone else.
  std::string caller;
  // Where the call came from, as an IP address; loopback for one from this machine. Not of the client that a gateway
  // speaks for.
  std::string peer_address = "127.0.0.1";
};

// A context for work that no one asked for, such as a sweep.
CallContext OwnCall(absl::Duration limit);

// 16 random hex digits.
std::string NewRequestId();

}  // namespace ftl

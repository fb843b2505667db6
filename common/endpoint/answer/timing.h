#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <absl/time/time.h>

#include "finetunelab/endpoint/v1/call.pb.h"

namespace ftl {

namespace endpoint_pb = finetunelab::endpoint::v1;

using Mark = std::chrono::steady_clock::time_point;

// How long opening the connection took, by phase.
struct DialPhases {
  std::optional<absl::Duration> dns;
  std::optional<absl::Duration> connect;
  std::optional<absl::Duration> tls;
};

// The moments of one request, each being when the bytes reached this machine, not when they were understood.
struct CallMarks {
  Mark send_start;
  Mark sent;
  std::optional<Mark> head;          // the first byte of the answer's head
  std::optional<Mark> first_token;   // the first delta with content, reasoning or a tool call
  std::optional<Mark> first_answer;  // the first one that is no reasoning
  std::optional<Mark> last_token;
  Mark end;        // `[DONE]`, finish or end of body
  int pieces = 0;  // deltas with a token
  DialPhases dialed;
};

// The times as the proto defines them. Pure. `streamed_tokens` divides: time per token is absent for one or fewer.
endpoint_pb::Timing TimingOf(const CallMarks& marks, int64_t streamed_tokens);

}  // namespace ftl

#include "common/endpoint/answer/timing.h"

#include "common/time/proto_time.h"

namespace ftl {
namespace {

// A proxy that holds a stream back lets go of it all at once, after a wait that is no answer's start.
constexpr absl::Duration kAtOnce = absl::Milliseconds(5);
constexpr absl::Duration kHeldBack = absl::Milliseconds(100);
constexpr int kFewestPieces = 4;

absl::Duration Between(Mark from, Mark to) { return to > from ? absl::FromChrono(to - from) : absl::ZeroDuration(); }

}  // namespace

endpoint_pb::Timing TimingOf(const CallMarks& marks, int64_t streamed_tokens) {
  endpoint_pb::Timing timing;
  const absl::Duration latency = Between(marks.send_start, marks.end);
  *timing.mutable_latency() = ToProto(latency);
  if (marks.dialed.dns) *timing.mutable_dns() = ToProto(*marks.dialed.dns);
  if (marks.dialed.connect) *timing.mutable_connect() = ToProto(*marks.dialed.connect);
  if (marks.dialed.tls) *timing.mutable_tls() = ToProto(*marks.dialed.tls);
  if (marks.head) {
    *timing.mutable_wait() = ToProto(Between(marks.sent, *marks.head));
    *timing.mutable_stream() = ToProto(Between(*marks.head, marks.end));
  }
  if (marks.first_answer) *timing.mutable_ttfa() = ToProto(Between(marks.send_start, *marks.first_answer));
  if (!marks.first_token) return timing;
  const absl::Duration ttft = Between(marks.send_start, *marks.first_token);
  const absl::Duration tokens = Between(*marks.first_token, *marks.last_token);
  *timing.mutable_ttft() = ToProto(ttft);
  if (streamed_tokens > 1) {
    *timing.mutable_itl_mean() = ToProto(tokens / (streamed_tokens - 1));
    *timing.mutable_tpot() = ToProto((latency - ttft) / (streamed_tokens - 1));
  }
  timing.set_buffered(marks.pieces >= kFewestPieces && tokens <= kAtOnce && ttft >= kHeldBack);
  return timing;
}

}  // namespace ftl

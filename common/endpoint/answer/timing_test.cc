#include "common/endpoint/answer/timing.h"

#include <gtest/gtest.h>

#include "common/endpoint/answer/chat_reply.h"
#include "common/time/proto_time.h"

namespace ftl {
namespace {

Mark At(int ms) { return Mark() + std::chrono::hours(1) + std::chrono::milliseconds(ms); }

CallMarks Streamed() {
  CallMarks marks;
  marks.send_start = At(0);
  marks.sent = At(1);
  marks.head = At(90);
  marks.first_token = At(100);
  marks.first_answer = At(150);
  marks.last_token = At(300);
  marks.end = At(310);
  marks.pieces = 20;
  return marks;
}

TEST(TimingTest, CountsFromTheFirstByteSent) {
  const endpoint_pb::Timing timing = TimingOf(Streamed(), 21);
  EXPECT_EQ(FromProto(timing.latency()), absl::Milliseconds(310));
  EXPECT_EQ(FromProto(timing.ttft()), absl::Milliseconds(100));
  EXPECT_EQ(FromProto(timing.ttfa()), absl::Milliseconds(150));
  EXPECT_EQ(FromProto(timing.wait()), absl::Milliseconds(89));
  EXPECT_EQ(FromProto(timing.stream()), absl::Milliseconds(220));
}

TEST(TimingTest, SpreadsTheTimeOverAllTokensButTheFirst) {
  const endpoint_pb::Timing timing = TimingOf(Streamed(), 21);
  EXPECT_EQ(FromProto(timing.itl_mean()), absl::Milliseconds(10));
  EXPECT_EQ(FromProto(timing.tpot()), absl::Microseconds(10500));
}

TEST(TimingTest, HasNoTimePerTokenForOneTokenOrNone) {
  for (const int tokens : {0, 1}) {
    const endpoint_pb::Timing timing = TimingOf(Streamed(), tokens);
    EXPECT_FALSE(timing.has_itl_mean());
    EXPECT_FALSE(timing.has_tpot());
    EXPECT_TRUE(timing.has_ttft());
  }
}

TEST(TimingTest, IsOfTokensThatWereStreamedNotOfHiddenReasoning) {
  ChatReply reply;
  reply.output_tokens = 1021;
  reply.usage.reasoning_tokens = 1000;
  EXPECT_EQ(reply.streamed_tokens(), 21);
  reply.reasoning = "I think";
  EXPECT_EQ(reply.streamed_tokens(), 1021) << "reasoning that was sent took its time";
  reply.reasoning.clear();
  reply.usage.reasoning_tokens = 2000;
  EXPECT_EQ(reply.streamed_tokens(), 0);
}

TEST(TimingTest, HasNoTokenTimesForAWholeAnswer) {
  CallMarks marks = Streamed();
  marks.first_token = marks.first_answer = marks.last_token = std::nullopt;
  marks.pieces = 0;
  const endpoint_pb::Timing timing = TimingOf(marks, 21);
  EXPECT_TRUE(timing.has_latency());
  EXPECT_FALSE(timing.has_ttft());
  EXPECT_FALSE(timing.has_ttfa());
  EXPECT_FALSE(timing.has_itl_mean());
  EXPECT_FALSE(timing.has_tpot());
}

TEST(TimingTest, TellsPhasesOnlyOfAConnectionThatWasOpened) {
  CallMarks marks = Streamed();
  EXPECT_FALSE(TimingOf(marks, 21).has_connect());
  marks.dialed.connect = absl::Milliseconds(7);
  const endpoint_pb::Timing timing = TimingOf(marks, 21);
  EXPECT_EQ(FromProto(timing.connect()), absl::Milliseconds(7));
  EXPECT_FALSE(timing.has_dns());
  EXPECT_EQ(FromProto(timing.latency()), absl::Milliseconds(310));
}

TEST(TimingTest, SeesAStreamThatWasHeldBackAndLetGoAtOnce) {
  CallMarks marks = Streamed();
  EXPECT_FALSE(TimingOf(marks, 21).buffered());
  marks.first_token = At(297);
  EXPECT_TRUE(TimingOf(marks, 21).buffered());
  marks.pieces = 3;
  EXPECT_FALSE(TimingOf(marks, 21).buffered()) << "so few pieces may well come together";
}

TEST(TimingTest, DoesNotCallAQuickEndpointHeldBack) {
  CallMarks marks = Streamed();
  marks.first_token = At(20);
  marks.last_token = At(22);
  EXPECT_FALSE(TimingOf(marks, 21).buffered());
}

}  // namespace
}  // namespace ftl

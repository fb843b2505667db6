#include "common/observe/trace/span.h"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/observe/trace/traced_executor.h"

namespace ftl::trace {
namespace {

class SpanTest : public testing::Test {
 protected:
  ~SpanTest() override { Record({}, nullptr); }

  void RecordBy(Sampler sampler) {
    Record(sampler, [this](SpanRecord record) { ended_.push_back(std::move(record)); });
  }

  std::vector<SpanRecord> ended_;
};

SpanContext Given(bool sampled) {
  SpanContext context = ChildOf(std::nullopt);
  context.sampled = sampled;
  return context;
}

TEST_F(SpanTest, SaysWhatItIsUnder) {
  RecordBy({});
  const SpanContext parent = Given(true);
  {
    Span span = Span::Begin(SpanKind::kServer, "calls", parent);
    span.Set("rpc.method", std::string("StartRun"));
    span.Fail("not_found");
  }
  ASSERT_EQ(ended_.size(), 1);
  EXPECT_EQ(ended_[0].parent->span_id, parent.span_id);
  EXPECT_EQ(ended_[0].context.trace_id, parent.trace_id);
  EXPECT_EQ(ended_[0].name, "calls");
  EXPECT_EQ(ended_[0].error_type, "not_found");
  EXPECT_GE(ended_[0].end, ended_[0].start);
}

TEST_F(SpanTest, CarriesTheContextOnWhereNothingIsRecorded) {
  const SpanContext parent = Given(true);
  const Span span = Span::Begin(SpanKind::kServer, "calls", parent);
  EXPECT_FALSE(span.is_recorded());
  EXPECT_EQ(span.context()->trace_id, parent.trace_id);
  EXPECT_NE(span.context()->span_id, parent.span_id);
  EXPECT_EQ(Span::Begin(SpanKind::kServer, "calls", std::nullopt).traceparent(), "");
}

TEST_F(SpanTest, FollowsWhatTheCallerHasDecided) {
  RecordBy({.follows_parent = true, .ratio = 1});
  EXPECT_FALSE(Span::Begin(SpanKind::kServer, "calls", Given(false)).is_recorded());
  RecordBy({.follows_parent = true, .ratio = 0});
  EXPECT_TRUE(Span::Begin(SpanKind::kServer, "calls", Given(true)).is_recorded());
  EXPECT_FALSE(Span::Begin(SpanKind::kServer, "calls", std::nullopt).is_recorded());
  RecordBy({.follows_parent = false, .ratio = 1});
  EXPECT_TRUE(Span::Begin(SpanKind::kServer, "calls", Given(false)).is_recorded());
}

TEST_F(SpanTest, JudgesATraceAlikeEverywhere) {
  RecordBy({.follows_parent = false, .ratio = 0.25});
  int recorded = 0;
  for (int i = 0; i < 4000; ++i) {
    const SpanContext of = Given(false);
    const bool once = Span::Begin(SpanKind::kServer, "a", of).is_recorded();
    EXPECT_EQ(Span::Begin(SpanKind::kClient, "b", of).is_recorded(), once);
    recorded += once ? 1 : 0;
  }
  EXPECT_GT(recorded, 800);
  EXPECT_LT(recorded, 1200);
}

asio::awaitable<void> WorkFor(std::optional<SpanContext> whom) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  for (int i = 0; i < 3; ++i) {
    asio::steady_timer timer(executor, std::chrono::milliseconds(1));
    co_await timer.async_wait(asio::use_awaitable);
    EXPECT_EQ(Current() != nullptr, whom.has_value());
    if (whom && Current()) {
      EXPECT_EQ(Current()->span_id, whom->span_id);
    }
  }
  const Span below = Span::BeginUnderCurrent(SpanKind::kClient, "below");
  EXPECT_EQ(below.is_recorded(), whom.has_value());
}

TEST_F(SpanTest, CoroutinesSideBySideKeepWhatTheyWorkFor) {
  RecordBy({});
  asio::io_context io;
  const SpanContext one = Given(true), other = Given(true);
  asio::co_spawn(OnBehalfOf(one, io.get_executor()), WorkFor(one), asio::detached);
  asio::co_spawn(OnBehalfOf(other, io.get_executor()), WorkFor(other), asio::detached);
  asio::co_spawn(OnBehalfOf(Given(false), io.get_executor()), WorkFor(std::nullopt), asio::detached);
  asio::co_spawn(io, WorkFor(std::nullopt), asio::detached);
  io.run();
  ASSERT_EQ(ended_.size(), 2);
  EXPECT_NE(ended_[0].context.trace_id, ended_[1].context.trace_id);
}

}  // namespace
}  // namespace ftl::trace

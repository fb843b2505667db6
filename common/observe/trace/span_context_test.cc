#include "common/observe/trace/span_context.h"

#include <gtest/gtest.h>

namespace ftl::trace {
namespace {

constexpr char kGiven[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(SpanContextTest, ReadsAndWritesATraceparent) {
  const auto context = ParseTraceparent(kGiven);
  ASSERT_TRUE(context);
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(TraceparentOf(*context), kGiven);
  EXPECT_FALSE(ParseTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")->sampled);
}

TEST(SpanContextTest, ReadsALaterVersionAsFarAsItKnowsIt) {
  const auto context = ParseTraceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03-what-is-new");
  ASSERT_TRUE(context);
  EXPECT_EQ(TraceparentOf(*context), kGiven);
}

TEST(SpanContextTest, TakesNothingElse) {
  for (const char* text : {"", "garbage", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
                           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                           "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333g-01",
                           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0 "}) {
    EXPECT_FALSE(ParseTraceparent(text)) << text;
  }
}

TEST(SpanContextTest, AChildHasItsParentsTraceAndAnIdOfItsOwn) {
  const auto parent = ParseTraceparent(kGiven);
  const SpanContext child = ChildOf(parent);
  EXPECT_EQ(child.trace_id, parent->trace_id);
  EXPECT_NE(child.span_id, parent->span_id);
  EXPECT_TRUE(child.sampled);
  EXPECT_NE(ChildOf(std::nullopt).trace_id, ChildOf(std::nullopt).trace_id);
}

}  // namespace
}  // namespace ftl::trace

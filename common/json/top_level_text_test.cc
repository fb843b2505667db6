#include "common/json/top_level_text.h"

#include <string>

#include <gtest/gtest.h>

namespace ftl {
namespace {

TEST(TopLevelTextTest, FindsAMemberOfTheOutermostObjectOnly) {
  EXPECT_EQ(TopLevelText(R"({"session_id":"demo-1","a":2})", "session_id"), "demo-1");
  EXPECT_EQ(TopLevelText("{\"a\":[{\"session_id\":\"no\"}],\"b\":{\"session_id\":\"no\"},\"session_id\" :\n\"demo-2\"}",
                         "session_id"),
            "demo-2");
  EXPECT_EQ(TopLevelText(R"({"a":"session_id","b":"no"})", "session_id"), "");
  EXPECT_EQ(TopLevelText(R"({"a":"\",\"session_id\":\"no\"","b":1})", "session_id"), "");
  EXPECT_EQ(TopLevelText(R"({"a":"\\","session_id":"demo-3"})", "session_id"), "demo-3");
  EXPECT_EQ(TopLevelText(R"({"session_id":7,"a":"no"})", "session_id"), "");
  EXPECT_EQ(TopLevelText(R"({"session_id":"\u0064emo"})", "session_id"), "");
}

TEST(TopLevelTextTest, ReadsNothingPastABrokenText) {
  for (const std::string& text :
       {std::string(), std::string("\""), std::string("{\"session_id"), std::string("{\"session_id\":"),
        std::string("{\"session_id\":\"demo"), std::string("]]]}}}"), std::string("{\"\\")}) {
    EXPECT_EQ(TopLevelText(text, "session_id"), "") << text;
  }
}

}  // namespace
}  // namespace ftl

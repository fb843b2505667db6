#include "common/json/top_level_text.h"

#include <string>

#include <gtest/gtest.h>

namespace ftl {
namespace {

// Cut into pieces of `most` bytes.
std::string Found(std::string_view json, size_t most = std::string_view::npos) {
  TopLevelText text("session_id");
  for (size_t at = 0; at < json.size(); at += std::min(most, json.size() - at)) text.Take(json.substr(at, most));
  return text.found();
}

TEST(TopLevelTextTest, FindsAMemberOfTheOutermostObjectOnly) {
  EXPECT_EQ(Found(R"({"session_id":"demo-1","a":2})"), "demo-1");
  EXPECT_EQ(Found("{\"a\":[{\"session_id\":\"no\"}],\"b\":{\"session_id\":\"no\"},\"session_id\" :\n\"demo-2\"}"),
            "demo-2");
  EXPECT_EQ(Found(R"({"a":"session_id","b":"no"})"), "");
  EXPECT_EQ(Found(R"({"a":"\",\"session_id\":\"no\"","b":1})"), "");
  EXPECT_EQ(Found(R"({"a":"\\","session_id":"demo-3"})"), "demo-3");
  EXPECT_EQ(Found(R"({"session_id":7,"a":"no"})"), "");
  EXPECT_EQ(Found(R"({"session_id":"\u0064emo"})"), "");
  EXPECT_EQ(Found(R"({"session_id":"demo-1","session_id":"demo-2"})"), "demo-1");
}

TEST(TopLevelTextTest, FindsItWhereverItIsCut) {
  const std::string json = R"({"a":[1,"\\\"",{"session_id":"no"}],"\\":"\\","session_id" : "demo-1","b":2})";
  for (size_t most = 1; most <= json.size(); ++most) EXPECT_EQ(Found(json, most), "demo-1") << most;
  const std::string escaped = R"({"a":"\\\\\",\"session_id\":\"no\"","b":"\\"})";
  for (size_t most = 1; most <= escaped.size(); ++most) EXPECT_EQ(Found(escaped, most), "") << most;
}

TEST(TopLevelTextTest, HasNothingBeforeTheEndOfTheText) {
  TopLevelText text("session_id");
  text.Take(R"({"session_id":"demo-)");
  EXPECT_EQ(text.found(), "");
  text.Take("1\"");
  EXPECT_EQ(text.found(), "demo-1");
}

TEST(TopLevelTextTest, KeepsOnlyTheStartOfALongText) {
  EXPECT_EQ(Found("{\"session_id\":\"" + std::string(5000, 'a') + "\"}", 100), std::string(257, 'a'));
  EXPECT_EQ(Found("{\"" + std::string(5000, 'a') + "\":\"x\",\"session_id\":\"demo-1\"}", 100), "demo-1");
}

TEST(TopLevelTextTest, ReadsNothingPastABrokenText) {
  for (const std::string& text :
       {std::string(), std::string("\""), std::string("{\"session_id"), std::string("{\"session_id\":"),
        std::string("{\"session_id\":\"demo"), std::string("]]]}}}"), std::string("{\"\\")}) {
    EXPECT_EQ(Found(text), "") << text;
  }
}

}  // namespace
}  // namespace ftl

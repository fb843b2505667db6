#include "common/json/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl {
namespace {

using testing::HasSubstr;

std::string Nested(int depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonReaderTest, ReadsWhatRfc8259Allows) {
  for (const std::string& text :
       {std::string(R"({"a":[1,-2,3.5e2,true,false,null,"\u00e9\n\ud83d\ude00"]})"), std::string(" \r\n\t[] \n"),
        std::string("\"\xF0\x9F\x98\x80\""), std::string("0"), Nested(64), std::string("1e-400"),
        std::string(R"({"a":{"x":1},"b":{"x":2}})"), std::string("18446744073709551615")}) {
    EXPECT_TRUE(JsonDocument::Parse(text).ok()) << text;
  }
}

TEST(JsonReaderTest, RefusesEverythingElse) {
  const std::string_view cases[] = {"",
                                    " ",
                                    "{",
                                    "}",
                                    "[1,]",
                                    "{\"a\":1,}",
                                    "{a:1}",
                                    "{'a':1}",
                                    "nul",
                                    "True",
                                    "NaN",
                                    "Infinity",
                                    "01",
                                    "+1",
                                    "1.",
                                    ".5",
                                    "1e400",
                                    "-1e400",
                                    "1e99999",
                                    "\"\n\"",
                                    "\"\\x\"",
                                    "\"\\u12\"",
                                    "\"\\ud800\"",
                                    "\"\\udc00\"",
                                    "\"\xff\"",
                                    "\"\xc0\x80\"",
                                    "\"\xed\xa0\x80\"",
                                    "\"\\u0000\"",
                                    "{\"\\u0000\":1}",
                                    "{\"a\":1,\"a\":2}",
                                    "{\"a\":1,\"\\u0061\":2}",
                                    "1 2",
                                    "{}x",
                                    "// c\n1",
                                    "\xEF\xBB\xBF{}"};
  for (std::string_view text : cases) {
    const auto document = JsonDocument::Parse(text);
    ASSERT_FALSE(document.ok()) << text;
    EXPECT_EQ(ReasonOf(document.status()), Reason::kMalformedJson) << text;
  }
  EXPECT_FALSE(JsonDocument::Parse(Nested(65)).ok());
  EXPECT_FALSE(JsonDocument::Parse(std::string_view("\"a\0b\"", 5)).ok());
}

TEST(JsonReaderTest, SaysWhereTheFirstFaultIs) {
  const auto document = JsonDocument::Parse("{\n  \"a\": 1,\n  \"a\": 2}");
  EXPECT_THAT(std::string(document.status().message()), HasSubstr("line 3, column"));
  EXPECT_THAT(std::string(document.status().message()), HasSubstr("a key stands twice"));
}

TEST(JsonReaderTest, ReadsNumbersExactly) {
  const auto document = JsonDocument::Parse("[0.7, 523.1, 9007199254740993, 1.7976931348623157e308]");
  ASSERT_TRUE(document.ok());
  const auto& list = document->root().get_array();
  EXPECT_EQ(list[0].get_double(), 0.7);
  EXPECT_EQ(list[1].get_double(), 523.1);
  EXPECT_EQ(list[2].get_int64(), 9007199254740993);
  EXPECT_EQ(list[3].get_double(), 1.7976931348623157e308);
}

}  // namespace
}  // namespace ftl

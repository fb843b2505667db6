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

std::string Repeated(std::string_view begin, std::string_view element, size_t times, std::string_view end) {
  std::string text(begin);
  for (size_t i = 0; i < times; ++i) text.append(i == 0 ? "" : ",").append(element);
  return text.append(end);
}

TEST(JsonReaderTest, EndsWhereThereIsMoreThanTheLimits) {
  std::string keys = "{";
  for (size_t i = 0; i <= JsonLimits::kKeys; ++i) keys += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":1";
  keys += "}";
  const std::string row = Repeated("[", "1", JsonLimits::kElements, "]");
  const std::string cases[] = {Repeated("[", "1", JsonLimits::kElements + 1, "]"),
                               Repeated("[", row, JsonLimits::kValues / JsonLimits::kElements, "]"),
                               keys,
                               "{\"" + std::string(JsonLimits::kKeyBytes + 1, 'k') + "\":1}",
                               "[1" + std::string(JsonLimits::kNumberBytes, '0') + "]",
                               "[0." + std::string(JsonLimits::kNumberBytes, '1') + "]"};
  for (const std::string& text : cases) {
    const auto document = JsonDocument::Parse(text);
    ASSERT_FALSE(document.ok()) << text.substr(0, 40);
    EXPECT_EQ(ReasonOf(document.status()), Reason::kBodyTooLarge) << document.status() << text.substr(0, 40);
  }
  EXPECT_TRUE(JsonDocument::Parse(row).ok());
  EXPECT_TRUE(JsonDocument::Parse("{\"" + std::string(JsonLimits::kKeyBytes, 'k') + "\":1}").ok());
  EXPECT_TRUE(JsonDocument::Parse(cases[1], JsonLimits::kAnyNumberOfValues).ok());
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

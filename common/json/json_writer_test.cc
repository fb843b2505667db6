#include "common/json/json_writer.h"

#include <gtest/gtest.h>

namespace ftl {
namespace {

std::string Number(double number) {
  std::string out;
  AppendJsonNumber(number, out);
  return out;
}

std::string Span(int64_t seconds, int32_t nanos) {
  std::string out;
  AppendMilliseconds(seconds, nanos, out);
  return out;
}

std::string Moment(int64_t seconds, int32_t nanos) {
  std::string out;
  AppendTimestamp(seconds, nanos, out);
  return out;
}

TEST(JsonWriterTest, WritesPlainDigitsWherePlainDigitsDo) {
  EXPECT_EQ(Number(0.7), "0.7");
  EXPECT_EQ(Number(523.1), "523.1");
  EXPECT_EQ(Number(100), "100");
  EXPECT_EQ(Number(1e20), "100000000000000000000");
  EXPECT_EQ(Number(0.00001), "0.00001");
  EXPECT_EQ(Number(-0.5), "-0.5");
  EXPECT_EQ(Number(1e300), "1e+300");
}

TEST(JsonWriterTest, WritesSpansAsMillisecondsWithUpToThreeDecimals) {
  EXPECT_EQ(Span(0, 0), "0");
  EXPECT_EQ(Span(1, 234'567'000), "1234.567");
  EXPECT_EQ(Span(0, 7'000), "0.007");
  EXPECT_EQ(Span(0, 120'000), "0.12");
  EXPECT_EQ(Span(0, 1'499), "0.001");
  EXPECT_EQ(Span(0, 999'999'600), "1000");
  EXPECT_EQ(Span(-1, -500'000'000), "-1500");
  EXPECT_EQ(Span(3600, 0), "3600000");
}

TEST(JsonWriterTest, WritesMomentsInUtcWithZ) {
  EXPECT_EQ(Moment(0, 0), "\"1970-01-01T00:00:00Z\"");
  EXPECT_EQ(Moment(1'767'225'599, 120'000'000), "\"2025-12-31T23:59:59.120Z\"");
  EXPECT_EQ(Moment(1'709'164'800, 1'000), "\"2024-02-29T00:00:00.000001Z\"");
}

TEST(JsonWriterTest, KeepsTextOnOneLine) {
  std::string out;
  AppendJsonString("a\"\\\n\r\t\x01\x7f é\xF0\x9F\x98\x80", out);
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\r\\t\\u0001\\u007f é\xF0\x9F\x98\x80\"");
}

}  // namespace
}  // namespace ftl

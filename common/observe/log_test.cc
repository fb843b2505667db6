#include "common/observe/log.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace ftl::log {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// A terminal's colour, a forged line, DEL, and NUL.
constexpr std::string_view kHostile("a\x1b[31mb\r\nc\x7f\0d", 13);

std::string Logged(Format format) {
  Configure("info", format, "log_test");
  testing::internal::CaptureStderr();
  Warn(kHostile, {{"text", kHostile}, {"status", absl::InternalError(std::string(kHostile))}});
  return testing::internal::GetCapturedStderr();
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

TEST(LogTest, EscapesControlCharactersInWhateverIsWritten) {
  for (const Format format : {Format::kJson, Format::kText}) {
    const std::string line = Logged(format);
    EXPECT_THAT(line, EndsWith("\n"));
    EXPECT_EQ(std::count_if(line.begin(), line.end(), IsControl), 1) << line;
    EXPECT_THAT(line, HasSubstr("\\u001b[31m"));
  }
}

TEST(LogTest, SaysInJsonWhatItWasGiven) {
  const auto line = boost::json::parse(Logged(Format::kJson)).as_object();
  EXPECT_EQ(line.at("message").as_string(), kHostile);
  EXPECT_EQ(line.at("text").as_string(), kHostile);
}

}  // namespace
}  // namespace ftl::log

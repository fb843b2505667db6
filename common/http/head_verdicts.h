#pragma once

// For tests of the guards: a table of heads, each of which goes through the guard with Beast behind it and through
// Beast alone, so that a newer Beast shows which rules of the guard it no longer needs.

#include <string>
#include <vector>

#include <absl/functional/function_ref.h>
#include <gtest/gtest.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace ftl::http {

// What becomes of a head.
enum Verdict {
  kTaken,
  kRefused,         // by Beast alone, too
  kRefusedByGuard,  // Beast takes it
};

struct JudgedHead {
  std::string raw;
  Verdict verdict;
};

template <bool is_request>
bool IsTakenByBeast(std::string_view raw) {
  boost::beast::http::parser<is_request, boost::beast::http::empty_body> parser;
  parser.body_limit(boost::none);
  boost::system::error_code error;
  return parser.put(boost::asio::const_buffer(raw.data(), raw.size()), error) == raw.size() && !error;
}

// `is_taken` says it of the guard and Beast together. `bare` is what of a head is Beast's to judge. Where Beast takes
// what the row says it refuses, the guard has a hole; the other way round, the guard's rule can go.
template <bool is_request>
void JudgeHeads(const std::vector<JudgedHead>& heads, absl::FunctionRef<bool(std::string_view)> is_taken,
                absl::FunctionRef<std::string_view(std::string_view)> bare) {
  for (const auto& [raw, verdict] : heads) {
    EXPECT_EQ(is_taken(raw), verdict == kTaken) << testing::PrintToString(raw);
    EXPECT_EQ(IsTakenByBeast<is_request>(bare(raw)), verdict != kRefused) << testing::PrintToString(raw);
  }
}

}  // namespace ftl::http

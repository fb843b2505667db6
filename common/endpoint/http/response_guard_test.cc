#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/endpoint/http/response_guard.h"
#include "common/endpoint/http/response_parser.h"
#include "common/http/head_verdicts.h"

namespace ftl {
namespace {

using http::kRefused;
using http::kRefusedByGuard;
using http::kTaken;

std::string Head(std::string_view fields) { return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n"; }

std::optional<ResponseHead> Parsed(std::string_view text) {
  ResponseParser parser(/*max_extra_bytes=*/100);
  return parser.Take(text) ? std::optional(parser.head()) : std::nullopt;
}

TEST(ResponseHeadTest, SaysWhatTheCallNeedsWhateverTheCaseOfTheNames) {
  const auto head = Parsed(
      "HTTP/1.1 429 Too Many Requests\r\nCONTENT-type:  application/json \r\nContent-Length: 12\r\n"
      "Retry-After: 3\r\nretry-after-ms: 1500\r\nX-Should-Retry: false\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 429);
  EXPECT_EQ(head->content_type, "application/json");
  EXPECT_EQ(head->content_length, 12u);
  EXPECT_EQ(head->retry.retry_after, "3");
  EXPECT_EQ(head->retry.retry_after_ms, "1500");
  EXPECT_EQ(head->retry.should_retry, "false");
  EXPECT_TRUE(head->is_last);
}

TEST(ResponseHeadTest, TakesStatusLinesWithoutAReasonAndOldVersions) {
  EXPECT_TRUE(Parsed("HTTP/1.1 200\r\n\r\n"));
  EXPECT_TRUE(Parsed("HTTP/1.1 200 \r\n\r\n"));
  const auto old = Parsed("HTTP/1.0 200 OK\n\n");
  ASSERT_TRUE(old);
  EXPECT_TRUE(old->is_last);
}

void Judge(const std::vector<http::JudgedHead>& heads) {
  const auto is_taken = [](std::string_view raw) { return Parsed(raw).has_value(); };
  const auto bare = [](std::string_view raw) { return raw; };
  http::JudgeHeads</*is_request=*/false>(heads, is_taken, bare);
}

TEST(ResponseHeadTest, RefusesFramingOnWhichReadersDiffer) {
  Judge({
      {Head("Content-Length: 3\r\n"), kTaken},
      {Head("Content-Length: 3\r\nContent-Length: 3\r\n"), kTaken},
      {Head("Transfer-Encoding: chunked\r\n"), kTaken},
      {Head("Transfer-Encoding: Chunked\r\n"), kTaken},
      {Head("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), kRefused},
      {Head("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), kRefused},
      {Head("Transfer-Encoding: chunked, identity\r\n"), kRefusedByGuard},
      {Head("Transfer-Encoding: chunked, chunked\r\n"), kRefusedByGuard},
      {Head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), kRefused},
      {Head("Transfer-Encoding: \"chunked\"\r\n"), kRefusedByGuard},
      {Head("Transfer-Encoding: gzip\r\n"), kRefusedByGuard},
      {Head("Transfer-Encoding:\r\n"), kRefusedByGuard},
      {Head("Content-Length: 3\r\nContent-Length: 4\r\n"), kRefused},
      {Head("Content-Length: +3\r\n"), kRefused},
      {Head("Content-Length: 3, 3\r\n"), kRefusedByGuard},
      {Head("Content-Length: 99999999999999999999\r\n"), kRefused},
      {Head("Content-Length: 9999999999999999999\r\n"), kRefusedByGuard},
      {Head("Content-Length: \r\n"), kRefused},
      {Head("Content-Length : 3\r\n"), kRefused},
      {Head(" folded: x\r\n"), kRefused},
      {Head("a: b\r\n folded\r\n"), kRefusedByGuard},
      {Head("no colon\r\n"), kRefused},
      {Head("x: a\rb\r\n"), kRefused},
      {Head("x: \x01\r\n"), kRefused},
      {Head(": x\r\n"), kRefused},
  });
}

TEST(ResponseHeadTest, RefusesWhatIsNoHttp) {
  Judge({
      {"SSH-2.0-OpenSSH\r\n\r\n", kRefused},
      {"HTTP/2 200\r\n\r\n", kRefused},
      {"HTTP/1.2 200 OK\r\n\r\n", kRefused},
      {"HTTP/1.1 20 OK\r\n\r\n", kRefused},
      {"HTTP/1.1 999 OK\r\n\r\n", kRefusedByGuard},
      {"HTTP/1.1 099 OK\r\n\r\n", kRefusedByGuard},
      {"HTTP/1.1  200 OK\r\n\r\n", kRefused},
      {"HTTP/1.1 200OK\r\n\r\n", kRefused},
      {"\r\n\r\n", kRefused},
  });
}

TEST(ResponseHeadTest, SaysWhereTheBodyEnds) {
  const auto body = [](std::string_view fields, std::string_view bytes, bool has_ended) {
    ResponseParser parser(/*max_extra_bytes=*/100);
    EXPECT_TRUE(parser.Take(Head(fields))) << fields;
    std::string read;
    absl::StatusOr<std::string_view> piece;
    do {
      piece = parser.NextPiece(bytes);
      EXPECT_TRUE(piece.ok()) << piece.status();
      read += piece.value_or("");
    } while (!piece.value_or("").empty());
    const bool is_whole = has_ended ? parser.TakeEnd() : parser.is_at_end();
    return read + (is_whole ? "|" : "") + std::string(bytes);
  };
  EXPECT_EQ(body("Content-Length: 3\r\n", "abcNEXT", false), "abc|NEXT");
  EXPECT_EQ(body("Content-Length: 3\r\n", "ab", true), "ab");
  EXPECT_EQ(body("Content-Length: 0\r\n", "NEXT", false), "|NEXT");
  EXPECT_EQ(body("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\nNEXT", false), "abc|NEXT");
  EXPECT_EQ(body("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n", true), "abc\r\n");
  EXPECT_EQ(body("", "abc", false), "abc");
  EXPECT_EQ(body("", "abc", true), "abc|");
}

TEST(ResponseHeadTest, EndsAtItsEmptyLine) {
  const std::string head = Head("a: b\r\n");
  EXPECT_EQ(HeadEnd(head + "body"), head.size());
  EXPECT_EQ(HeadEnd("HTTP/1.1 200 OK\n\nbody"), 17u);
  for (size_t cut = 0; cut < head.size(); ++cut) EXPECT_EQ(HeadEnd(head.substr(0, cut)), std::string_view::npos) << cut;
}

}  // namespace
}  // namespace ftl

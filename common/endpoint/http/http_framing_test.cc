#include <string>

#include <gtest/gtest.h>

#include "common/endpoint/http/chunked_decoder.h"
#include "common/endpoint/http/http_head.h"

namespace ftl {
namespace {

std::string Head(std::string_view fields) { return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n"; }

TEST(ResponseHeadTest, SaysWhatTheCallNeedsWhateverTheCaseOfTheNames) {
  const auto head = ParseResponseHead(
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
  EXPECT_TRUE(ParseResponseHead("HTTP/1.1 200\r\n\r\n"));
  EXPECT_TRUE(ParseResponseHead("HTTP/1.1 200 \r\n\r\n"));
  const auto old = ParseResponseHead("HTTP/1.0 200 OK\n\n");
  ASSERT_TRUE(old);
  EXPECT_TRUE(old->is_last);
}

TEST(ResponseHeadTest, RefusesFramingOnWhichReadersDiffer) {
  for (const std::string fields :
       {"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding: gzip\r\n", "Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: +3\r\n",
        "Content-Length: 3, 3\r\n", "Content-Length: 99999999999999999999\r\n", "Content-Length: \r\n",
        "Content-Length : 3\r\n", " folded: x\r\n", "no colon\r\n", "x: a\rb\r\n", ": x\r\n"}) {
    EXPECT_FALSE(ParseResponseHead(Head(fields))) << fields;
  }
  EXPECT_TRUE(ParseResponseHead(Head("Content-Length: 3\r\nContent-Length: 3\r\n")));
}

TEST(ResponseHeadTest, RefusesWhatIsNoHttp) {
  for (const std::string text : {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
                                 "HTTP/1.1 999 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "\r\n\r\n"}) {
    EXPECT_FALSE(ParseResponseHead(text)) << text;
  }
}

TEST(ResponseHeadTest, EndsAtItsEmptyLine) {
  const std::string head = Head("a: b\r\n");
  EXPECT_EQ(HeadEnd(head + "body"), head.size());
  EXPECT_EQ(HeadEnd("HTTP/1.1 200 OK\n\nbody"), 17u);
  for (size_t cut = 0; cut < head.size(); ++cut) EXPECT_EQ(HeadEnd(head.substr(0, cut)), std::string_view::npos) << cut;
}

// The body, the bytes being fed in two pieces cut at `cut`; `rest` is what stands behind its end.
std::string Body(ChunkedDecoder& decoder, std::string_view bytes, size_t cut, std::string* rest = nullptr) {
  std::string body;
  for (std::string_view part : {bytes.substr(0, cut), bytes.substr(cut)}) {
    while (!part.empty() && !decoder.is_at_end() && !decoder.is_broken()) body += decoder.Next(part);
    if (rest != nullptr) *rest += part;
  }
  return body;
}

TEST(ChunkedDecoderTest, GivesTheBodyWhereverTheBytesAreCut) {
  const std::string bytes = "5;name=value\r\nhello\r\n0A\r\n, world...\r\n0\r\nX-Trailer: x\r\n\r\nNEXT";
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    ChunkedDecoder decoder(100);
    std::string rest;
    EXPECT_EQ(Body(decoder, bytes, cut, &rest), "hello, world...") << cut;
    EXPECT_TRUE(decoder.is_at_end()) << cut;
    EXPECT_EQ(rest, "NEXT") << cut;
  }
}

TEST(ChunkedDecoderTest, RefusesWhatIsNotExactlyTheCoding) {
  for (const std::string bytes :
       {"\r\n", "5\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n", "-1\r\n", "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n", "fffffffffffffffff\r\n", "0\r\nX: y\n\r\n\r\n", "0\r\n\rX"}) {
    ChunkedDecoder decoder(100);
    Body(decoder, bytes, 0);
    EXPECT_TRUE(decoder.is_broken()) << bytes;
  }
}

TEST(ChunkedDecoderTest, RefusesEndlessTrailers) {
  ChunkedDecoder decoder(100);
  std::string bytes = "0\r\n";
  for (int line = 0; line < 60; ++line) bytes += "a:\r\n";
  Body(decoder, bytes, 0);
  EXPECT_TRUE(decoder.is_broken());
}

}  // namespace
}  // namespace ftl

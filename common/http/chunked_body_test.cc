#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "common/error/refusal.h"
#include "common/http/guarded_parser.h"

namespace ftl {
namespace {

constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

class Parser final : public GuardedParser<false> {
 public:
  explicit Parser(size_t max_extra_bytes = 100) : GuardedParser(max_extra_bytes) {
    EXPECT_TRUE(TakeHead(kHead).ok());
    EXPECT_TRUE(LimitBody(100).ok());
  }
  int fields() const { return fields_; }

 private:
  void OnField(boost::beast::http::field, std::string_view, std::string_view) override { ++fields_; }
  int fields_ = 0;
};

struct Reading {
  absl::Status status;
  std::string body;
  std::string rest;  // what came and was not taken
};

// The bytes come `at_a_time`.
Reading Read(Parser& parser, std::string_view bytes, size_t at_a_time) {
  Reading reading;
  while (!bytes.empty() && reading.status.ok()) {
    reading.rest += bytes.substr(0, at_a_time);
    bytes.remove_prefix(std::min(at_a_time, bytes.size()));
    std::string_view unread = reading.rest;
    absl::StatusOr<std::string_view> piece;
    do {
      piece = parser.NextPiece(unread);
      if (piece.ok()) reading.body += *piece;
    } while (piece.ok() && !piece->empty());
    reading.status = piece.status();
    reading.rest = std::string(unread);
  }
  return reading;
}

Reading ReadAll(std::string_view bytes, size_t max_extra_bytes = 100) {
  Parser parser(max_extra_bytes);
  return Read(parser, bytes, bytes.size());
}

constexpr std::string_view kTwoChunks =
    "5;name=value\r\nhello\r\n00A ; x=\"y\"\r\n, world!!!\r\n0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\nGET /";

TEST(ChunkedBodyTest, IsReadHoweverItsBytesCome) {
  for (size_t at_a_time = 1; at_a_time <= kTwoChunks.size(); ++at_a_time) {
    Parser parser;
    const Reading reading = Read(parser, kTwoChunks, at_a_time);
    EXPECT_TRUE(reading.status.ok()) << reading.status;
    EXPECT_TRUE(parser.is_at_end());
    EXPECT_EQ(reading.body, "hello, world!!!");
    EXPECT_EQ(reading.rest, "GET /");
    EXPECT_EQ(parser.fields(), 1) << "a trailer was taken for a field of the head";
  }
}

TEST(ChunkedBodyTest, IsWholeOnlyWithItsLastChunk) {
  const std::string_view bytes = kTwoChunks.substr(0, kTwoChunks.find("GET /"));
  for (size_t come = 0; come <= bytes.size(); ++come) {
    Parser parser;
    Read(parser, bytes.substr(0, come), bytes.size());
    EXPECT_EQ(parser.TakeEnd(), come == bytes.size()) << come;
  }
}

// What becomes of a body.
enum Verdict {
  kTaken,
  kRefused,         // by Beast alone, too
  kRefusedByGuard,  // Beast takes it, or waits for more
};

bool IsRefusedByBeast(std::string_view body) {
  boost::beast::http::response_parser<boost::beast::http::string_body> parser;
  parser.eager(true);
  const std::string bytes = fmt::format("{}{}", kHead, body);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(bytes), error);
  return error && error != boost::beast::http::error::need_more;
}

TEST(ChunkedBodyTest, IsRefusedWhereTwoReadersCouldReadItInTwoWays) {
  struct Case {
    std::string_view raw;
    Verdict verdict;
  };
  constexpr Case kCases[] = {
      {"5\r\nhello\r\n0\r\n\r\n", kTaken},
      {"0\r\n\r\n", kTaken},
      {"00\r\n\r\n", kTaken},
      {"A\r\n0123456789\r\n0\r\n\r\n", kTaken},
      {"5;a;b=c;d=\"e\"\r\nhello\r\n0;x\r\n\r\n", kTaken},
      {"5 ;a\r\nhello\r\n0\r\n\r\n", kTaken},
      {"0\r\nX:\r\nY: z\r\n\r\n", kTaken},
      {"5\nhello\r\n", kRefused},
      {"5\nhello\r\n0\r\n\r\n", kRefused},
      {"5\r\nhello\n0\r\n\r\n", kRefused},
      {"5\r\nhelloX\r\n", kRefusedByGuard},
      {"5\r\nhelloX\r\n0\r\n\r\n", kRefused},
      {"5\r\nhell\r\n0\r\n\r\n", kRefused},
      {"g\r\n", kRefused},
      {"\r\n", kRefused},
      {"-1\r\n", kRefused},
      {"+5\r\nhello\r\n", kRefused},
      {"0x5\r\nhello\r\n", kRefusedByGuard},
      {" 5\r\nhello\r\n", kRefused},
      {"5 \r\nhello\r\n", kRefused},
      {"5\rhello\r\n", kRefused},
      {"5,5\r\nhello\r\n", kRefused},
      {"fffffffffffffffff\r\n", kRefused},
      {"5;\x01\r\nhello\r\n", kRefused},
      {"5;a=\"\x01\"\r\nhello\r\n", kRefusedByGuard},
      {"5;a=\"b\r\nhello\r\n", kRefusedByGuard},
      {"5;a=\"\n\"\r\nhello\r\n", kRefusedByGuard},
      {"0\r\nX\r\n\r\n", kRefused},
      {"0\r\n: x\r\n\r\n", kRefused},
      {"0\r\nX y: z\r\n\r\n", kRefused},
      {"0\r\n X: y\r\n\r\n", kRefused},
      {"0\r\nX: y\r\n z\r\n\r\n", kRefusedByGuard},
      {"0\r\nX:\r\n\tz\r\n\r\n", kRefusedByGuard},
      {"0\r\nX: y\n\r\n", kRefusedByGuard},
      {"0\r\nX: y\n\r\n\r\n", kRefused},
      {"0\r\nX: \x7f\r\n\r\n", kRefused},
      {"0\r\n\rX", kRefusedByGuard},
      {"0\r\nContent-Length: 5\r\n\r\n", kRefused},
  };
  for (const Case& given : kCases) {
    const Reading reading = ReadAll(given.raw);
    EXPECT_EQ(reading.status.ok(), given.verdict == kTaken) << testing::PrintToString(given.raw) << reading.status;
    EXPECT_EQ(IsRefusedByBeast(given.raw), given.verdict == kRefused) << testing::PrintToString(given.raw);
    EXPECT_TRUE(reading.status.ok() || ReasonOf(reading.status) == Reason::kBadRequest) << reading.status;
  }
}

TEST(ChunkedBodyTest, IsRefusedBeforeMoreComesThanItMayHave) {
  EXPECT_TRUE(ReadAll("64\r\n").status.ok());
  EXPECT_EQ(ReasonOf(ReadAll("65\r\n").status), Reason::kBodyTooLarge);
  EXPECT_EQ(ReasonOf(ReadAll("123456789\r\n").status), Reason::kBodyTooLarge);
  Parser parser;
  const Reading reading = Read(parser, "5a\r\n" + std::string(90, 'x') + "\r\nb\r\n", 1);
  EXPECT_EQ(ReasonOf(reading.status), Reason::kBodyTooLarge);
}

TEST(ChunkedBodyTest, BoundsWhatIsNotBody) {
  std::string extensions;
  for (int i = 0; i < 60; ++i) extensions += "1;x\r\na\r\n";
  std::string trailers = "0\r\n";
  for (int i = 0; i < 60; ++i) trailers += "a:\r\n";
  for (const std::string& bytes : {extensions, trailers, "5;" + std::string(100, 'x'),
                                   "0\r\nX: " + std::string(100, 'x'), std::string(200, '0')}) {
    EXPECT_EQ(ReasonOf(ReadAll(bytes).status), Reason::kBadRequest) << bytes;
    EXPECT_TRUE(ReadAll(bytes, 1000).status.ok()) << bytes;
  }
}

}  // namespace
}  // namespace ftl

#include "gateway/http/request_guard.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"
#include "common/http/head_verdicts.h"
#include "gateway/http/request_parser.h"

namespace ftl::http {
namespace {

// A head of HTTP/1.1 with a Host and these further lines.
std::string With(std::string_view lines) { return fmt::format("POST / HTTP/1.1\r\nHost: a\r\n{}\r\n", lines); }
// A head with this request line and a Host.
std::string Line(std::string_view line) { return fmt::format("{}\r\nHost: a\r\n\r\n", line); }
// A head with this target.
std::string Target(std::string_view target) { return Line(fmt::format("GET {} HTTP/1.1", target)); }
// A head of HTTP/1.1 with these lines alone.
std::string Only(std::string_view lines) { return fmt::format("GET / HTTP/1.1\r\n{}\r\n", lines); }

absl::Status Read(std::string_view raw) { return RequestParser().Take(raw); }

void Judge(const std::vector<JudgedHead>& heads) {
  const auto is_taken = [](std::string_view raw) {
    const absl::Status status = Read(raw);
    EXPECT_TRUE(status.ok() || ReasonOf(status) == Reason::kBadRequest) << status;
    return status.ok();
  };
  JudgeHeads</*is_request=*/true>(heads, is_taken, Bare);
}

TEST(RequestGuardTest, JudgesRequestLines) {
  Judge({
      {Line("GET / HTTP/1.1"), kTaken},
      {Line("GET / HTTP/1.0"), kTaken},
      {Line("DELETE /a/b HTTP/1.1"), kTaken},
      {Line("OPTIONS * HTTP/1.1"), kTaken},
      {Line("M-SEARCH / HTTP/1.1"), kTaken},
      {Line("GET  / HTTP/1.1"), kRefused},
      {Line("GET /  HTTP/1.1"), kRefused},
      {Line(" GET / HTTP/1.1"), kRefused},
      {Line("GET / HTTP/1.1 "), kRefused},
      {Line("GET\t/ HTTP/1.1"), kRefused},
      {Line("GET /\tHTTP/1.1"), kRefused},
      {Line("GET / HTTP/1.2"), kRefused},
      {Line("GET / HTTP/2.0"), kRefused},
      {Line("GET / HTTP/0.9"), kRefused},
      {Line("GET / HTTP/1.10"), kRefused},
      {Line("GET / HTTP/1"), kRefused},
      {Line("GET / http/1.1"), kRefused},
      {Line("GET / HTTP/11"), kRefused},
      {Line("GET / HTTP/1.1\x01"), kRefused},
      {Line("GET / XTTP/1.1"), kRefused},
      {Line("GET /"), kRefused},
      {Line("GET"), kRefused},
      {Line(""), kRefused},
      {Line("GET HTTP/1.1"), kRefused},
      {Line("/ HTTP/1.1"), kRefused},
      {Line("G(T / HTTP/1.1"), kRefused},
      {Line("G@T / HTTP/1.1"), kRefused},
      {Line("G\xc3T / HTTP/1.1"), kRefused},
      {Line("GET: / HTTP/1.1"), kRefused},
      {Line("PRI * HTTP/2.0"), kRefused},
      {Line("GET * HTTP/1.1"), kRefusedByGuard},
      {Line("CONNECT a:443 HTTP/1.1"), kRefusedByGuard},
  });
}

TEST(RequestGuardTest, BoundsValuesByTheirField) {
  const auto reason = [](std::string_view name, size_t bytes) {
    const absl::Status status = Read(With(fmt::format("{}: {}\r\n", name, std::string(bytes, 'a'))));
    return status.ok() ? std::nullopt : std::optional(ReasonOf(status));
  };
  for (const char* name : {"Content-Type", "Content-Encoding", "Authorization", "Last-Event-ID", "X-Request-Id",
                           "traceparent", "Origin", "Sec-Fetch-Site", "Accept", "Connection"}) {
    EXPECT_EQ(reason(name, MaxValueBytes(name)), std::nullopt) << name;
    EXPECT_EQ(reason(name, MaxValueBytes(name) + 1), Reason::kHeadTooLarge) << name;
    EXPECT_EQ(reason(name, 8192), Reason::kHeadTooLarge) << name;
  }
  EXPECT_EQ(reason("Cookie", 8192), std::nullopt);
}

TEST(RequestGuardTest, KnowsWhatIsNotHttpByItsFirstByte) {
  for (std::string_view bytes : {"", "\r", "\r\n", "\r\nG", "G", "*1", "GET / HTTP/1.1\r\n"}) {
    EXPECT_FALSE(IsNotHttp(bytes)) << bytes;
  }
  for (std::string_view bytes : {"\x16\x03\x01", "\r\n\r\n", "\r\r", " GET", "\n", "(", "\xff"}) {
    EXPECT_TRUE(IsNotHttp(bytes)) << bytes;
  }
}

TEST(RequestGuardTest, JudgesTheBeginningAsTheWhole) {
  for (std::string_view bytes :
       {"", "G", "GET", "GET /", "GET http", "\r\nPOST / HTTP/1.1\r\nHo", "GET / HTTP/1.1\r"}) {
    EXPECT_TRUE(JudgeBeginning(bytes).ok()) << bytes;
  }
  for (std::string_view bytes : {"SSH-2.0-x\r\n", "G(T", "G\tT /", "PRI * HTTP/2.0\r\n", "GET a HTTP/1.1\r\n",
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG"}) {
    EXPECT_FALSE(JudgeBeginning(bytes).ok()) << bytes;
  }
}

TEST(RequestGuardTest, JudgesTargets) {
  Judge({
      {Target("/"), kTaken},
      {Target("/a?b=c&d=%20"), kTaken},
      {Target("/?"), kTaken},
      {Target("//a"), kTaken},
      {Target("/%41%2f%2F"), kTaken},
      {Target("/a;b=c"), kTaken},
      {Target("/~a!$&'()*+,;=:@-._"), kTaken},
      {Target("/[x]|{y}"), kTaken},
      {Target("/?a=%E2%82%AC"), kTaken},
      {Target("http://a/"), kRefusedByGuard},
      {Target("https://b/x"), kRefusedByGuard},
      {Target("a"), kRefusedByGuard},
      {Target("?a=b"), kRefusedByGuard},
      {Target("/#x"), kRefusedByGuard},
      {Target("/a#"), kRefusedByGuard},
      {Target("/a\\b"), kRefusedByGuard},
      {Target("/%"), kRefusedByGuard},
      {Target("/%4"), kRefusedByGuard},
      {Target("/%4g"), kRefusedByGuard},
      {Target("/%zz"), kRefusedByGuard},
      {Target("/%00"), kRefusedByGuard},
      {Target("/a?b=%00"), kRefusedByGuard},
      {Target("/\x80"), kRefusedByGuard},
      {Target("/\xc3\xa9"), kRefusedByGuard},
      {Target("/\x7f"), kRefused},
      {Target("/\x01"), kRefused},
      {Target("/a b"), kRefused},
      {Target(std::string_view("/\0", 2)), kRefused},
  });
}

TEST(RequestGuardTest, JudgesLines) {
  Judge({
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", kTaken},
      {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", kTaken},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", kRefused},
      {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", kRefused},
      {"GET / HTTP/1.1\nHost: a\r\n\r\n", kRefused},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", kRefused},
      {"GET / HTTP/1.1\r\nHost: a\n\n", kRefused},
      {"GET / HTTP/1.1\rHost: a\r\n\r\n", kRefused},
      {"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", kRefused},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", kRefused},
      {"GET / HTTP/1.1\r\nHost: a\r\n", kRefused},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r", kRefused},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\nx", kRefused},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", kRefused},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\nb: c\r\n\r\n", kRefused},
      {"", kRefused},
      {"\r\n", kRefused},
      {"\r\n\r\n", kRefused},
      {"\x16\x03\x01\x02\r\n\r\n", kRefused},
  });
}

TEST(RequestGuardTest, JudgesFields) {
  Judge({
      {With("X: y\r\n"), kTaken},
      {With("X:y\r\n"), kTaken},
      {With("X:\r\n"), kTaken},
      {With("X: \t y \t \r\n"), kTaken},
      {With("X: \xc3\xa9\r\n"), kTaken},
      {With("!#$%&'*+-.^_`|~: y\r\n"), kTaken},
      {With("X: a:b:c\r\n"), kTaken},
      {With("Upgrade: h2c\r\n"), kTaken},
      {With("TE: trailers\r\n"), kTaken},
      {With(" X: y\r\n"), kRefusedByGuard},
      {With("\tX: y\r\n"), kRefusedByGuard},
      {With("X: y\r\n z\r\n"), kRefusedByGuard},
      {With("X: y\r\n\tz\r\n"), kRefusedByGuard},
      {With("X : y\r\n"), kRefused},
      {With("X\t: y\r\n"), kRefused},
      {With("X y\r\n"), kRefused},
      {With(": y\r\n"), kRefused},
      {With("X\r\n"), kRefused},
      {With("X Y: z\r\n"), kRefused},
      {With("X(: y\r\n"), kRefused},
      {With("X\x01: y\r\n"), kRefused},
      {With("X\xc3: y\r\n"), kRefused},
      {With("\"X\": y\r\n"), kRefused},
      {With("X: \x01\r\n"), kRefused},
      {With("X: \x7f\r\n"), kRefused},
      {With("X: \x0b\r\n"), kRefused},
      {With("X: \x0c\r\n"), kRefused},
      {With(std::string_view("X: \0\r\n", 6)), kRefused},
      {With(std::string_view("X\0: a\r\n", 7)), kRefused},
  });
}

TEST(RequestGuardTest, WantsExactlyOneHost) {
  Judge({
      {Only("Host: a\r\n"), kTaken},
      {Only("host: a\r\n"), kTaken},
      {Only("Host:a\r\n"), kTaken},
      {Only("Host: a.b-c.example\r\n"), kTaken},
      {Only("Host: a:8080\r\n"), kTaken},
      {Only("Host: a:\r\n"), kTaken},
      {Only("Host: 127.0.0.1:80\r\n"), kTaken},
      {Only("Host: [::1]\r\n"), kTaken},
      {Only("Host: [2001:db8::1]:8080\r\n"), kTaken},
      {Only("Host: [::ffff:1.2.3.4]:1\r\n"), kTaken},
      {"GET / HTTP/1.0\r\n\r\n", kTaken},
      {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", kTaken},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", kRefusedByGuard},
      {Only(""), kRefusedByGuard},
      {Only("Host: a\r\nHost: a\r\n"), kRefusedByGuard},
      {Only("Host: a\r\nhOST: b\r\n"), kRefusedByGuard},
      {Only("Host: a, b\r\n"), kRefusedByGuard},
      {Only("Host:\r\n"), kRefusedByGuard},
      {Only("Host: a b\r\n"), kRefusedByGuard},
      {Only("Host: a/\r\n"), kRefusedByGuard},
      {Only("Host: http://a\r\n"), kRefusedByGuard},
      {Only("Host: u@a\r\n"), kRefusedByGuard},
      {Only("Host: a:b\r\n"), kRefusedByGuard},
      {Only("Host: a:123456\r\n"), kRefusedByGuard},
      {Only("Host: a:1:2\r\n"), kRefusedByGuard},
      {Only("Host: :80\r\n"), kRefusedByGuard},
      {Only("Host: [::1\r\n"), kRefusedByGuard},
      {Only("Host: []\r\n"), kRefusedByGuard},
      {Only("Host: [::1]x\r\n"), kRefusedByGuard},
      {Only("Host: [g::1]\r\n"), kRefusedByGuard},
      {Only("Host: \"a\"\r\n"), kRefusedByGuard},
      {Only("Host: a%2e\r\n"), kRefusedByGuard},
      {Only("Host: \xc3\xa9\r\n"), kRefusedByGuard},
      {Only("Host : a\r\n"), kRefused},
  });
}

TEST(RequestGuardTest, TakesTheBodysLengthFromOnePlaceOnly) {
  Judge({
      {With("Content-Length: 0\r\n"), kTaken},
      {With("Content-Length: 5\r\n"), kTaken},
      {With("content-length:5\r\n"), kTaken},
      {With("Content-Length: 007\r\n"), kTaken},
      {With("Content-Length: 999999999999999999\r\n"), kTaken},
      {With("Transfer-Encoding: chunked\r\n"), kTaken},
      {With("TRANSFER-ENCODING:chunked\r\n"), kTaken},
      {With("Transfer-Encoding: chunked \r\n"), kTaken},
      {With("Content-Length: 5\r\nContent-Length: 5\r\n"), kRefusedByGuard},
      {With("Content-Length: 5\r\nContent-Length: 6\r\n"), kRefused},
      {With("Content-Length: 5, 5\r\n"), kRefusedByGuard},
      {With("Content-Length: 5,6\r\n"), kRefused},
      {With("Content-Length: +5\r\n"), kRefused},
      {With("Content-Length: -5\r\n"), kRefused},
      {With("Content-Length: -0\r\n"), kRefused},
      {With("Content-Length: 5 5\r\n"), kRefused},
      {With("Content-Length: 5.0\r\n"), kRefused},
      {With("Content-Length: 0x5\r\n"), kRefused},
      {With("Content-Length: 5a\r\n"), kRefused},
      {With("Content-Length: 5;\r\n"), kRefused},
      {With("Content-Length: \"5\"\r\n"), kRefused},
      {With("Content-Length:\r\n"), kRefused},
      {With("Content-Length: \xd9\xa5\r\n"), kRefused},
      {With("Content-Length: 1e3\r\n"), kRefused},
      {With("Content-Length: 9999999999999999999\r\n"), kRefusedByGuard},
      {With("Content-Length: 18446744073709551616\r\n"), kRefused},
      {With("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), kRefused},
      {With("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), kRefused},
      {With("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), kRefused},
      {With("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), kRefused},
      {With("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), kRefused},
      {With("Transfer-Encoding: identity\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: identity\r\nContent-Length: 5\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: chunked, identity\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: identity, chunked\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: chunked, chunked\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: gzip, chunked\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: gzip\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: \"chunked\"\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: 'chunked'\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding:\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: ,chunked\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: chunked,\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: chunked;q=1\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: xchunked\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: chunkedx\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: chunk\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: CHUNKED\r\n"), kRefusedByGuard},
      {With("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       kRefused},
      {With("Transfer-Encoding : chunked\r\n"), kRefused},
      {With(" Transfer-Encoding: chunked\r\n"), kRefusedByGuard},
      {With("X: y\r\n Transfer-Encoding: chunked\r\n"), kRefusedByGuard},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", kRefusedByGuard},
      {"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n", kTaken},
  });
}

TEST(RequestGuardTest, KnowsOneExpectation) {
  Judge({
      {With("Expect: 100-continue\r\nContent-Length: 1\r\n"), kTaken},
      {With("Expect: 100-Continue\r\nContent-Length: 1\r\n"), kTaken},
      {With("Expect: 200-ok\r\n"), kRefusedByGuard},
      {With("Expect:\r\n"), kRefusedByGuard},
  });
}

TEST(RequestGuardTest, RefusesWhatIsTooLargeByName) {
  EXPECT_EQ(ReasonOf(Read(Target("/" + std::string(kMaxRequestLineBytes, 'a')))), Reason::kUriTooLong);
  EXPECT_EQ(ReasonOf(Read(With("X: " + std::string(kMaxHeadBytes, 'a') + "\r\n"))), Reason::kHeadTooLarge);
  std::string lines;
  for (size_t i = 1; i < kMaxFields; ++i) lines += "X: y\r\n";
  EXPECT_TRUE(Read(With(lines)).ok());
  EXPECT_EQ(ReasonOf(Read(With(lines + "X: y\r\n"))), Reason::kHeadTooLarge);
}

TEST(RequestParserTest, GivesThePartsOfAHead) {
  const std::string raw =
      "POST /a/b?c=d HTTP/1.1\r\nHost: h:1\r\nX-A:  v \r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n";
  RequestParser parser;
  ASSERT_TRUE(parser.Take(raw).ok());
  const RequestHead& head = parser.head();
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.path, "/a/b");
  EXPECT_EQ(head.query, "c=d");
  EXPECT_EQ(head.host, "h:1");
  EXPECT_EQ(head.content_length, 12u);
  EXPECT_FALSE(head.chunked);
  EXPECT_TRUE(head.expects_continue);
  EXPECT_EQ(head.Find("x-a"), "v");
  EXPECT_EQ(head.Find("x-b"), std::nullopt);
}

TEST(RequestParserTest, KnowsWhenTheConnectionEnds) {
  const auto keeps = [](const std::string& raw) {
    RequestParser parser;
    EXPECT_TRUE(parser.Take(raw).ok());
    return parser.head().keep_alive;
  };
  EXPECT_TRUE(keeps(With("")));
  EXPECT_FALSE(keeps(With("Connection: close\r\n")));
  EXPECT_FALSE(keeps(With("Connection: keep-alive, Close\r\n")));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestParserTest, KnowsATooLargeBodyBeforeItComes) {
  const std::string lengthy = With("Content-Length: 11\r\n");
  RequestParser of_length;
  ASSERT_TRUE(of_length.Take(lengthy).ok());
  EXPECT_EQ(ReasonOf(of_length.LimitBody(10)), Reason::kBodyTooLarge);
  const std::string in_chunks = With("Transfer-Encoding: chunked\r\n");
  RequestParser of_chunks;
  ASSERT_TRUE(of_chunks.Take(in_chunks).ok());
  ASSERT_TRUE(of_chunks.LimitBody(10).ok());
  std::string_view bytes = "a\r\n0123456789\r\n1\r\n";
  EXPECT_EQ(of_chunks.NextPiece(bytes).value(), "0123456789");
  EXPECT_EQ(ReasonOf(of_chunks.NextPiece(bytes).status()), Reason::kBodyTooLarge);
}

TEST(RequestParserTest, TakesNoTrailerForAField) {
  const std::string head = With("Transfer-Encoding: chunked\r\n");
  RequestParser parser;
  ASSERT_TRUE(parser.Take(head).ok());
  std::string_view bytes = "1\r\na\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\nHost: b\r\n\r\nGET /";
  EXPECT_EQ(parser.NextPiece(bytes).value(), "a");
  EXPECT_EQ(parser.NextPiece(bytes).value(), "");
  EXPECT_TRUE(parser.is_at_end());
  EXPECT_EQ(bytes, "GET /");
  EXPECT_EQ(parser.head().Find("X-Forwarded-For"), std::nullopt);
  EXPECT_EQ(parser.head().host, "a");
}

TEST(RequestGuardTest, FindsTheEndOfAHeadHoweverItArrives) {
  const std::string raw = "GET / HTTP/1.1\r\nHost: a\r\n\r\nnext";
  size_t seen = 0;
  for (size_t come = 0; come < raw.size() - 4; ++come) {
    EXPECT_EQ(HeadSize(std::string_view(raw).substr(0, come), seen), 0u);
    seen = come;
  }
  EXPECT_EQ(HeadSize(raw, seen), raw.size() - 4);
  EXPECT_EQ(HeadSize("\r\nGET / HTTP/1.0\r\n\r\n", 0), 20u);
}

}  // namespace
}  // namespace ftl::http

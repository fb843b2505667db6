#include "gateway/http/request_head.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

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

struct Case {
  std::string raw;
  bool taken;
};

void Judge(const std::vector<Case>& cases) {
  for (const Case& given : cases) {
    const auto head = ParseHead(given.raw);
    EXPECT_EQ(head.ok(), given.taken) << testing::PrintToString(given.raw) << " " << head.status();
    if (head.ok()) continue;
    EXPECT_EQ(ReasonOf(head.status()), Reason::kBadRequest) << testing::PrintToString(given.raw);
  }
}

TEST(RequestHeadTest, JudgesRequestLines) {
  Judge({
      {Line("GET / HTTP/1.1"), true},
      {Line("GET / HTTP/1.0"), true},
      {Line("DELETE /a/b HTTP/1.1"), true},
      {Line("OPTIONS * HTTP/1.1"), true},
      {Line("M-SEARCH / HTTP/1.1"), true},
      {Line("GET  / HTTP/1.1"), false},
      {Line("GET /  HTTP/1.1"), false},
      {Line(" GET / HTTP/1.1"), false},
      {Line("GET / HTTP/1.1 "), false},
      {Line("GET\t/ HTTP/1.1"), false},
      {Line("GET /\tHTTP/1.1"), false},
      {Line("GET / HTTP/1.2"), false},
      {Line("GET / HTTP/2.0"), false},
      {Line("GET / HTTP/0.9"), false},
      {Line("GET / HTTP/1.10"), false},
      {Line("GET / HTTP/1"), false},
      {Line("GET / http/1.1"), false},
      {Line("GET / HTTP/11"), false},
      {Line("GET / HTTP/1.1\x01"), false},
      {Line("GET / XTTP/1.1"), false},
      {Line("GET /"), false},
      {Line("GET"), false},
      {Line(""), false},
      {Line("GET HTTP/1.1"), false},
      {Line("/ HTTP/1.1"), false},
      {Line("G(T / HTTP/1.1"), false},
      {Line("G@T / HTTP/1.1"), false},
      {Line("G\xc3T / HTTP/1.1"), false},
      {Line("GET: / HTTP/1.1"), false},
      {Line("PRI * HTTP/2.0"), false},
      {Line("GET * HTTP/1.1"), false},
      {Line("CONNECT a:443 HTTP/1.1"), false},
  });
}

TEST(RequestHeadTest, BoundsValuesByTheirField) {
  const auto reason = [](std::string_view name, size_t bytes) {
    const auto head = ParseHead(With(fmt::format("{}: {}\r\n", name, std::string(bytes, 'a'))));
    return head.ok() ? std::nullopt : std::optional(ReasonOf(head.status()));
  };
  for (const char* name : {"Content-Type", "Content-Encoding", "Authorization", "Last-Event-ID", "X-Request-Id",
                           "traceparent", "Origin", "Sec-Fetch-Site", "Accept", "Connection"}) {
    EXPECT_EQ(reason(name, MaxValueBytes(name)), std::nullopt) << name;
    EXPECT_EQ(reason(name, MaxValueBytes(name) + 1), Reason::kHeadTooLarge) << name;
    EXPECT_EQ(reason(name, 8192), Reason::kHeadTooLarge) << name;
  }
  EXPECT_EQ(reason("Cookie", 8192), std::nullopt);
}

TEST(RequestHeadTest, KnowsWhatIsNotHttpByItsFirstByte) {
  for (std::string_view bytes : {"", "\r", "\r\n", "\r\nG", "G", "*1", "GET / HTTP/1.1\r\n"}) {
    EXPECT_FALSE(IsNotHttp(bytes)) << bytes;
  }
  for (std::string_view bytes : {"\x16\x03\x01", "\r\n\r\n", "\r\r", " GET", "\n", "(", "\xff"}) {
    EXPECT_TRUE(IsNotHttp(bytes)) << bytes;
  }
}

TEST(RequestHeadTest, JudgesTheBeginningAsTheWhole) {
  for (std::string_view bytes :
       {"", "G", "GET", "GET /", "GET http", "\r\nPOST / HTTP/1.1\r\nHo", "GET / HTTP/1.1\r"}) {
    EXPECT_TRUE(JudgeBeginning(bytes).ok()) << bytes;
  }
  for (std::string_view bytes : {"SSH-2.0-x\r\n", "G(T", "G\tT /", "PRI * HTTP/2.0\r\n", "GET a HTTP/1.1\r\n",
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG"}) {
    EXPECT_FALSE(JudgeBeginning(bytes).ok()) << bytes;
  }
}

TEST(RequestHeadTest, JudgesTargets) {
  Judge({
      {Target("/"), true},
      {Target("/a?b=c&d=%20"), true},
      {Target("/?"), true},
      {Target("//a"), true},
      {Target("/%41%2f%2F"), true},
      {Target("/a;b=c"), true},
      {Target("/~a!$&'()*+,;=:@-._"), true},
      {Target("/[x]|{y}"), true},
      {Target("/?a=%E2%82%AC"), true},
      {Target("http://a/"), false},
      {Target("https://b/x"), false},
      {Target("a"), false},
      {Target("?a=b"), false},
      {Target("/#x"), false},
      {Target("/a#"), false},
      {Target("/a\\b"), false},
      {Target("/%"), false},
      {Target("/%4"), false},
      {Target("/%4g"), false},
      {Target("/%zz"), false},
      {Target("/%00"), false},
      {Target("/a?b=%00"), false},
      {Target("/\x80"), false},
      {Target("/\xc3\xa9"), false},
      {Target("/\x7f"), false},
      {Target("/\x01"), false},
      {Target("/a b"), false},
      {Target(std::string_view("/\0", 2)), false},
  });
}

TEST(RequestHeadTest, JudgesLines) {
  Judge({
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
      {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", false},
      {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", false},
      {"GET / HTTP/1.1\nHost: a\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\n\n", false},
      {"GET / HTTP/1.1\rHost: a\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r", false},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\nx", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\nb: c\r\n\r\n", false},
      {"", false},
      {"\r\n", false},
      {"\r\n\r\n", false},
      {"\x16\x03\x01\x02\r\n\r\n", false},
  });
}

TEST(RequestHeadTest, JudgesFields) {
  Judge({
      {With("X: y\r\n"), true},
      {With("X:y\r\n"), true},
      {With("X:\r\n"), true},
      {With("X: \t y \t \r\n"), true},
      {With("X: \xc3\xa9\r\n"), true},
      {With("!#$%&'*+-.^_`|~: y\r\n"), true},
      {With("X: a:b:c\r\n"), true},
      {With("Upgrade: h2c\r\n"), true},
      {With("TE: trailers\r\n"), true},
      {With(" X: y\r\n"), false},
      {With("\tX: y\r\n"), false},
      {With("X: y\r\n z\r\n"), false},
      {With("X: y\r\n\tz\r\n"), false},
      {With("X : y\r\n"), false},
      {With("X\t: y\r\n"), false},
      {With("X y\r\n"), false},
      {With(": y\r\n"), false},
      {With("X\r\n"), false},
      {With("X Y: z\r\n"), false},
      {With("X(: y\r\n"), false},
      {With("X\x01: y\r\n"), false},
      {With("X\xc3: y\r\n"), false},
      {With("\"X\": y\r\n"), false},
      {With("X: \x01\r\n"), false},
      {With("X: \x7f\r\n"), false},
      {With("X: \x0b\r\n"), false},
      {With("X: \x0c\r\n"), false},
      {With(std::string_view("X: \0\r\n", 6)), false},
      {With(std::string_view("X\0: a\r\n", 7)), false},
  });
}

TEST(RequestHeadTest, WantsExactlyOneHost) {
  Judge({
      {Only("Host: a\r\n"), true},
      {Only("host: a\r\n"), true},
      {Only("Host:a\r\n"), true},
      {Only("Host: a.b-c.example\r\n"), true},
      {Only("Host: a:8080\r\n"), true},
      {Only("Host: a:\r\n"), true},
      {Only("Host: 127.0.0.1:80\r\n"), true},
      {Only("Host: [::1]\r\n"), true},
      {Only("Host: [2001:db8::1]:8080\r\n"), true},
      {Only("Host: [::ffff:1.2.3.4]:1\r\n"), true},
      {"GET / HTTP/1.0\r\n\r\n", true},
      {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", true},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", false},
      {Only(""), false},
      {Only("Host: a\r\nHost: a\r\n"), false},
      {Only("Host: a\r\nhOST: b\r\n"), false},
      {Only("Host: a, b\r\n"), false},
      {Only("Host:\r\n"), false},
      {Only("Host: a b\r\n"), false},
      {Only("Host: a/\r\n"), false},
      {Only("Host: http://a\r\n"), false},
      {Only("Host: u@a\r\n"), false},
      {Only("Host: a:b\r\n"), false},
      {Only("Host: a:123456\r\n"), false},
      {Only("Host: a:1:2\r\n"), false},
      {Only("Host: :80\r\n"), false},
      {Only("Host: [::1\r\n"), false},
      {Only("Host: []\r\n"), false},
      {Only("Host: [::1]x\r\n"), false},
      {Only("Host: [g::1]\r\n"), false},
      {Only("Host: \"a\"\r\n"), false},
      {Only("Host: a%2e\r\n"), false},
      {Only("Host: \xc3\xa9\r\n"), false},
      {Only("Host : a\r\n"), false},
  });
}

TEST(RequestHeadTest, TakesTheBodysLengthFromOnePlaceOnly) {
  Judge({
      {With("Content-Length: 0\r\n"), true},
      {With("Content-Length: 5\r\n"), true},
      {With("content-length:5\r\n"), true},
      {With("Content-Length: 007\r\n"), true},
      {With("Content-Length: 999999999999999999\r\n"), true},
      {With("Transfer-Encoding: chunked\r\n"), true},
      {With("TRANSFER-ENCODING:chunked\r\n"), true},
      {With("Transfer-Encoding: chunked \r\n"), true},
      {With("Content-Length: 5\r\nContent-Length: 5\r\n"), false},
      {With("Content-Length: 5\r\nContent-Length: 6\r\n"), false},
      {With("Content-Length: 5, 5\r\n"), false},
      {With("Content-Length: 5,6\r\n"), false},
      {With("Content-Length: +5\r\n"), false},
      {With("Content-Length: -5\r\n"), false},
      {With("Content-Length: -0\r\n"), false},
      {With("Content-Length: 5 5\r\n"), false},
      {With("Content-Length: 5.0\r\n"), false},
      {With("Content-Length: 0x5\r\n"), false},
      {With("Content-Length: 5a\r\n"), false},
      {With("Content-Length: 5;\r\n"), false},
      {With("Content-Length: \"5\"\r\n"), false},
      {With("Content-Length:\r\n"), false},
      {With("Content-Length: \xd9\xa5\r\n"), false},
      {With("Content-Length: 1e3\r\n"), false},
      {With("Content-Length: 9999999999999999999\r\n"), false},
      {With("Content-Length: 18446744073709551616\r\n"), false},
      {With("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), false},
      {With("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), false},
      {With("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), false},
      {With("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), false},
      {With("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), false},
      {With("Transfer-Encoding: identity\r\n"), false},
      {With("Transfer-Encoding: identity\r\nContent-Length: 5\r\n"), false},
      {With("Transfer-Encoding: chunked, identity\r\n"), false},
      {With("Transfer-Encoding: identity, chunked\r\n"), false},
      {With("Transfer-Encoding: chunked, chunked\r\n"), false},
      {With("Transfer-Encoding: gzip, chunked\r\n"), false},
      {With("Transfer-Encoding: gzip\r\n"), false},
      {With("Transfer-Encoding: \"chunked\"\r\n"), false},
      {With("Transfer-Encoding: 'chunked'\r\n"), false},
      {With("Transfer-Encoding:\r\n"), false},
      {With("Transfer-Encoding: ,chunked\r\n"), false},
      {With("Transfer-Encoding: chunked,\r\n"), false},
      {With("Transfer-Encoding: chunked;q=1\r\n"), false},
      {With("Transfer-Encoding: xchunked\r\n"), false},
      {With("Transfer-Encoding: chunkedx\r\n"), false},
      {With("Transfer-Encoding: chunk\r\n"), false},
      {With("Transfer-Encoding: CHUNKED\r\n"), false},
      {With("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       false},
      {With("Transfer-Encoding : chunked\r\n"), false},
      {With(" Transfer-Encoding: chunked\r\n"), false},
      {With("X: y\r\n Transfer-Encoding: chunked\r\n"), false},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", false},
      {"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n", true},
  });
}

TEST(RequestHeadTest, KnowsOneExpectation) {
  Judge({
      {With("Expect: 100-continue\r\nContent-Length: 1\r\n"), true},
      {With("Expect: 100-Continue\r\nContent-Length: 1\r\n"), true},
      {With("Expect: 200-ok\r\n"), false},
      {With("Expect:\r\n"), false},
  });
}

TEST(RequestHeadTest, RefusesWhatIsTooLargeByName) {
  EXPECT_EQ(ReasonOf(ParseHead(Target("/" + std::string(kMaxRequestLineBytes, 'a'))).status()), Reason::kUriTooLong);
  EXPECT_EQ(ReasonOf(ParseHead(With("X: " + std::string(kMaxHeadBytes, 'a') + "\r\n")).status()),
            Reason::kHeadTooLarge);
  std::string lines;
  for (size_t i = 1; i < kMaxFields; ++i) lines += "X: y\r\n";
  EXPECT_TRUE(ParseHead(With(lines)).ok());
  EXPECT_EQ(ReasonOf(ParseHead(With(lines + "X: y\r\n")).status()), Reason::kHeadTooLarge);
}

TEST(RequestHeadTest, GivesThePartsOfAHead) {
  const std::string raw =
      "POST /a/b?c=d HTTP/1.1\r\nHost: h:1\r\nX-A:  v \r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n";
  const auto head = ParseHead(raw);
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->method, "POST");
  EXPECT_EQ(head->path, "/a/b");
  EXPECT_EQ(head->query, "c=d");
  EXPECT_EQ(head->host, "h:1");
  EXPECT_EQ(head->content_length, 12u);
  EXPECT_FALSE(head->chunked);
  EXPECT_TRUE(head->expects_continue);
  EXPECT_EQ(head->Find("x-a"), "v");
  EXPECT_EQ(head->Find("x-b"), std::nullopt);
}

TEST(RequestHeadTest, KnowsWhenTheConnectionEnds) {
  EXPECT_TRUE(ParseHead(With(""))->keep_alive);
  EXPECT_FALSE(ParseHead(With("Connection: close\r\n"))->keep_alive);
  EXPECT_FALSE(ParseHead(With("Connection: keep-alive, Close\r\n"))->keep_alive);
  EXPECT_FALSE(ParseHead("GET / HTTP/1.0\r\n\r\n")->keep_alive);
  EXPECT_TRUE(ParseHead("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")->keep_alive);
}

TEST(RequestHeadTest, FindsTheEndOfAHeadHoweverItArrives) {
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

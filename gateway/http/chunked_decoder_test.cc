#include "gateway/http/chunked_decoder.h"

#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl::http {
namespace {

constexpr std::string_view kTwoChunks =
    "5\r\nhello\r\n00A ; x=\"y\"\r\n, world!!!\r\n0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\nGET /";

TEST(ChunkedDecoderTest, ReadsChunksAndDropsExtensionsAndTrailers) {
  ChunkedDecoder decoder(100);
  std::string body;
  const auto taken = decoder.Feed(kTwoChunks, body);
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(kTwoChunks.substr(*taken), "GET /");
  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(body, "hello, world!!!");
}

TEST(ChunkedDecoderTest, ReadsTheSameByteByByte) {
  ChunkedDecoder decoder(100);
  std::string body;
  size_t at = 0;
  while (!decoder.done()) ASSERT_EQ(*decoder.Feed(kTwoChunks.substr(at++, 1), body), 1u);
  EXPECT_EQ(kTwoChunks.substr(at), "GET /");
  EXPECT_EQ(body, "hello, world!!!");
}

TEST(ChunkedDecoderTest, RefusesWhatTwoReadersCouldReadInTwoWays) {
  for (std::string_view raw : {"5\nhello\r\n",
                               "5\r\nhello\n0\r\n\r\n",
                               "5\r\nhelloX\r\n",
                               "5\r\nhell\r\n0\r\n\r\n",
                               "g\r\n",
                               "\r\n",
                               "-1\r\n",
                               "+5\r\nhello\r\n",
                               "0x5\r\nhello\r\n",
                               " 5\r\nhello\r\n",
                               "5 \r\nhello\r\n",
                               "5\rhello\r\n",
                               "123456789\r\n",
                               "5;\x01\r\nhello\r\n",
                               "5,5\r\nhello\r\n",
                               "0\r\nX\r\n\r\n",
                               "0\r\n: x\r\n\r\n",
                               "0\r\nX y: z\r\n\r\n",
                               "0\r\n X: y\r\n\r\n",
                               "0\r\nX: y\n\r\n",
                               "0\r\nX: \x7f\r\n\r\n"}) {
    ChunkedDecoder decoder(100);
    std::string body;
    EXPECT_FALSE(decoder.Feed(raw, body).ok()) << testing::PrintToString(raw);
  }
}

TEST(ChunkedDecoderTest, RefusesABodyThatIsTooLargeBeforeItComes) {
  ChunkedDecoder decoder(10);
  std::string body;
  ASSERT_TRUE(decoder.Feed("a\r\n0123456789\r\n", body).ok());
  EXPECT_EQ(ReasonOf(decoder.Feed("1\r\n", body).status()), Reason::kBodyTooLarge);
}

TEST(ChunkedDecoderTest, BoundsWhatIsNotBody) {
  ChunkedDecoder decoder(1'000'000);
  std::string body;
  absl::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) {
    status = decoder.Feed("1;" + std::string(200, 'x') + "\r\na\r\n", body).status();
  }
  EXPECT_FALSE(status.ok());
}

}  // namespace
}  // namespace ftl::http

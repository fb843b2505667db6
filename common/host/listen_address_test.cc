#include "common/host/listen_address.h"

#include <gtest/gtest.h>

namespace ftl::host {
namespace {

TEST(ListenAddressTest, IsALiteralAddressAndAPort) {
  EXPECT_EQ(ParseListenAddress("127.0.0.1:8080")->port(), 8080);
  EXPECT_EQ(ParseListenAddress("0.0.0.0:0")->address().to_string(), "0.0.0.0");
  EXPECT_EQ(ParseListenAddress("[::1]:65535")->address().to_string(), "::1");
}

TEST(ListenAddressTest, IsNothingElse) {
  for (const char* text :
       {"", ":", "nope", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1",
        "127.0.0.1:1x", "127.0.0.1:65536", "::1:80", "[127.0.0.1]:80", "[::1]", "[]:1"}) {
    EXPECT_FALSE(ParseListenAddress(text).ok()) << text;
  }
}

}  // namespace
}  // namespace ftl::host

#include "gateway/http/caller.h"

#include <gtest/gtest.h>

namespace ftl::http {
namespace {

std::string Address(std::string_view peer, std::vector<FieldView> fields, int hops) {
  RequestHead head;
  head.fields = std::move(fields);
  return ClientAddress(boost::asio::ip::make_address(std::string(peer)), head, hops);
}

bool Foreign(std::vector<FieldView> fields) {
  RequestHead head;
  head.host = "lab.example:8080";
  head.fields = std::move(fields);
  return IsForeign(head);
}

TEST(ClientAddressTest, IsTheSocketsUnlessProxiesAreTrusted) {
  EXPECT_EQ(Address("9.9.9.9", {{"X-Forwarded-For", "1.1.1.1"}}, 0), "9.9.9.9");
  EXPECT_EQ(Address("::ffff:9.9.9.9", {}, 0), "9.9.9.9");
  EXPECT_EQ(Address("2001:db8:1:2:3:4:5:6", {}, 0), "2001:db8:1:2::");
}

TEST(ClientAddressTest, IsTheOneTheOutermostTrustedProxyWrote) {
  EXPECT_EQ(Address("10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, 1.1.1.1"}}, 1), "1.1.1.1");
  EXPECT_EQ(Address("10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, 1.1.1.1"}, {"x-forwarded-for", "10.0.0.2"}}, 2),
            "1.1.1.1");
  EXPECT_EQ(Address("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1"}}, 2), "10.0.0.1");
  EXPECT_EQ(Address("10.0.0.1", {{"X-Forwarded-For", "unknown"}}, 1), "10.0.0.1");
  EXPECT_EQ(Address("10.0.0.1", {{"X-Forwarded-For", "2001:db8:1:2::7"}}, 1), "2001:db8:1:2::");
}

TEST(ForeignTest, IsWhatTheBrowserSaysComesFromElsewhere) {
  EXPECT_FALSE(Foreign({}));
  EXPECT_FALSE(Foreign({{"Origin", "http://lab.example:8080"}, {"Sec-Fetch-Site", "same-origin"}}));
  EXPECT_FALSE(Foreign({{"Origin", "https://LAB.example:8080"}}));
  EXPECT_FALSE(Foreign({{"Sec-Fetch-Site", "none"}}));
  EXPECT_TRUE(Foreign({{"Sec-Fetch-Site", "cross-site"}}));
  EXPECT_TRUE(Foreign({{"Sec-Fetch-Site", "same-site"}}));
  EXPECT_TRUE(Foreign({{"Origin", "https://evil.example"}}));
  EXPECT_TRUE(Foreign({{"Origin", "http://lab.example"}}));
  EXPECT_TRUE(Foreign({{"Origin", "null"}}));
}

TEST(RequestIdTest, IsTakenOnlyWhereItIsSane) {
  RequestHead head;
  const auto id = [&](std::string_view value) {
    head.fields = {{"X-Request-ID", value}};
    return RequestIdOf(head);
  };
  EXPECT_EQ(id("a-B_1.2"), "a-B_1.2");
  EXPECT_EQ(id("a b"), "");
  EXPECT_EQ(id("a\"b"), "");
  EXPECT_EQ(id(std::string(65, 'a')), "");
  EXPECT_EQ(id("demo-0123"), "");
  EXPECT_EQ(id("Demo-0123"), "");
  EXPECT_EQ(id(std::string(64, 'a')), "");
  EXPECT_EQ(id("x." + std::string(31, 'a') + std::string(31, 'B')), "");
  EXPECT_EQ(id("0af7651916cd43dd8448eb211c80319c"), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(id("a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"), "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3");
}

TEST(BearerTest, IsTheTokenAfterTheScheme) {
  RequestHead head;
  head.fields = {{"Authorization", "bearer demo-1"}};
  EXPECT_EQ(BearerOf(head), "demo-1");
  head.fields = {{"Authorization", "Basic x"}};
  EXPECT_EQ(BearerOf(head), "");
}

}  // namespace
}  // namespace ftl::http

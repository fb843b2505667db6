#include "common/endpoint/url/egress_allow.h"

#include <gtest/gtest.h>

#include "common/endpoint/url/endpoint.h"

namespace ftl {
namespace {

bool MayCall(std::string_view allow, std::string_view url) {
  const AddressPolicy policy({.allow = std::make_shared<const EgressAllow>(*EgressAllow::Parse(allow))});
  return Endpoint::Parse(url, policy).ok();
}

bool MayConnect(std::string_view allow, const char* address) {
  const AddressPolicy policy({.allow = std::make_shared<const EgressAllow>(*EgressAllow::Parse(allow))});
  return policy.JudgeAddress(boost::asio::ip::make_address(address)).ok();
}

TEST(EgressAllowTest, OpensItsNetworksAndNoOther) {
  EXPECT_TRUE(MayCall("10.20.0.0/16", "http://10.20.3.4:8000/v1"));
  EXPECT_FALSE(MayCall("10.20.0.0/16", "http://10.21.3.4:8000/v1"));
  EXPECT_TRUE(MayCall("192.168.7.9", "http://192.168.7.9:8000"));
  EXPECT_FALSE(MayCall("192.168.7.9", "http://192.168.7.8:8000"));
  EXPECT_TRUE(MayCall("10.20.0.0/15", "http://10.21.3.4:8000/v1"));
  EXPECT_TRUE(MayCall("fd00:1::/64", "http://[fd00:1::5]:8000/v1"));
  EXPECT_FALSE(MayCall("fd00:1::/64", "http://[fd00:2::5]:8000/v1"));
  EXPECT_FALSE(MayCall("10.0.0.0/8", "http://[::ffff:10.1.2.3]:8000/v1"));
  EXPECT_FALSE(MayCall("", "http://10.20.3.4:8000/v1"));
  EXPECT_TRUE(MayCall("", "https://api.openai.com/v1"));
}

TEST(EgressAllowTest, OpensASpellingAndLeavesItsAddressToTheNetworks) {
  EXPECT_TRUE(MayCall("vllm, models.internal", "http://vllm:8000/v1"));
  EXPECT_TRUE(MayCall("vllm, models.internal", "http://MODELS.internal.:8000/v1"));
  EXPECT_FALSE(MayCall("vllm, models.internal", "http://other.internal:8000/v1"));
  EXPECT_FALSE(MayConnect("vllm", "10.20.3.4"));
  EXPECT_TRUE(MayConnect("vllm,10.20.3.4", "10.20.3.4"));
}

TEST(EgressAllowTest, KeepsPortsOfOtherServicesShut) {
  EXPECT_FALSE(MayCall("10.0.0.0/8", "http://10.20.3.4:5432/v1"));
}

TEST(EgressAllowTest, RefusesWhatIsNoneAndWhatStaysShut) {
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/0", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0", "a b", "::/0", "-x",
                           "169.254.169.254", "169.0.0.0/8", "168.63.129.16", "128.0.0.0/1", "fe80::/64", "fe80::1",
                           "ff02::1", "0.0.0.0/8", "::ffff:10.0.0.0/104", "224.0.0.1"}) {
    EXPECT_FALSE(EgressAllow::Parse(text).ok()) << text;
  }
  EXPECT_TRUE(EgressAllow::Parse(" ")->empty());
}

}  // namespace
}  // namespace ftl

#include "common/endpoint/url/address_policy.h"

#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl {
namespace {

struct Range {
  const char* why;
  const char* before;  // the address before the range, public; null where that is none
  const char* first;
  const char* last;
  const char* after;  // the address after the range, public; null where that is none
};

constexpr Range kRanges[] = {
    {"this network", nullptr, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
    {"private use", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
    {"shared address space", "100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
    {"loopback", "126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
    {"Azure WireServer", "168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"},
    {"link local", "169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
    {"private use", "172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
    {"protocol assignments", "191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
    {"TEST-NET-1", "192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
    {"AS112", "192.31.195.255", "192.31.196.0", "192.31.196.255", "192.31.197.0"},
    {"AMT", "192.52.192.255", "192.52.193.0", "192.52.193.255", "192.52.194.0"},
    {"6to4 relay anycast", "192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
    {"private use", "192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
    {"AS112 direct delegation", "192.175.47.255", "192.175.48.0", "192.175.48.255", "192.175.49.0"},
    {"benchmarking", "198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
    {"TEST-NET-2", "198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
    {"TEST-NET-3", "203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
    {"multicast", "223.255.255.255", "224.0.0.0", "239.255.255.255", nullptr},
    {"reserved", nullptr, "240.0.0.0", "255.255.255.255", nullptr},
    {"all below 2000::/3", nullptr, "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"},
    {"protocol assignments", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"},
    {"documentation", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:db9::"},
    {"6to4", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"},
    {"AS112 direct delegation", "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
     "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::"},
    {"6bone", "3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", nullptr},
    {"documentation", nullptr, "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
    {"all above 2000::/3", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", nullptr},
};

// One per line of the registries, and what has bitten others.
constexpr const char* kForbidden[] = {
    "::1",
    "::ffff:8.8.8.8",                       // mapped, of a public address
    "::ffff:127.0.0.1",                     // mapped
    "::8.8.8.8",                            // compatible
    "::ffff:0:8.8.8.8",                     // translated (SIIT)
    "64:ff9b::8.8.8.8",                     // NAT64
    "64:ff9b:1::a9fe:a9fe",                 // local NAT64
    "100::1",                               // discard
    "100:0:0:1::1",                         // dummy prefix
    "2001::4136:e378:8000:63bf:3fff:fdd2",  // Teredo
    "2001:1::1",                            // PCP anycast
    "2001:1::2",                            // TURN anycast
    "2001:1::3",                            // DNS-SD SRP anycast
    "2001:2::1",                            // benchmarking
    "2001:3::1",                            // AMT
    "2001:4:112::1",                        // AS112
    "2001:10::1",                           // ORCHID
    "2001:20::1",                           // ORCHIDv2
    "2001:30::1",                           // drone remote ids
    "2002:808:808::1",                      // 6to4 of 8.8.8.8
    "2002:7f00:1::",                        // 6to4 of 127.0.0.1
    "5f00::1",                              // segment routing
    "fc00::1",
    "fd00:ec2::254",  // unique local; AWS metadata
    "fd20:ce::254",   // Google metadata
    "fe80::1",
    "febf::1",                      // link local
    "fec0::1",                      // site local
    "ff02::1",                      // multicast
    "2606:4700::5efe:7f00:1",       // ISATAP of 127.0.0.1
    "2606:4700::200:5efe:808:808",  // ISATAP of 8.8.8.8
    "2606:4700::100:5efe:808:808",  // ISATAP with the group bit
};

constexpr const char* kPublic[] = {
    "1.1.1.1",
    "8.8.8.8",
    "104.18.7.192",
    "172.64.0.1",
    "192.0.78.13",
    "198.41.0.4",
    "223.5.5.5",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
    "2001:500:88:200::8",
    "2a00:1450:4001:81b::200e",
    "2620:fe::fe",
    "2400:cb00:2048:1::681b:99c0",
    "2c0f:fb50:4003::",
    "2606:4700::5eff:7f00:1",
    "2606:4700::1:5efe:7f00:1",  // the next bits of an interface id make it no ISATAP
};

asio::ip::address Address(const char* text) { return asio::ip::make_address(text); }

TEST(AddressPolicyTest, RefusesEveryRangeFromItsFirstToItsLastAddressAndNoFurther) {
  const AddressPolicy policy;
  for (const Range& range : kRanges) {
    if (range.before) {
      EXPECT_TRUE(policy.JudgeAddress(Address(range.before)).ok()) << range.before << ", " << range.why;
    }
    EXPECT_FALSE(policy.JudgeAddress(Address(range.first)).ok()) << range.first << ", " << range.why;
    EXPECT_FALSE(policy.JudgeAddress(Address(range.last)).ok()) << range.last << ", " << range.why;
    if (range.after) {
      EXPECT_TRUE(policy.JudgeAddress(Address(range.after)).ok()) << range.after << ", " << range.why;
    }
  }
}

TEST(AddressPolicyTest, RefusesAddressesThatHoldOthersWhateverTheyHold) {
  for (const char* text : kForbidden) EXPECT_FALSE(AddressPolicy().JudgeAddress(Address(text)).ok()) << text;
}

TEST(AddressPolicyTest, LetsThePublicInternetPass) {
  for (const char* text : kPublic) EXPECT_TRUE(AddressPolicy().JudgeAddress(Address(text)).ok()) << text;
}

TEST(AddressPolicyTest, RefusesAnAddressWithAZone) {
  auto address = asio::ip::make_address_v6("2606:4700:4700::1111");
  address.scope_id(2);
  EXPECT_FALSE(AddressPolicy().JudgeAddress(address).ok());
}

TEST(AddressPolicyTest, OpensLoopbackAndNothingElseForDevelopment) {
  const AddressPolicy policy({.allow_localhost = true});
  for (const char* text : {"127.0.0.1", "127.0.0.0", "127.255.255.255", "::1"}) {
    EXPECT_TRUE(policy.JudgeAddress(Address(text)).ok()) << text;
  }
  EXPECT_TRUE(policy.JudgeName("localhost").ok());
  for (const char* text : kForbidden) {
    EXPECT_EQ(policy.JudgeAddress(Address(text)).ok(), std::string_view(text) == "::1") << text;
  }
  for (const char* text : {"0.0.0.0", "10.0.0.1", "126.255.255.255", "169.254.169.254", "192.168.1.1"}) {
    EXPECT_EQ(policy.JudgeAddress(Address(text)).ok(), std::string_view(text) == "126.255.255.255") << text;
  }
  for (const char* name : {"a.localhost", "localhost.localdomain", "ip6-localhost", "local", "printer.local"}) {
    EXPECT_FALSE(policy.JudgeName(name).ok()) << name;
  }
}

TEST(AddressPolicyTest, KeepsThePortsOfOtherServicesShutAlsoOnLoopback) {
  const AddressPolicy open({.allow_localhost = true});
  for (const uint16_t port : {22, 25, 2375, 5432, 6379, 6443, 9092, 9200, 10250, 11211, 27017, 50000}) {
    EXPECT_FALSE(AddressPolicy().JudgePort(port, false).ok()) << port;
    EXPECT_EQ(open.JudgePort(port, true).ok(), port == 50000) << port;
  }
  for (const uint16_t port :
       {80, 443, 1234, 3000, 4000, 5000, 7860, 8000, 8001, 8080, 8443, 8888, 9000, 11434, 30000}) {
    EXPECT_TRUE(AddressPolicy().JudgePort(port, false).ok()) << port;
  }
  EXPECT_FALSE(open.JudgePort(50000, false).ok());
}

TEST(AddressPolicyTest, SaysTheSameOfEveryForbiddenAddress) {
  const AddressPolicy policy;
  const absl::Status refused = policy.JudgeAddress(Address("127.0.0.1"));
  EXPECT_EQ(ReasonOf(refused), Reason::kEndpointNotAllowed);
  ASSERT_EQ(FieldFaultsOf(refused).size(), 1u);
  EXPECT_EQ(FieldFaultsOf(refused)[0].field, "endpoint_url");
  EXPECT_EQ(policy.JudgeAddress(Address("fd00:ec2::254")), refused);
  EXPECT_EQ(policy.JudgeName("printer.local"), refused);
  EXPECT_EQ(policy.JudgePort(22, false), refused);
}

}  // namespace
}  // namespace ftl

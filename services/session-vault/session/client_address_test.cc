#include "services/session-vault/session/client_address.h"

#include <gtest/gtest.h>

namespace ftl::vault {
namespace {

TEST(ClientAddressTest, CountsIpv4ByTheAddressInEitherForm) {
  EXPECT_EQ(*AddressSubject("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(*AddressSubject("::ffff:203.0.113.7"), "203.0.113.7");
}

TEST(ClientAddressTest, CountsIpv6ByTheNetworkOfOneClient) {
  EXPECT_EQ(*AddressSubject("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(*AddressSubject("2001:db8:1:2::1"), *AddressSubject("2001:DB8:1:2:ffff::"));
  EXPECT_NE(*AddressSubject("2001:db8:1:2::1"), *AddressSubject("2001:db8:1:3::1"));
  EXPECT_EQ(*AddressSubject("fe80::1%7"), "fe80::/64");
  EXPECT_EQ(*AddressSubject("2001:db8:1:2::/64"), "2001:db8:1:2::/64");
}

TEST(ClientAddressTest, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", "localhost", "203.0.113.7:80", "203.0.113.7/64", "2001:db8::/48", "203.0.113", "[::1]"}) {
    EXPECT_FALSE(AddressSubject(text).ok()) << text;
  }
}

}  // namespace
}  // namespace ftl::vault

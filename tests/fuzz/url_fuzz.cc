// A URL that is accepted has one reading: ours, Boost.URL's and the C library's agree on it, it reads back as itself,
// and no address it holds is one that an independent, short list forbids.
#include <algorithm>

#include <arpa/inet.h>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "common/endpoint/url/endpoint.h"
#include "tests/fuzz/fuzz.h"

namespace ftl::fuzz {
namespace {

bool IsForbidden(const asio::ip::address_v4& address) {
  const uint32_t bits = address.to_uint();
  const auto within = [&](uint32_t network, int prefix) { return (bits ^ network) >> (32 - prefix) == 0; };
  return within(0x00000000, 8) || within(0x0a000000, 8) || within(0x64400000, 10) || within(0xa9fe0000, 16) ||
         within(0xac100000, 12) || within(0xc0a80000, 16) || within(0xe0000000, 3) || within(0xa83f8110, 32);
}

bool IsForbidden(const asio::ip::address& address, bool loopback_allowed) {
  if (address.is_loopback()) return !loopback_allowed;
  if (address.is_v4()) return IsForbidden(address.to_v4());
  return address.to_v6().to_bytes()[0] >> 5 != 1;  // beyond 2000::/3
}

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
}

// What the C library would make of the host, in any of its spellings.
bool IsAddressToTheLibrary(const std::string& host) {
  in_addr address;
  return inet_aton(host.c_str(), &address) != 0;
}

void Check(const Endpoint& endpoint, const AddressPolicy& policy, bool loopback_allowed) {
  const std::string text = endpoint.Text();
  const auto again = Endpoint::Parse(text, policy);
  Require(again.ok(), "what is accepted is accepted again");
  Require(again->Text() == text && *again == endpoint, "what is accepted reads back as itself");

  const auto known = endpoint.KnownAddresses();
  for (const auto& address : known) {
    Require(!IsForbidden(address, loopback_allowed), "no forbidden address is accepted");
    Require(policy.JudgeAddress(address).ok(), "the policy that accepted a literal accepts its address");
  }
  Require(!known.empty() || !IsAddressToTheLibrary(endpoint.host()), "what the C library takes for an address is one");
  Require(endpoint.host() != "localhost" || loopback_allowed, "localhost is accepted only where it is allowed");

  for (const std::string& part : {text, endpoint.HostHeader(), endpoint.Origin(), endpoint.host()}) {
    Require(!part.empty() && IsPlain(part), "every part is visible ASCII");
  }
  for (const std::string& target : {endpoint.ChatCompletionsTarget(), endpoint.ModelsTarget()}) {
    Require(IsPlain(target) && target[0] == '/', "every request target is a path");
  }

  const auto url = boost::urls::parse_uri(text);
  Require(url.has_value(), "what is accepted is a URI to Boost.URL too");
  Require(!url->has_userinfo() && !url->has_fragment(), "neither a user nor a fragment is accepted");
  Require(url->scheme() == endpoint.scheme(), "Boost.URL reads the same scheme");
  // Boost.URL 1.81 takes `1.2.3.4a.com` for the address 1.2.3.4 and a path, which is why nothing else here asks it.
  if (known.empty() && url->host_type() == boost::urls::host_type::ipv4) return;
  Require(std::string(url->encoded_host_and_port()) == endpoint.HostHeader(), "Boost.URL reads the same host and port");
}

}  // namespace

void FuzzOne(std::string_view input) {
  for (const bool loopback_allowed : {false, true}) {
    const AddressPolicy policy(AddressPolicy::Options{.allow_localhost = loopback_allowed});
    const auto endpoint = Endpoint::Parse(input, policy);
    if (endpoint.ok()) Check(*endpoint, policy, loopback_allowed);
  }
}

}  // namespace ftl::fuzz

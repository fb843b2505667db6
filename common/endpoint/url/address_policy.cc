#include "common/endpoint/url/address_policy.h"

#include <algorithm>
#include <array>

#include "common/endpoint/url/egress_allow.h"
#include "common/endpoint/url/forbidden_names.h"
#include "common/endpoint/url/forbidden_ports.h"
#include "common/endpoint/url/url_fault.h"

namespace ftl {
namespace {

constexpr uint32_t V4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) { return a << 24 | b << 16 | c << 8 | d; }

struct RangeV4 {
  uint32_t first;
  uint32_t last;
};

constexpr RangeV4 NetV4(uint32_t network, int length) {
  return {network, static_cast<uint32_t>(network | (0xffffffffull >> length))};
}

// IANA IPv4 Special-Purpose Address Registry as of 2025-10, all of it, also what is globally reachable there (anycast
// to whoever is nearest is nobody's endpoint); besides, multicast and Azure's host agent. In order, for the binary
// search.
constexpr std::array kForbiddenV4 = {
    NetV4(V4(0, 0, 0, 0), 8),         // this network
    NetV4(V4(10, 0, 0, 0), 8),        // private use
    NetV4(V4(100, 64, 0, 0), 10),     // shared address space; Alibaba's metadata is in it
    NetV4(V4(127, 0, 0, 0), 8),       // loopback
    NetV4(V4(168, 63, 129, 16), 32),  // Azure WireServer; not in the registry
    NetV4(V4(169, 254, 0, 0), 16),    // link local; metadata of most clouds
    NetV4(V4(172, 16, 0, 0), 12),     // private use
    NetV4(V4(192, 0, 0, 0), 24),      // protocol assignments
    NetV4(V4(192, 0, 2, 0), 24),      // TEST-NET-1
    NetV4(V4(192, 31, 196, 0), 24),   // AS112
    NetV4(V4(192, 52, 193, 0), 24),   // AMT
    NetV4(V4(192, 88, 99, 0), 24),    // 6to4 relay anycast
    NetV4(V4(192, 168, 0, 0), 16),    // private use
    NetV4(V4(192, 175, 48, 0), 24),   // AS112 direct delegation
    NetV4(V4(198, 18, 0, 0), 15),     // benchmarking
    NetV4(V4(198, 51, 100, 0), 24),   // TEST-NET-2
    NetV4(V4(203, 0, 113, 0), 24),    // TEST-NET-3
    NetV4(V4(224, 0, 0, 0), 4),       // multicast; not in the registry
    NetV4(V4(240, 0, 0, 0), 4),       // reserved, limited broadcast
};
static_assert(std::is_sorted(kForbiddenV4.begin(), kForbiddenV4.end(),
                             [](const RangeV4& a, const RangeV4& b) { return a.last < b.first; }));

bool IsPublic(const asio::ip::address_v4& address) {
  const uint32_t value = address.to_uint();
  const auto at_or_after = std::lower_bound(kForbiddenV4.begin(), kForbiddenV4.end(), value,
                                            [](const RangeV4& range, uint32_t v) { return range.last < v; });
  return at_or_after == kForbiddenV4.end() || value < at_or_after->first;
}

struct NetV6 {
  uint64_t network;  // the upper 64 bits
  int length;        // at most 64
};

// What is special within 2000::/3: the IANA IPv6 Special-Purpose Address Registry (state of October 2025; its last
// block within is 3fff::/20, RFC 9637, and without 100:0:0:1::/64, RFC 9780), and the returned 6bone. Outside 2000::/3
// nothing is public, so mapped, compatible, translated and NAT64 forms, 100::/64, 5f00::/16, unique and link local and
// multicast need no row.
constexpr std::array kForbiddenV6 = {
    NetV6{0x2001'0000'0000'0000, 23},  // protocol assignments: Teredo, benchmarking, AMT, AS112, ORCHID, drone ids
    NetV6{0x2001'0db8'0000'0000, 32},  // documentation
    NetV6{0x2002'0000'0000'0000, 16},  // 6to4
    NetV6{0x2620'004f'8000'0000, 48},  // AS112 direct delegation
    NetV6{0x3ffe'0000'0000'0000, 16},  // 6bone
    NetV6{0x3fff'0000'0000'0000, 20},  // documentation
};

bool IsPublic(const asio::ip::address_v6& address) {
  if (address.scope_id() != 0) return false;
  const auto bytes = address.to_bytes();
  uint64_t upper = 0;
  for (int i = 0; i < 8; ++i) upper = upper << 8 | bytes[i];
  if (upper >> 61 != 0b001) return false;
  for (const NetV6& net : kForbiddenV6) {
    if ((upper ^ net.network) >> (64 - net.length) == 0) return false;
  }
  // ISATAP (RFC 5214): the interface id is [0|2]00:5efe and an IPv4 address, which the host would send to.
  const bool is_isatap = (bytes[8] & 0xfc) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
  return !is_isatap;
}

}  // namespace

absl::Status AddressPolicy::JudgeAddress(const asio::ip::address& address) const {
  if (allow_localhost_ && address.is_loopback() && (address.is_v4() || address.to_v6().scope_id() == 0)) {
    return absl::OkStatus();
  }
  if (allow_ && allow_->Opens(address)) return absl::OkStatus();
  const bool is_public = address.is_v4() ? IsPublic(address.to_v4()) : IsPublic(address.to_v6());
  return is_public ? absl::OkStatus() : RefuseUrl(UrlFault::kForbiddenAddress);
}

absl::Status AddressPolicy::JudgeName(std::string_view name) const {
  if (allow_localhost_ && name == "localhost") return absl::OkStatus();
  if (allow_ && allow_->Opens(name)) return absl::OkStatus();
  return IsForbiddenName(name) ? RefuseUrl(UrlFault::kForbiddenAddress) : absl::OkStatus();
}

absl::Status AddressPolicy::JudgePort(uint16_t port, bool is_loopback) const {
  constexpr uint16_t kFirstEphemeral = 32768;
  if (is_loopback && allow_localhost_ && port >= kFirstEphemeral) return absl::OkStatus();
  return IsForbiddenPort(port) ? RefuseUrl(UrlFault::kForbiddenAddress) : absl::OkStatus();
}

}  // namespace ftl

#include "gateway/http/caller.h"

#include <algorithm>
#include <vector>

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <boost/asio/ip/address_v6.hpp>

#include "common/text/view.h"

namespace ftl::http {
namespace {

namespace ip = boost::asio::ip;

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string Counted(const ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const ip::address_v6 six = address.to_v6();
  if (six.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, six).to_string();
  ip::address_v6::bytes_type bytes = six.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return ip::address_v6(bytes).to_string();
}

std::vector<std::string_view> ForwardedFor(const RequestHead& head) {
  std::vector<std::string_view> entries;
  for (const FieldView& field : head.fields) {
    if (!EqualsIgnoringCase(field.name, "x-forwarded-for")) continue;
    for (size_t at = 0; at <= field.value.size();) {
      const size_t comma = std::min(field.value.find(',', at), field.value.size());
      entries.push_back(Trimmed(field.value.substr(at, comma - at)));
      at = comma + 1;
    }
  }
  return entries;
}

// A session's id must not reach a log by this way, with or without its prefix, whole or nearly. No trace, hash of a
// commit or UUID has so many digits in a row.
bool HoldsSession(std::string_view id) {
  constexpr size_t kSuspicious = 48;
  size_t digits = 0;
  for (const char c : id) {
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    digits = is_hex ? digits + 1 : 0;
    if (digits == kSuspicious) return true;
  }
  return absl::StrContains(absl::AsciiStrToLower(ToAbsl(id)), "demo-");
}

}  // namespace

std::string ClientAddress(const ip::address& peer, const RequestHead& head, int trusted_hops) {
  if (trusted_hops > 0) {
    const std::vector<std::string_view> entries = ForwardedFor(head);
    if (static_cast<size_t>(trusted_hops) <= entries.size()) {
      boost::system::error_code error;
      const ip::address forwarded = ip::make_address(std::string(entries[entries.size() - trusted_hops]), error);
      if (!error) return Counted(forwarded);
    }
  }
  return Counted(peer);
}

bool IsForeign(const RequestHead& head) {
  if (const auto site = head.Find("sec-fetch-site")) {
    if (*site != "same-origin" && *site != "none") return true;
  }
  const auto origin = head.Find("origin");
  if (!origin) return false;
  const size_t scheme = origin->find("://");
  return scheme == std::string_view::npos || !EqualsIgnoringCase(origin->substr(scheme + 3), head.host);
}

std::string RequestIdOf(const RequestHead& head) {
  const auto id = head.Find("x-request-id");
  const auto is_sane = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
           c == '-';
  };
  if (!id || id->empty() || id->size() > 64 || !std::all_of(id->begin(), id->end(), is_sane)) return "";
  return HoldsSession(*id) ? "" : std::string(*id);
}

std::string_view BearerOf(const RequestHead& head) {
  const auto field = head.Find("authorization");
  constexpr std::string_view kScheme = "Bearer ";
  if (!field || !EqualsIgnoringCase(field->substr(0, kScheme.size()), kScheme)) return {};
  return Trimmed(field->substr(kScheme.size()));
}

}  // namespace ftl::http

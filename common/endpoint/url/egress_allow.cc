#include "common/endpoint/url/egress_allow.h"

#include <algorithm>

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>

#include "common/endpoint/url/host.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/text/view.h"

namespace ftl {
namespace {

using boost::asio::ip::address;

// Whether the first `length` bits are the same.
bool SharePrefix(const address& a, const address& b, int length) {
  if (a.is_v4() != b.is_v4()) return false;
  const auto share = [length](const auto& x, const auto& y) {
    for (int bit = 0; bit < length; bit += 8) {
      const int left = std::min(8, length - bit);
      const auto at = static_cast<size_t>(bit / 8);
      if (((x[at] ^ y[at]) >> (8 - left)) != 0) return false;
    }
    return true;
  };
  return a.is_v4() ? share(a.to_v4().to_bytes(), b.to_v4().to_bytes())
                   : share(a.to_v6().to_bytes(), b.to_v6().to_bytes());
}

bool TouchesWhatStaysShut(const address& first, int length) {
  struct Shut {
    const char* net;
    int length;
  };
  constexpr Shut kShut[] = {{"0.0.0.0", 8},   {"169.254.0.0", 16}, {"168.63.129.16", 32}, {"224.0.0.0", 4},
                            {"240.0.0.0", 4}, {"fe80::", 10},      {"ff00::", 8},         {"::ffff:0:0", 96}};
  return std::any_of(std::begin(kShut), std::end(kShut), [&](const Shut& shut) {
    return SharePrefix(first, boost::asio::ip::make_address(shut.net), std::min(length, shut.length));
  });
}

absl::Status Fault(std::string_view piece, std::string_view fault) {
  return Refuse(Reason::kInvalidField, fmt::format("\"{}\" {}", piece, fault));
}

}  // namespace

absl::StatusOr<EgressAllow> EgressAllow::Parse(std::string_view text) {
  EgressAllow allow;
  for (const absl::string_view raw : absl::StrSplit(ToAbsl(text), ',')) {
    const std::string_view piece = ToStd(absl::StripAsciiWhitespace(raw));
    if (piece.empty()) continue;
    const size_t slash = piece.find('/');
    boost::system::error_code no_address;
    const address first = boost::asio::ip::make_address(std::string(piece.substr(0, slash)), no_address);
    if (no_address) {
      const auto host = Host::Parse(piece);
      if (!host.ok()) return Fault(piece, "is neither a network like 10.20.0.0/16 nor a name.");
      allow.names_.push_back(host->name());
      continue;
    }
    int length = first.is_v4() ? 32 : 128;
    if (slash != std::string_view::npos) {
      const int most = length;
      if (!absl::SimpleAtoi(ToAbsl(piece.substr(slash + 1)), &length) || length < 1 || length > most) {
        return Fault(piece, fmt::format("has a prefix that is not from 1 to {}.", most));
      }
    }
    if (TouchesWhatStaysShut(first, length)) {
      return Fault(piece, "touches addresses that stay shut: link-local, multicast, reserved or a cloud's own.");
    }
    allow.nets_.push_back({first, length});
  }
  return allow;
}

bool EgressAllow::Opens(const address& given) const {
  if (given.is_v6() && given.to_v6().scope_id() != 0) return false;
  return std::any_of(nets_.begin(), nets_.end(),
                     [&](const Net& net) { return SharePrefix(given, net.first, net.length); });
}

bool EgressAllow::Opens(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

}  // namespace ftl

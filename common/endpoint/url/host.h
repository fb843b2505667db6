#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <boost/asio/ip/address.hpp>

namespace ftl {

namespace asio = boost::asio;

// The host of a URL in its one spelling. Not yet judged: that is AddressPolicy's.
class Host {
 public:
  // Understands what stands between the slashes and the port: a name, four decimal numbers, or IPv6 in brackets. Case
  // and one dot at the end of a name are evened out; everything else must be plain already. In particular
  // - an IP address has one spelling: no octal, hex, short or whole-number form, no zone, no IPv4 tail within IPv6;
  // - a name's last label is of letters, as every top-level name is, so no other number passes for a name either;
  // - an international name is taken when it is exactly what its ASCII form decodes to, so that no character is one
  // that
  //   IDNA would map to another (full-width digits, ideographic dots, circled letters).
  static absl::StatusOr<Host> Parse(std::string_view text);

  // Lower case, ASCII, without a dot at the end; for an IPv6 literal the canonical text without brackets.
  const std::string& name() const { return name_; }
  // The address, where the host is one.
  const std::optional<asio::ip::address>& literal() const { return literal_; }

 private:
  Host(std::string name, std::optional<asio::ip::address> literal) : name_(std::move(name)), literal_(literal) {}

  std::string name_;
  std::optional<asio::ip::address> literal_;
};

}  // namespace ftl

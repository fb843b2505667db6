#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <absl/status/status.h>
#include <boost/asio/ip/address.hpp>

namespace ftl {

class EgressAllow;

namespace asio = boost::asio;

// Says which addresses, names and ports may be called. Pure: it looks nothing up, so it is asked twice: when the URL is
// given (Endpoint::Parse asks about a literal address or the name, and the port), and at each new connection about
// every address that the name resolved to, of which one bad one refuses all. Free to copy and to share between threads.
//
// Every refusal is the same: ENDPOINT_NOT_ALLOWED, field `endpoint_url`, one text, which tells nothing of what is
// there.
class AddressPolicy {
 public:
  struct Options {
    // Opens 127.0.0.0/8, ::1 and the name `localhost`, nothing else. For development; production mode refuses to start
    // with it.
    bool allow_localhost = false;
    // What an admin has opened besides, for the workspace alone; null for nothing.
    std::shared_ptr<const EgressAllow> allow = nullptr;
  };

  AddressPolicy() = default;
  explicit AddressPolicy(Options options)
      : allow_localhost_(options.allow_localhost), allow_(std::move(options.allow)) {}

  // Ok for an address of the public internet. IPv6 forms that hold an IPv4 address are refused whatever they hold.
  absl::Status JudgeAddress(const asio::ip::address& address) const;

  // Ok for a name that may be looked up. `name` is Host::name(): lower case, ASCII, no dot at the end, no IP literal.
  absl::Status JudgeName(std::string_view name) const;

  // Ok for a port where no other service is at home. Loopback opens no port besides, but for 32768 and above, which the
  // kernel gives to servers that ask for any.
  absl::Status JudgePort(uint16_t port, bool is_loopback) const;

 private:
  bool allow_localhost_ = false;
  std::shared_ptr<const EgressAllow> allow_;
};

}  // namespace ftl

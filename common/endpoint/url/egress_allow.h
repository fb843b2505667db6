#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <boost/asio/ip/address.hpp>

namespace ftl {

// What an admin opens of the addresses and names that are refused otherwise, so that a model server in the own network
// can be called. Immutable, for any thread.
//
// A network opens its addresses, a name its own spelling: a name that leads to a private address needs both.
class EgressAllow {
 public:
  // Networks and names with commas between: `10.20.0.0/16, fd00:1::/64, vllm, models.internal`. A single address is a
  // network of one. INVALID_FIELD with a sentence for what is neither, for networks of more than half of all addresses,
  // and for any that touches link-local or multicast addresses, `this network` or a cloud's own (169.254.0.0/16,
  // fe80::/10, 168.63.129.16): where machines get their credentials, nobody's model is.
  static absl::StatusOr<EgressAllow> Parse(std::string_view text);

  bool empty() const { return nets_.empty() && names_.empty(); }
  bool Opens(const boost::asio::ip::address& given) const;
  // `name` as Host::name() gives it.
  bool Opens(std::string_view name) const;

 private:
  struct Net {
    boost::asio::ip::address first;
    int length;
  };

  std::vector<Net> nets_;
  std::vector<std::string> names_;
};

}  // namespace ftl

#include "services/session-vault/session/client_address.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

#include "common/error/refusal.h"

namespace ftl::vault {

namespace ip = boost::asio::ip;

absl::StatusOr<std::string> AddressSubject(std::string_view client_address) {
  constexpr std::string_view kNetwork = "/64";
  const bool is_network = client_address.ends_with(kNetwork);
  if (is_network) client_address.remove_suffix(kNetwork.size());
  boost::system::error_code failed;
  const ip::address address = ip::make_address(std::string(client_address), failed);
  if (failed || (is_network && address.is_v4())) {
    return Refuse(Reason::kInvalidField, "The client's address is not known.")
        .Field("client_address", "is no IP address");
  }
  if (address.is_v4()) return address.to_string();
  if (address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6()).to_string();
  ip::address_v6::bytes_type bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return ip::address_v6(bytes).to_string() + "/64";
}

}  // namespace ftl::vault

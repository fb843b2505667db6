#include "common/host/listen_address.h"

#include <charconv>
#include <string>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include "common/error/refusal.h"

namespace ftl::host {

absl::StatusOr<boost::asio::ip::tcp::endpoint> ParseListenAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(std::string(host), error);
  unsigned short port = 0;
  const char* end = text.data() + text.size();
  const bool has_port = colon != std::string_view::npos &&
                        std::from_chars(text.data() + colon + 1, end, port) == std::from_chars_result{end, std::errc()};
  if (error || !has_port || ip.is_v6() != is_bracketed) {
    return Refuse(Reason::kInvalidField,
                  fmt::format("`{}` is not an address and port such as 127.0.0.1:8080 or [::1]:8080.", text));
  }
  return boost::asio::ip::tcp::endpoint(ip, port);
}

}  // namespace ftl::host

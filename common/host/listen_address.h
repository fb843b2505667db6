#pragma once

#include <string_view>

#include <absl/status/statusor.h>
#include <boost/asio/ip/tcp.hpp>

namespace ftl::host {

// Where a socket listens, as settings say it: a literal address and a port, `127.0.0.1:8080` or `[::]:8080`; port 0
// takes a free one. INVALID_FIELD with a sentence that quotes the text for anything else, names among it. Pure.
absl::StatusOr<boost::asio::ip::tcp::endpoint> ParseListenAddress(std::string_view text);

}  // namespace ftl::host

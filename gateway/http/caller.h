#pragma once

#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

#include "gateway/http/request_head.h"

namespace ftl::http {

// Who asks, as far as a head can tell. All pure.

// The client's address: the socket's, or with `trusted_hops` n the n-th from the right of X-Forwarded-For, where the
// outermost trusted proxy wrote it. IPv6 counts by its /64 and is given by the first address in it: `2001:db8::`. An
// entry that is no address gives the socket's, so that nothing a client writes can become an address of its choice.
std::string ClientAddress(const boost::asio::ip::address& peer, const RequestHead& head, int trusted_hops);

// Whether a browser says that the request comes from another site. To be asked where the request changes something.
bool IsForeign(const RequestHead& head);

// The X-Request-Id where it is sane (1 to 64 letters, digits, `.`, `_`, `-`), else empty.
std::string RequestIdOf(const RequestHead& head);

// The token of `Authorization: Bearer`, or empty.
std::string_view BearerOf(const RequestHead& head);

}  // namespace ftl::http

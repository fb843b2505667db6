#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace ftl::vault {

// Whom a limit per address counts: an IPv4 address as it is, also where it came mapped into IPv6, and an IPv6 address
// by its /64 (`2001:db8:1:2::/64`), since one client has all of it. Takes that form too, which the gateway writes.
// INVALID_FIELD for what is no address.
absl::StatusOr<std::string> AddressSubject(std::string_view client_address);

}  // namespace ftl::vault

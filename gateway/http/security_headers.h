#pragma once

#include <array>
#include <string_view>

namespace ftl::http {

struct SecurityHeader {
  std::string_view name;
  std::string_view value;
};

// What every answer carries: own origin only, no inline script or style, no frames, no sniffing, no referrer, no device
// access.
inline constexpr std::array<SecurityHeader, 7> kSecurityHeaders{{
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src "
     "'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy",
     "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), midi=(), "
     "payment=(), usb=()"},
}};

// Besides these where a proxy in front speaks TLS.
inline constexpr SecurityHeader kStrictTransport{"Strict-Transport-Security", "max-age=31536000; includeSubDomains"};

}  // namespace ftl::http

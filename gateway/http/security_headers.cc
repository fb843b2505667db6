#include "gateway/http/security_headers.h"

namespace ftl::http {
namespace {

#define FTL_SECURITY_HEADERS                                                                               \
  "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " \
  "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n" \
  "X-Content-Type-Options: nosniff\r\n"                                                                    \
  "X-Frame-Options: DENY\r\n"                                                                              \
  "Referrer-Policy: no-referrer\r\n"                                                                       \
  "Cross-Origin-Opener-Policy: same-origin\r\n"                                                            \
  "Cross-Origin-Resource-Policy: same-origin\r\n"                                                          \
  "Permissions-Policy: accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "    \
  "microphone=(), midi=(), payment=(), usb=()\r\n"

constexpr std::string_view kPlain = FTL_SECURITY_HEADERS;
constexpr std::string_view kHttps =
    FTL_SECURITY_HEADERS "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n";

#undef FTL_SECURITY_HEADERS

}  // namespace

std::string_view SecurityHeaders(bool https) { return https ? kHttps : kPlain; }

}  // namespace ftl::http

#include "common/endpoint/url/url_fault.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "common/error/refusal.h"

namespace ftl {
namespace {

struct Facts {
  UrlFault fault;
  std::string_view message;
};

constexpr std::array kFacts = {
    Facts{UrlFault::kMissing, "is missing; give the endpoint's address, such as https://api.together.xyz/v1"},
    Facts{UrlFault::kNoScheme, "is no whole address; begin it with https://, as in https://api.together.xyz/v1"},
    Facts{UrlFault::kTooLong, "is longer than 2,048 characters"},
    Facts{UrlFault::kOtherScheme, "must begin with https:// or http://"},
    Facts{UrlFault::kNoSlashes, "must have exactly two slashes after http: or https:"},
    Facts{UrlFault::kCharacters,
          "has a character that no address has (white space, a control character, a backslash or a quotation mark); "
          "write "
          "others than ASCII as %XX"},
    Facts{UrlFault::kUserInfo,
          "has a user name or an @ before its host; leave that out and give the key in its own field"},
    Facts{UrlFault::kFragment, "has a #; leave it and what follows out"},
    Facts{UrlFault::kNoHost, "has no host after its slashes"},
    Facts{UrlFault::kHost, "has a host that is no proper name; give it as in api.together.xyz"},
    Facts{
        UrlFault::kUnicodeHost,
        "has an international name that is not in its standard form; write it in small letters, or in ASCII (xn--...)"},
    Facts{UrlFault::kIpSpelling,
          "has an unusual spelling of an IP address; write four decimal numbers, or IPv6 in brackets"},
    Facts{UrlFault::kPort, "has a port that is no number from 1 to 65535"},
    Facts{UrlFault::kPath, "has a % that is not followed by two hex digits"},
    Facts{UrlFault::kForbiddenAddress,
          "is not allowed; give the public internet address of the endpoint, on a port that serves the web"},
};

absl::Status Make(const Facts& facts) {
  const bool is_no_url = facts.fault <= UrlFault::kNoScheme;
  return Refuse(is_no_url ? Reason::kInvalidField : Reason::kEndpointNotAllowed,
                fmt::format("The endpoint URL {}.", facts.message))
      .Field("endpoint_url", facts.message);
}

}  // namespace

absl::Status RefuseUrl(UrlFault fault) {
  static const auto* const refusals = [] {
    auto* made = new std::array<absl::Status, kFacts.size()>;
    for (const Facts& facts : kFacts) (*made)[static_cast<size_t>(facts.fault)] = Make(facts);
    return made;
  }();
  return (*refusals)[static_cast<size_t>(fault)];
}

}  // namespace ftl

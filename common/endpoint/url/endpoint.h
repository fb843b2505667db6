#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <boost/asio/ip/address.hpp>

#include "common/endpoint/url/address_policy.h"
#include "common/endpoint/url/host.h"

namespace ftl {

// The person's URL as a value: parsed once, strictly, and judged. What was parsed is used for the check, the
// connection, the TLS name, the Host header and the log; the original string is not kept. Immutable.
//
// The path may be a base or the full URL of chat completions:
//   https://api.together.xyz/v1, https://api.together.xyz/v1/, https://api.together.xyz/v1/chat/completions: the same
//   calls https://api.together.xyz: a host alone is given the path at which its provider serves, /v1 if unknown
//   https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=v: the query stays on every call
class Endpoint {
 public:
  // A refusal of UrlFault: INVALID_FIELD for what is no URL, ENDPOINT_NOT_ALLOWED for what `policy` or the spelling
  // forbids.
  static absl::StatusOr<Endpoint> Parse(std::string_view url, const AddressPolicy& policy);
  // As above, of a URL as people paste it: white space, quotes and commas around it are left out, and so is what a
  // command or a file of settings has before it (`POST …`, `OPENAI_BASE_URL=…`).
  static absl::StatusOr<Endpoint> ParsePasted(std::string_view text, const AddressPolicy& policy);

  bool is_https() const { return is_https_; }
  std::string_view scheme() const { return is_https_ ? "https" : "http"; }
  // As looked up, as named in TLS and as sent: lower case, ASCII, no brackets, no dot at the end.
  const std::string& host() const { return host_.name(); }
  uint16_t port() const { return port_; }

  // The addresses to connect to where no look-up is needed or allowed: the literal, or the loopback addresses for the
  // name `localhost`. Empty: look host() up (as an absolute name, LookupName()) and ask the policy about every answer.
  std::vector<asio::ip::address> KnownAddresses() const;
  // host() with a dot at its end, so that no search domain of the resolver is tried.
  std::string LookupName() const { return host() + "."; }

  // `https://host` or `http://host:8000`: scheme, host, and the port where it is not the scheme's. Keys are bound to
  // it.
  std::string Origin() const;
  std::string HostHeader() const;

  // What stands in the request line: `/v1/chat/completions`, `/v1/models`, with the URL's query.
  std::string ChatCompletionsTarget() const;
  std::string ModelsTarget() const;

  // For formats that are not OpenAI's: the path at which the API begins, without a slash at its end, or `otherwise` for
  // a host alone. `call` is left away where the URL ends in it: whoever pastes `…/v1/messages` means `…/v1`.
  std::string BaseOr(std::string_view otherwise, std::string_view call) const;
  // What stands in the request line for this very URL.
  std::string Target() const { return path_.empty() ? "/" + query_ : path_ + query_; }
  // As given: empty, or from its question mark.
  const std::string& query() const { return query_; }

  // The key goes into `api-key` and not into `Authorization`: hosts of Azure OpenAI, and paths with its deployments.
  bool is_azure() const;

  // The URL to store and to show. Parsing it gives an equal Endpoint.
  std::string Text() const;

  friend bool operator==(const Endpoint& a, const Endpoint& b) { return a.Text() == b.Text(); }

 private:
  Endpoint(bool is_https, Host host, uint16_t port, std::string path, std::string query)
      : is_https_(is_https), host_(std::move(host)), port_(port), path_(std::move(path)), query_(std::move(query)) {}

  std::string BasePath() const;

  bool is_https_;
  Host host_;
  uint16_t port_;
  std::string path_;   // as given: empty, or from its first slash
  std::string query_;  // as given: empty, or from its question mark
};

}  // namespace ftl

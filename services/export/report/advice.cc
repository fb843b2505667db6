#include "services/export/report/advice.h"

#include <utility>

namespace ftl::exporter {
namespace {

using Advice = std::pair<std::string_view, std::string_view>;

// Outcomes that say more than their error type.
constexpr Advice kOfOutcomes[] = {
    {"quota", "The account is out of credit or over its spend limit. Add credit or raise the limit, then run again."},
    {"throttled", "The endpoint asked to slow down. Lower the concurrency or set requests_per_minute, then run again."},
    {"filtered", "A content filter stopped the answer. Look at the prompt, or at the filter's settings."},
    {"length_empty", "The token limit was used up before any answer text, as reasoning models do. Raise max_tokens."},
    {"truncated_stream",
     "The stream broke off before its end. Look at proxies and time limits between here and the endpoint."},
    {"refused", "The endpoint refused the request as such. Its words say which parameter it does not take."},
    {"bad_format",
     "The answer was no chat completion, or longer than is read; the words beside say which. Check that the URL is the "
     "API's and not a web page's, and ask for fewer tokens where it was too long."},
    {"server_error", "The endpoint failed on its side. Look into its log for this time, or try again later."},
    {"poisoned",
     "This prompt was given up after three processes had ended while they worked on it. Tell your operator."},
};

constexpr Advice kOfTypes[] = {
    {"auth", "The key was refused. Check the key, what it may do, and whether the model's terms must be accepted."},
    {"model_not_found", "The endpoint does not know the model or the path. Check the model's id and the URL."},
    {"rate_limit",
     "Too many requests or out of credit. Lower the concurrency, set requests_per_minute, or add credit."},
    {"timeout", "No whole answer came in time. Allow more time, ask for fewer tokens, or lower the concurrency."},
    {"network", "The name did not resolve, or the connection was refused or cut. Check host, port and firewall."},
    {"tls", "The certificate or the TLS handshake failed. Check the certificate's name, chain and date."},
    {"blocked_address",
     "The address is not allowed here, and nothing was sent. Use a public endpoint or ask your operator."},
    {"api_error", "The endpoint answered with an error. Its words say why; its log says more."},
};

}  // namespace

std::string_view AdviceOn(std::string_view error_type, std::string_view outcome) {
  for (const auto& [word, advice] : kOfOutcomes) {
    if (word == outcome) return advice;
  }
  for (const auto& [word, advice] : kOfTypes) {
    if (word == error_type) return advice;
  }
  return "No more is known than the words beside.";
}

}  // namespace ftl::exporter

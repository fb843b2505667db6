#include "common/endpoint/url/endpoint.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/endpoint/url/provider.h"
#include "common/endpoint/url/url_fault.h"
#include "common/error/try.h"
#include "common/text/trim.h"

namespace ftl {
namespace {

constexpr size_t kLongestUrl = 2048;
constexpr std::string_view kChatCompletions = "/chat/completions";
constexpr std::string_view kModels = "/models";

// White space, control characters and backslashes, over which readers of one text differ most.
bool HasControlOrSpace(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\'; });
}

// What may stand after the host (RFC 3986).
constexpr std::array<bool, 256> kUrlCharacters = [] {
  std::array<bool, 256> allowed{};
  for (const char c :
       std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?@!$&'()*+,;=%")) {
    allowed[static_cast<unsigned char>(c)] = true;
  }
  return allowed;
}();

bool AreUrlCharacters(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return kUrlCharacters[static_cast<unsigned char>(c)]; });
}

bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool HasWholeEscapes(std::string_view text) {
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3)) {
    if (at + 2 >= text.size() || !IsHexDigit(text[at + 1]) || !IsHexDigit(text[at + 2])) return false;
  }
  return true;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool StartsWithIgnoringCase(std::string_view text, std::string_view lower_start) {
  return text.size() >= lower_start.size() &&
         std::equal(lower_start.begin(), lower_start.end(), text.begin(), [](char l, char c) { return l == Lower(c); });
}

std::optional<uint16_t> PortNumber(std::string_view digits) {
  if (digits.empty() || digits.size() > 5 || digits.front() == '0') return std::nullopt;
  uint32_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint32_t>(c - '0');
  }
  if (value > 65535) return std::nullopt;
  return static_cast<uint16_t>(value);
}

// `ftp://x`, `javascript:x`; but `host:8000` and `host/v1` only lack a scheme.
bool NamesAScheme(std::string_view url) {
  if (url.find("://") != std::string_view::npos) return true;
  const size_t colon = url.find(':');
  const bool starts_with_letter = Lower(url[0]) >= 'a' && Lower(url[0]) <= 'z';
  return starts_with_letter && colon < url.size() - 1 && (url[colon + 1] < '0' || url[colon + 1] > '9');
}

struct Pieces {
  bool is_https;
  std::string_view authority;
  std::string_view path;
  std::string_view query;
};

absl::StatusOr<Pieces> Split(std::string_view url) {
  if (url.empty()) return RefuseUrl(UrlFault::kMissing);
  if (url.size() > kLongestUrl) return RefuseUrl(UrlFault::kTooLong);
  const bool is_web = StartsWithIgnoringCase(url, "https:") || StartsWithIgnoringCase(url, "http:");
  if (!is_web && !NamesAScheme(url)) return RefuseUrl(UrlFault::kNoScheme);
  if (HasControlOrSpace(url)) return RefuseUrl(UrlFault::kCharacters);
  if (!is_web) return RefuseUrl(UrlFault::kOtherScheme);
  Pieces pieces;
  pieces.is_https = url[4] != ':';
  url.remove_prefix(pieces.is_https ? 6 : 5);
  if (url.substr(0, 2) != "//" || url.substr(2, 1) == "/") return RefuseUrl(UrlFault::kNoSlashes);
  url.remove_prefix(2);
  if (url.find('#') != std::string_view::npos) return RefuseUrl(UrlFault::kFragment);
  const size_t authority_end = std::min(url.find_first_of("/?"), url.size());
  pieces.authority = url.substr(0, authority_end);
  const std::string_view rest = url.substr(authority_end);
  const size_t path_end = std::min(rest.find('?'), rest.size());
  pieces.path = rest.substr(0, path_end);
  pieces.query = rest.substr(path_end);
  if (!AreUrlCharacters(rest)) return RefuseUrl(UrlFault::kCharacters);
  if (!HasWholeEscapes(rest)) return RefuseUrl(UrlFault::kPath);
  if (pieces.authority.find('@') != std::string_view::npos) return RefuseUrl(UrlFault::kUserInfo);
  return pieces;
}

// What stands between `path`'s outer slashes, with one slash before it: `//v1//` is `/v1`, `/` is nothing.
std::string_view TrimSlashes(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  while (path.substr(0, 2) == "//") path.remove_prefix(1);
  return path;
}

bool EndsWithIgnoringCase(std::string_view text, std::string_view lower_end) {
  return text.size() >= lower_end.size() &&
         StartsWithIgnoringCase(text.substr(text.size() - lower_end.size()), lower_end);
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// The loopback addresses of the name `localhost`, IPv4 first: that is where most local servers listen.
std::vector<asio::ip::address> LoopbackAddresses() {
  return {asio::ip::address_v4::loopback(), asio::ip::address_v6::loopback()};
}

// How much of `text` is a command's word or a setting's name before a URL: `POST `, `export OPENAI_BASE_URL="`.
size_t PastedBefore(std::string_view text) {
  constexpr std::string_view kWordCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-: =\"'";
  const size_t at = std::min(text.find("http://"), text.find("https://"));
  if (at == std::string_view::npos || at == 0) return 0;
  const std::string_view before = text.substr(0, at);
  const bool is_along = before.find_first_not_of(kWordCharacters) == std::string_view::npos &&
                        std::string_view(" =\"'").find(before.back()) != std::string_view::npos;
  return is_along ? at : 0;
}

}  // namespace

absl::StatusOr<Endpoint> Endpoint::Parse(std::string_view url, const AddressPolicy& policy) {
  TRY(const Pieces pieces, Split(url));
  const size_t bracket = pieces.authority.rfind(']');
  const size_t colon = pieces.authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host_text = pieces.authority.substr(0, colon);
  uint16_t port = pieces.is_https ? 443 : 80;
  if (colon != std::string_view::npos) {
    const auto number = PortNumber(pieces.authority.substr(colon + 1));
    if (!number) return RefuseUrl(UrlFault::kPort);
    port = *number;
  }
  TRY(Host host, Host::Parse(host_text));
  // The one spelling of a host may be the longer one; Text() must be a URL that can be read again.
  if (url.size() + host.name().size() > kLongestUrl + host_text.size()) return RefuseUrl(UrlFault::kTooLong);
  TRY(host.literal() ? policy.JudgeAddress(*host.literal()) : policy.JudgeName(host.name()));
  const bool is_loopback = host.literal() ? host.literal()->is_loopback() : host.name() == "localhost";
  TRY(policy.JudgePort(port, is_loopback));
  return Endpoint(pieces.is_https, std::move(host), port, std::string(pieces.path), std::string(pieces.query));
}

absl::StatusOr<Endpoint> Endpoint::ParsePasted(std::string_view text, const AddressPolicy& policy) {
  constexpr std::string_view kAround = " \t\r\n\"'`<>,;";
  for (size_t before = text.size() + 1; text.size() < before;) {
    before = text.size();
    text = Trim(Trim(text, kAround, kWideSpaces), kAround, kWideQuotes);
    text.remove_prefix(PastedBefore(text));
  }
  return Parse(text, policy);
}

std::vector<asio::ip::address> Endpoint::KnownAddresses() const {
  if (host_.literal()) return {*host_.literal()};
  if (host() == "localhost") return LoopbackAddresses();
  return {};
}

std::string Endpoint::HostHeader() const {
  const bool is_ipv6 = host_.literal() && host_.literal()->is_v6();
  std::string header = is_ipv6 ? fmt::format("[{}]", host()) : host();
  if (port_ != (is_https_ ? 443 : 80)) header += fmt::format(":{}", port_);
  return header;
}

std::string Endpoint::Origin() const { return fmt::format("{}://{}", scheme(), HostHeader()); }

std::string Endpoint::Text() const { return Origin() + path_ + query_; }

std::string Endpoint::BasePath() const {
  std::string_view path = TrimSlashes(path_);
  if (path.empty()) return std::string(ProviderOf(*this).base_path);
  for (const std::string_view native : {"/api/chat", "/api/generate", "/api/tags"}) {
    if (path == native) return "/v1";  // Ollama's own; what we speak stands beside it
  }
  for (const std::string_view page : {"/docs", "/redoc", "/openapi.json", "/health"}) {
    if (path == page) return std::string(ProviderOf(*this).base_path);  // a server's own pages, at its root
  }
  // One model of the list.
  if (const size_t at = path.find("/v1/models/"); at != std::string_view::npos) path = path.substr(0, at + 3);
  for (const std::string_view end :
       {kChatCompletions, kModels, std::string_view("/completions"), std::string_view("/responses"),
        std::string_view("/embeddings"), std::string_view("/messages"), std::string_view("/engines")}) {
    if (!EndsWithIgnoringCase(path, end)) continue;
    path.remove_suffix(end.size());
    break;
  }
  path = TrimSlashes(path);
  if (EndsWith(path, "/v1/chat")) path.remove_suffix(std::string_view("/chat").size());
  return std::string(path);
}

std::string Endpoint::BaseOr(std::string_view otherwise, std::string_view call) const {
  std::string_view path = TrimSlashes(path_);
  if (path.empty()) return std::string(otherwise);
  if (EndsWith(path, call)) path.remove_suffix(call.size());
  return std::string(TrimSlashes(path));
}

std::string Endpoint::ChatCompletionsTarget() const {
  // Some servers know the path with a slash behind it alone; whoever types the whole URL knows.
  const bool has_slash = EndsWith(path_, "/chat/completions/");
  return fmt::format("{}{}{}{}", BasePath(), kChatCompletions, has_slash ? "/" : "", query_);
}

std::string Endpoint::ModelsTarget() const {
  std::string base = BasePath();
  // Azure lists models beside its deployments, not below one.
  if (const size_t at = base.find("/openai/deployments/"); at != std::string::npos) base.resize(at + 7);
  return fmt::format("{}/models{}", base, query_);
}

bool Endpoint::is_azure() const {
  constexpr std::array<std::string_view, 5> kHosts = {".openai.azure.com", ".cognitiveservices.azure.com",
                                                      ".services.ai.azure.com", ".openai.azure.us", ".openai.azure.cn"};
  return std::any_of(kHosts.begin(), kHosts.end(), [&](std::string_view end) { return EndsWith(host(), end); }) ||
         path_.find("/openai/deployments/") != std::string::npos;
}

}  // namespace ftl

#include "common/endpoint/url/host.h"

#include <algorithm>
#include <array>

#include "common/endpoint/url/idn.h"
#include "common/endpoint/url/url_fault.h"

namespace ftl {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Four decimal numbers without leading zeros, and nothing else.
std::optional<asio::ip::address> DottedDecimal(std::string_view text) {
  asio::ip::address_v4::bytes_type bytes;
  size_t at = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && (at == text.size() || text[at++] != '.')) return std::nullopt;
    const size_t start = at;
    int value = 0;
    while (at < text.size() && IsDigit(text[at]) && at - start < 3) value = value * 10 + (text[at++] - '0');
    if (at == start || value > 255 || (at - start > 1 && text[start] == '0')) return std::nullopt;
    bytes[i] = static_cast<uint8_t>(value);
  }
  if (at != text.size()) return std::nullopt;
  return asio::ip::address_v4(bytes);
}

// RFC 4291 text of hex groups: no zone, no IPv4 tail.
std::optional<asio::ip::address> Ipv6(std::string_view text) {
  constexpr size_t kLongest = 39;
  if (text.size() > kLongest) return std::nullopt;
  if (!std::all_of(text.begin(), text.end(), [](char c) { return IsHexDigit(c) || c == ':'; })) return std::nullopt;
  boost::system::error_code error;
  const auto address = asio::ip::make_address_v6(std::string(text), error);
  if (error) return std::nullopt;
  return asio::ip::address(address);
}

bool IsProperLabel(std::string_view label, bool a_labels_are_proper) {
  constexpr size_t kLongest = 63;
  if (label.empty() || label.size() > kLongest || label.front() == '-' || label.back() == '-') return false;
  const bool has_proper_characters =
      std::all_of(label.begin(), label.end(), [](char c) { return IsLetter(c) || IsDigit(c) || c == '-' || c == '_'; });
  return has_proper_characters && (a_labels_are_proper || !IsALabel(label) || IsProperALabel(label));
}

bool IsProperName(std::string_view name, bool a_labels_are_proper) {
  constexpr size_t kLongest = 253;
  if (name.empty() || name.size() > kLongest) return false;
  while (true) {
    const size_t dot = name.find('.');
    if (!IsProperLabel(name.substr(0, dot), a_labels_are_proper)) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

// As every top-level name is: of letters, or an A-label. What passes here is no number in any base.
bool IsTopLabel(std::string_view label) {
  return IsALabel(label) || (label.size() > 1 && std::all_of(label.begin(), label.end(), IsLetter));
}

std::string_view LastLabel(std::string_view name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

absl::StatusOr<Host> Host::Parse(std::string_view text) {
  if (text.empty()) return RefuseUrl(UrlFault::kNoHost);
  if (text.front() == '[') {
    if (text.back() != ']') return RefuseUrl(UrlFault::kHost);
    const auto address = Ipv6(text.substr(1, text.size() - 2));
    if (!address) return RefuseUrl(UrlFault::kIpSpelling);
    return Host(address->to_string(), address);
  }
  if (const auto address = DottedDecimal(text)) return Host(std::string(text), address);

  std::string name = Lower(text);
  if (name.back() == '.') name.pop_back();
  const bool is_international = !IsAscii(name);
  if (is_international) {
    auto ascii = ToAsciiName(name);
    if (!ascii) return RefuseUrl(UrlFault::kUnicodeHost);
    name = *std::move(ascii);
  }
  if (!name.empty() && IsDigit(LastLabel(name)[0])) return RefuseUrl(UrlFault::kIpSpelling);
  if (!IsProperName(name, is_international)) return RefuseUrl(UrlFault::kHost);
  if (!IsTopLabel(LastLabel(name))) return RefuseUrl(UrlFault::kHost);
  return Host(std::move(name), std::nullopt);
}

}  // namespace ftl

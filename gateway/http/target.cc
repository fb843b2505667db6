#include "gateway/http/target.h"

#include <algorithm>

#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl::http {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Well-formed as Unicode 15, table 3-7: no overlong forms, no surrogates, nothing over U+10FFFF.
bool IsUtf8(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  const auto is_tail = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  for (size_t i = 0; i < text.size();) {
    const unsigned lead = byte(i);
    const unsigned second = byte(i + 1);
    if (lead < 0x80) {
      i += 1;
    } else if (lead >= 0xc2 && lead <= 0xdf && is_tail(i + 1)) {
      i += 2;
    } else if (lead >= 0xe0 && lead <= 0xef && is_tail(i + 1) && is_tail(i + 2) && !(lead == 0xe0 && second < 0xa0) &&
               !(lead == 0xed && second >= 0xa0)) {
      i += 3;
    } else if (lead >= 0xf0 && lead <= 0xf4 && is_tail(i + 1) && is_tail(i + 2) && is_tail(i + 3) &&
               !(lead == 0xf0 && second < 0x90) && !(lead == 0xf4 && second >= 0x90)) {
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

absl::StatusOr<std::string> Decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' && plus_is_blank ? ' ' : text[i];
    }
  }
  if (out.find('\0') != std::string::npos) return Refuse(Reason::kBadRequest, "U+0000 is not allowed in a URL.");
  if (!IsUtf8(out)) return Refuse(Reason::kBadRequest, "The URL does not decode to UTF-8.");
  return out;
}

}  // namespace

absl::StatusOr<Parameters> ParseQuery(std::string_view query) {
  Parameters parameters;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view piece = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (piece.empty()) continue;
    const size_t equals = std::min(piece.find('='), piece.size());
    TRY(std::string name, Decode(piece.substr(0, equals), /*plus_is_blank=*/true));
    TRY(std::string value, Decode(piece.substr(std::min(equals + 1, piece.size())), /*plus_is_blank=*/true));
    parameters.emplace_back(std::move(name), std::move(value));
  }
  return parameters;
}

absl::StatusOr<std::string> DecodeSegment(std::string_view segment) { return Decode(segment, /*plus_is_blank=*/false); }

}  // namespace ftl::http

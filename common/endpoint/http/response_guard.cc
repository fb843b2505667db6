#include "common/endpoint/http/response_guard.h"

#include <algorithm>

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>

#include "common/text/view.h"

namespace ftl {
namespace {

constexpr size_t kStatusAt = 9;     // in `HTTP/1.1 200 OK`
constexpr size_t kStatusEnd = 12;   // where the reason may be missing
constexpr size_t kMostDigits = 18;  // of a length

// The next line without its end, which is CRLF or LF; `rest` goes on behind it.
std::string_view TakeLine(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool IsLength(std::string_view text) {
  return text.size() <= kMostDigits && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool IsFieldBeyondDoubt(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t')) return false;
  const size_t colon = std::min(line.find(':'), line.size());
  const absl::string_view name = ToAbsl(line.substr(0, colon));
  const absl::string_view value = absl::StripAsciiWhitespace(ToAbsl(line.substr(std::min(colon + 1, line.size()))));
  if (absl::EqualsIgnoreCase(name, "content-length")) return IsLength(ToStd(value));
  return !absl::EqualsIgnoreCase(name, "transfer-encoding") || absl::EqualsIgnoreCase(value, "chunked");
}

}  // namespace

size_t HeadEnd(std::string_view bytes) {
  for (size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (bytes.substr(at + 1, 1) == "\n") return at + 2;
    if (bytes.substr(at + 1, 2) == "\r\n") return at + 3;
  }
  return std::string_view::npos;
}

std::string CanonicalHead(std::string_view head) {
  std::string text;
  text.reserve(head.size() + 64);
  text += TakeLine(head);
  if (text.size() == kStatusEnd) text += ' ';
  text += "\r\n";
  while (!head.empty()) text.append(TakeLine(head)).append("\r\n");
  return text;
}

bool IsBeyondDoubt(std::string_view canonical_head) {
  const std::string_view status_line = TakeLine(canonical_head);
  if (status_line.size() <= kStatusAt || status_line[kStatusAt] < '1' || status_line[kStatusAt] > '5') return false;
  while (!canonical_head.empty()) {
    if (!IsFieldBeyondDoubt(TakeLine(canonical_head))) return false;
  }
  return true;
}

}  // namespace ftl

#include "common/endpoint/http/http_head.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <absl/strings/match.h>

#include "common/text/view.h"

namespace ftl {
namespace {

constexpr std::array<bool, 256> kTokenCharacters = [] {
  std::array<bool, 256> allowed{};
  for (const char c :
       std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~")) {
    allowed[static_cast<unsigned char>(c)] = true;
  }
  return allowed;
}();

bool IsToken(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return kTokenCharacters[static_cast<unsigned char>(c)]; });
}

bool IsFieldValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool Is(std::string_view a, std::string_view b) { return absl::EqualsIgnoreCase(ToAbsl(a), ToAbsl(b)); }

// The next line without its end, which is CRLF or LF; `rest` goes on behind it.
std::string_view TakeLine(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

// `HTTP/1.1 200 OK`, the reason being optional.
bool ReadStatusLine(std::string_view line, ResponseHead& head) {
  if (line.size() < 12 || line.substr(0, 7) != "HTTP/1." || line[8] != ' ') return false;
  if (line[7] != '0' && line[7] != '1') return false;
  const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, head.status);
  if (error != std::errc() || end != line.data() + 12 || head.status < 100 || head.status > 599) return false;
  head.is_last = line[7] == '0';
  return line.size() == 12 || (line[12] == ' ' && IsFieldValue(line));
}

bool ReadLength(std::string_view value, ResponseHead& head) {
  uint64_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (error != std::errc() || end != value.data() + value.size() || value.size() > 18) return false;
  if (head.content_length && *head.content_length != length) return false;
  head.content_length = length;
  return true;
}

bool ReadField(std::string_view name, std::string_view value, ResponseHead& head) {
  if (Is(name, "content-length")) return ReadLength(value, head);
  if (Is(name, "transfer-encoding")) {
    if (head.is_chunked || !Is(value, "chunked")) return false;
    head.is_chunked = true;
  } else if (Is(name, "connection")) {
    if (Is(value, "close")) head.is_last = true;
    if (Is(value, "keep-alive")) head.is_last = false;
  } else if (Is(name, "content-type")) {
    head.content_type = value;
  } else if (Is(name, "content-encoding")) {
    head.content_encoding = value;
  } else if (Is(name, "retry-after")) {
    head.retry.retry_after = value;
  } else if (Is(name, "retry-after-ms")) {
    head.retry.retry_after_ms = value;
  } else if (Is(name, "x-should-retry")) {
    head.retry.should_retry = value;
  } else if (head.status >= 400) {
    head.retry.NoteLimit(name, value);
  }
  return true;
}

}  // namespace

size_t HeadEnd(std::string_view bytes) {
  for (size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (bytes.substr(at + 1, 1) == "\n") return at + 2;
    if (bytes.substr(at + 1, 2) == "\r\n") return at + 3;
  }
  return std::string_view::npos;
}

std::optional<ResponseHead> ParseResponseHead(std::string_view text) {
  ResponseHead head;
  if (!ReadStatusLine(TakeLine(text), head)) return std::nullopt;
  while (true) {
    const std::string_view line = TakeLine(text);
    if (line.empty()) break;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = Trimmed(line.substr(colon + 1));
    if (!IsToken(name) || !IsFieldValue(value)) return std::nullopt;
    if (!ReadField(name, value, head)) return std::nullopt;
  }
  if (head.is_chunked && head.content_length) return std::nullopt;
  return head;
}

}  // namespace ftl

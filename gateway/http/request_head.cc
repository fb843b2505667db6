#include "gateway/http/request_head.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

constexpr std::array<bool, 256> kTokenBytes = [] {
  std::array<bool, 256> bytes{};
  for (int c = '0'; c <= '9'; ++c) bytes[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) bytes[c] = true;
  for (int c = 'A'; c <= 'Z'; ++c) bytes[c] = true;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) bytes[static_cast<unsigned char>(c)] = true;
  return bytes;
}();

// Visible ASCII, blanks, and bytes of other charsets; no control characters.
constexpr std::array<bool, 256> kFieldBytes = [] {
  std::array<bool, 256> bytes{};
  for (int c = 0x20; c <= 0xff; ++c) bytes[c] = c != 0x7f;
  bytes['\t'] = true;
  return bytes;
}();

// Visible ASCII but for what may not stand in a target.
constexpr std::array<bool, 256> kTargetBytes = [] {
  std::array<bool, 256> bytes{};
  for (int c = 0x21; c < 0x7f; ++c) bytes[c] = c != '#' && c != '\\';
  return bytes;
}();

bool AreAll(const std::array<bool, 256>& allowed, std::string_view text) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return allowed[static_cast<unsigned char>(c)]; });
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

absl::Status Bad(std::string_view why) { return Refuse(Reason::kBadRequest, why); }

// The target as origin-form: a path and maybe a query, all visible ASCII, percent signs followed by two hex digits.
absl::Status ReadTarget(std::string_view target, RequestHead& head) {
  if (target == "*") {
    if (head.method != "OPTIONS") return Bad("Only OPTIONS may ask for `*`.");
    head.path = target;
    return absl::OkStatus();
  }
  if (target.empty() || target.front() != '/') return Bad("The request target must be a path that begins with `/`.");
  if (!AreAll(kTargetBytes, target)) return Bad("The request target has a character that must be percent-encoded.");
  for (size_t i = target.find('%'); i != std::string_view::npos; i = target.find('%', i + 1)) {
    if (i + 2 >= target.size() || !IsHex(target[i + 1]) || !IsHex(target[i + 2])) {
      return Bad("The request target has a percent sign without two hex digits.");
    }
    if (target[i + 1] == '0' && target[i + 2] == '0') return Bad("The request target has a percent-encoded NUL.");
  }
  const size_t mark = target.find('?');
  head.path = target.substr(0, mark);
  if (mark != std::string_view::npos) head.query = target.substr(mark + 1);
  return absl::OkStatus();
}

absl::Status JudgeMethod(std::string_view method) {
  if (!IsToken(method)) return Bad("The request method is not a token.");
  return method.size() <= kMaxMethodBytes ? absl::OkStatus() : Bad("The request method is too long.");
}

absl::Status ReadRequestLine(std::string_view line, RequestHead& head) {
  if (line.size() > kMaxRequestLineBytes) {
    return Refuse(Reason::kUriTooLong, fmt::format("The request line is over {} bytes.", kMaxRequestLineBytes));
  }
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Bad("The request line must be `METHOD /path HTTP/1.1`.");
  head.method = line.substr(0, first);
  TRY(JudgeMethod(head.method));
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return Bad("Only HTTP/1.1 and HTTP/1.0 are spoken here.");
  head.minor_version = version.back() - '0';
  return ReadTarget(line.substr(first + 1, last - first - 1), head);
}

absl::StatusOr<FieldView> ReadField(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return Bad("A header field is folded over two lines.");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Bad("A header field has no colon.");
  const FieldView field{line.substr(0, colon), Trimmed(line.substr(colon + 1))};
  if (!IsToken(field.name)) return Bad("The name of a header field is not a token.");
  if (!AreAll(kFieldBytes, field.value)) return Bad("The value of a header field has a control character.");
  if (const size_t most = MaxValueBytes(field.name); field.value.size() > most) {
    return Refuse(Reason::kHeadTooLarge, fmt::format("The value of {} is over {} bytes.", field.name, most));
  }
  return field;
}

// host [":" port], where host is a name, an IPv4 address or an IPv6 address in brackets.
bool IsHost(std::string_view text) {
  size_t name_end = text.find(':');
  if (!text.empty() && text.front() == '[') {
    const size_t bracket = text.find(']');
    if (bracket == std::string_view::npos || bracket < 3) return false;
    const std::string_view address = text.substr(1, bracket - 1);
    if (!std::all_of(address.begin(), address.end(), [](char c) { return IsHex(c) || c == ':' || c == '.'; })) {
      return false;
    }
    name_end = bracket + 1 == text.size() ? std::string_view::npos : bracket + 1;
  } else {
    const std::string_view name = text.substr(0, name_end);
    if (name.empty() || name.size() > 255) return false;
    const auto is_name_byte = [](char c) {
      return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
    };
    if (!std::all_of(name.begin(), name.end(), is_name_byte)) return false;
  }
  if (name_end == std::string_view::npos) return true;
  if (text[name_end] != ':') return false;
  const std::string_view port = text.substr(name_end + 1);
  return port.size() <= 5 && std::all_of(port.begin(), port.end(), IsDigit);
}

absl::Status JudgeHost(RequestHead& head) {
  int count = 0;
  for (const FieldView& field : head.fields) {
    if (!EqualsIgnoringCase(field.name, "host")) continue;
    ++count;
    head.host = field.value;
  }
  if (count > 1) return Bad("There is more than one Host.");
  if (count == 0) return head.minor_version == 1 ? Bad("HTTP/1.1 needs a Host.") : absl::OkStatus();
  return IsHost(head.host) ? absl::OkStatus() : Bad("The Host is not a host.");
}

// Where the body ends: by one Transfer-Encoding that is exactly `chunked`, or by one Content-Length of digits, never
// both.
absl::Status JudgeFraming(RequestHead& head) {
  int lengths = 0;
  int encodings = 0;
  for (const FieldView& field : head.fields) {
    if (EqualsIgnoringCase(field.name, "content-length")) {
      ++lengths;
      const bool digits = std::all_of(field.value.begin(), field.value.end(), IsDigit);
      if (field.value.empty() || field.value.size() > 18 || !digits) {
        return Bad("The Content-Length is not a number of bytes.");
      }
      for (char c : field.value) head.content_length = head.content_length * 10 + (c - '0');
    } else if (EqualsIgnoringCase(field.name, "transfer-encoding")) {
      ++encodings;
      if (field.value != "chunked") return Bad("The only Transfer-Encoding taken here is `chunked`.");
      head.chunked = true;
    }
    if (lengths + encodings > 1) return Bad("The length of the body is said more than once.");
  }
  if (head.chunked && head.minor_version == 0) return Bad("HTTP/1.0 has no Transfer-Encoding.");
  return absl::OkStatus();
}

absl::Status JudgeConnection(RequestHead& head) {
  bool close = head.minor_version == 0;
  for (const FieldView& field : head.fields) {
    if (EqualsIgnoringCase(field.name, "connection")) {
      for (size_t at = 0; at <= field.value.size();) {
        const size_t comma = std::min(field.value.find(',', at), field.value.size());
        const std::string_view option = Trimmed(field.value.substr(at, comma - at));
        if (EqualsIgnoringCase(option, "close")) {
          head.keep_alive = false;
          return absl::OkStatus();
        }
        if (EqualsIgnoringCase(option, "keep-alive")) close = false;
        at = comma + 1;
      }
    } else if (EqualsIgnoringCase(field.name, "expect")) {
      if (!EqualsIgnoringCase(field.value, "100-continue")) return Bad("The only Expect known here is 100-continue.");
      head.expects_continue = head.minor_version == 1;
    }
  }
  head.keep_alive = !close;
  return absl::OkStatus();
}

}  // namespace

std::optional<std::string_view> RequestHead::Find(std::string_view name) const {
  for (const FieldView& field : fields) {
    if (EqualsIgnoringCase(field.name, name)) return field.value;
  }
  return std::nullopt;
}

bool IsNotHttp(std::string_view bytes) {
  if (bytes.substr(0, 2) == kLineEnd) bytes.remove_prefix(2);
  if (bytes.empty() || bytes == "\r") return false;
  return !kTokenBytes[static_cast<unsigned char>(bytes.front())];
}

absl::Status JudgeBeginning(std::string_view bytes) {
  if (bytes.substr(0, 2) == kLineEnd) bytes.remove_prefix(2);
  const size_t end = bytes.find(kLineEnd);
  if (end != std::string_view::npos) {
    RequestHead head;
    return ReadRequestLine(bytes.substr(0, end), head);
  }
  const std::string_view method = bytes.substr(0, bytes.find_first_of(" \r"));
  return method.empty() ? absl::OkStatus() : JudgeMethod(method);
}

size_t MaxValueBytes(std::string_view name) {
  struct Bound {
    std::string_view name;
    size_t bytes;
  };
  // What this server reads or passes on; anything else is bounded by the head alone.
  constexpr Bound kBounds[] = {{"accept", 1024},
                               {"authorization", 1024},
                               {"connection", 256},
                               {"content-encoding", 64},
                               {"content-length", 64},
                               {"content-type", 256},
                               {"expect", 64},
                               {"host", 320},
                               {"idempotency-key", 512},
                               {"last-event-id", 64},
                               {"origin", 512},
                               {"sec-fetch-site", 32},
                               {"traceparent", 256},
                               {"transfer-encoding", 256},
                               {"x-forwarded-for", 2048},
                               {"x-request-id", 256}};
  for (const Bound& bound : kBounds) {
    if (EqualsIgnoringCase(bound.name, name)) return bound.bytes;
  }
  return kMaxHeadBytes;
}

size_t HeadSize(std::string_view bytes, size_t from) {
  const size_t start = bytes.substr(0, 2) == kLineEnd ? 2 : 0;
  const size_t search = std::max(start, from < 3 ? 0 : from - 3);
  const size_t end = bytes.find("\r\n\r\n", search);
  return end == std::string_view::npos ? 0 : end + 4;
}

absl::StatusOr<RequestHead> ParseHead(std::string_view head) {
  if (head.size() > kMaxHeadBytes) {
    return Refuse(Reason::kHeadTooLarge, fmt::format("The head of the request is over {} bytes.", kMaxHeadBytes));
  }
  if (head.substr(0, 2) == kLineEnd) head.remove_prefix(2);
  constexpr size_t kUsualFields = 16;
  RequestHead result;
  result.fields.reserve(kUsualFields);
  bool is_first = true;
  while (true) {
    // A line feed within a line is refused with the other control characters.
    const size_t end = head.find('\r');
    if (end == std::string_view::npos || head.substr(end, 2) != kLineEnd) return Bad("A line does not end in CRLF.");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (is_first) {
      TRY(ReadRequestLine(line, result));
      is_first = false;
    } else if (line.empty()) {
      break;
    } else {
      TRY(const FieldView field, ReadField(line));
      if (result.fields.size() == kMaxFields) {
        return Refuse(Reason::kHeadTooLarge, fmt::format("There are more than {} header fields.", kMaxFields));
      }
      result.fields.push_back(field);
    }
  }
  if (!head.empty()) return Bad("There is more after the head.");
  TRY(JudgeHost(result));
  TRY(JudgeFraming(result));
  TRY(JudgeConnection(result));
  return result;
}

bool IsToken(std::string_view text) { return !text.empty() && AreAll(kTokenBytes, text); }

}  // namespace ftl::http

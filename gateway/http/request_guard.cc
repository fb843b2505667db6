#include "gateway/http/request_guard.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "gateway/http/request_head.h"

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

// Origin-form: a path and maybe a query, all visible ASCII, percent signs followed by two hex digits.
absl::Status JudgeTarget(std::string_view method, std::string_view target) {
  if (target == "*") return method == "OPTIONS" ? absl::OkStatus() : Bad("Only OPTIONS may ask for `*`.");
  if (target.empty() || target.front() != '/') return Bad("The request target must be a path that begins with `/`.");
  if (!AreAll(kTargetBytes, target)) return Bad("The request target has a character that must be percent-encoded.");
  for (size_t i = target.find('%'); i != std::string_view::npos; i = target.find('%', i + 1)) {
    if (i + 2 >= target.size() || !IsHex(target[i + 1]) || !IsHex(target[i + 2])) {
      return Bad("The request target has a percent sign without two hex digits.");
    }
    if (target[i + 1] == '0' && target[i + 2] == '0') return Bad("The request target has a percent-encoded NUL.");
  }
  return absl::OkStatus();
}

absl::Status JudgeMethod(std::string_view method) {
  if (method.empty() || !AreAll(kTokenBytes, method)) return Bad("The request method is not a token.");
  return method.size() <= kMaxMethodBytes ? absl::OkStatus() : Bad("The request method is too long.");
}

absl::Status JudgeRequestLine(std::string_view line) {
  if (line.size() > kMaxRequestLineBytes) {
    return Refuse(Reason::kUriTooLong, fmt::format("The request line is over {} bytes.", kMaxRequestLineBytes));
  }
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Bad("The request line must be `METHOD /path HTTP/1.1`.");
  const std::string_view method = line.substr(0, first);
  TRY(JudgeMethod(method));
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return Bad("Only HTTP/1.1 and HTTP/1.0 are spoken here.");
  return JudgeTarget(method, line.substr(first + 1, last - first - 1));
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

// What the fields of one head say together: one Host, and one length of the body.
class Fields {
 public:
  absl::Status Judge(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') return Bad("A header field is folded over two lines.");
    if (++count_ > kMaxFields) {
      return Refuse(Reason::kHeadTooLarge, fmt::format("There are more than {} header fields.", kMaxFields));
    }
    const size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = Trimmed(line.substr(std::min(colon + 1, line.size())));
    if (const size_t most = MaxValueBytes(name); value.size() > most) {
      return Refuse(Reason::kHeadTooLarge, fmt::format("The value of {} is over {} bytes.", name, most));
    }
    if (EqualsIgnoringCase(name, "host")) {
      if (++hosts_ > 1) return Bad("There is more than one Host.");
      if (!IsHost(value)) return Bad("The Host is not a host.");
    } else if (EqualsIgnoringCase(name, "content-length")) {
      ++lengths_;
      if (value.empty() || value.size() > 18 || !std::all_of(value.begin(), value.end(), IsDigit)) {
        return Bad("The Content-Length is not a number of bytes.");
      }
    } else if (EqualsIgnoringCase(name, "transfer-encoding")) {
      ++encodings_;
      if (value != "chunked") return Bad("The only Transfer-Encoding taken here is `chunked`.");
    } else if (EqualsIgnoringCase(name, "expect") && !EqualsIgnoringCase(value, "100-continue")) {
      return Bad("The only Expect known here is 100-continue.");
    }
    return absl::OkStatus();
  }

  absl::Status JudgeTogether(bool is_http_1_0) const {
    if (lengths_ + encodings_ > 1) return Bad("The length of the body is said more than once.");
    if (!is_http_1_0) return hosts_ == 1 ? absl::OkStatus() : Bad("HTTP/1.1 needs a Host.");
    return encodings_ == 0 ? absl::OkStatus() : Bad("HTTP/1.0 has no Transfer-Encoding.");
  }

 private:
  size_t count_ = 0;
  int hosts_ = 0;
  int lengths_ = 0;
  int encodings_ = 0;
};

}  // namespace

bool IsNotHttp(std::string_view bytes) {
  bytes = Bare(bytes);
  if (bytes.empty() || bytes == "\r") return false;
  return !kTokenBytes[static_cast<unsigned char>(bytes.front())];
}

absl::Status JudgeBeginning(std::string_view bytes) {
  bytes = Bare(bytes);
  const size_t end = bytes.find(kLineEnd);
  if (end != std::string_view::npos) return JudgeRequestLine(bytes.substr(0, end));
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
  const size_t start = bytes.size() - Bare(bytes).size();
  const size_t search = std::max(start, from < 3 ? 0 : from - 3);
  const size_t end = bytes.find("\r\n\r\n", search);
  return end == std::string_view::npos ? 0 : end + 4;
}

std::string_view Bare(std::string_view head) {
  if (head.starts_with(kLineEnd)) head.remove_prefix(kLineEnd.size());
  return head;
}

absl::Status JudgeHead(std::string_view head) {
  if (head.size() > kMaxHeadBytes) {
    return Refuse(Reason::kHeadTooLarge, fmt::format("The head of the request is over {} bytes.", kMaxHeadBytes));
  }
  size_t end = std::min(head.find(kLineEnd), head.size());
  const std::string_view request_line = head.substr(0, end);
  TRY(JudgeRequestLine(request_line));
  Fields fields;
  while (end < head.size()) {
    head.remove_prefix(end + kLineEnd.size());
    end = std::min(head.find(kLineEnd), head.size());
    if (end == 0) break;
    TRY(fields.Judge(head.substr(0, end)));
  }
  return fields.JudgeTogether(request_line.ends_with('0'));
}

}  // namespace ftl::http

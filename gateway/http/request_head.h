#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/strings/match.h>

#include "common/text/view.h"

namespace ftl::http {

// A header field as it came; both are views into the head's bytes.
struct FieldView {
  std::string_view name;
  std::string_view value;
};

// The head of a request, judged. Views into the bytes it was read from.
struct RequestHead {
  std::string_view method;
  std::string_view path;   // begins with `/`, percent-encoded; `*` for a server-wide OPTIONS
  std::string_view query;  // without `?`; empty for none
  int minor_version = 1;   // of HTTP/1
  std::vector<FieldView> fields;
  std::string_view host;
  uint64_t content_length = 0;  // 0 where chunked
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;

  // The value of a field that may stand once, or nullopt; names ignore case.
  std::optional<std::string_view> Find(std::string_view name) const;
};

inline constexpr size_t kMaxHeadBytes = 16 * 1024;
inline constexpr size_t kMaxRequestLineBytes = 8 * 1024;
inline constexpr size_t kMaxFields = 100;
inline constexpr size_t kMaxMethodBytes = 32;

// Whether what has come can only be something else than HTTP: binary, TLS, an empty line too many. Pure, as all here.
bool IsNotHttp(std::string_view bytes);

// Judges the request line as soon as it is there, and its method before that: another protocol's greeting need not wait
// for an end of a head that never comes. Ok for what may still become a request; says what ParseHead would say.
absl::Status JudgeBeginning(std::string_view bytes);

// The most bytes that the value of a field may have.
size_t MaxValueBytes(std::string_view name);

// The size of the head at the front of `bytes`, its empty line included; 0 while that line has not come. Begin the
// search at `from`, the size at the last call. One empty line before the request line belongs to the head.
size_t HeadSize(std::string_view bytes, size_t from);

// Judges a whole head. What two parsers could read in two ways is refused: BAD_REQUEST, URI_TOO_LONG or HEAD_TOO_LARGE;
// after any of these the connection must close, since nobody knows where the next request begins. Pure.
absl::StatusOr<RequestHead> ParseHead(std::string_view head);

// Whether all of `text` are token characters (RFC 9110, 5.6.2).
bool IsToken(std::string_view text);
inline bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && absl::EqualsIgnoreCase(ToAbsl(a), ToAbsl(b));
}

}  // namespace ftl::http

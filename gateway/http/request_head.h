#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <absl/strings/match.h>

#include "common/text/view.h"

namespace ftl::http {

inline bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && absl::EqualsIgnoreCase(ToAbsl(a), ToAbsl(b));
}

// A header field as it came; both are views into the head's bytes.
struct FieldView {
  std::string_view name;
  std::string_view value;
};

// The head of a request, judged and parsed (RequestParser). Views into the bytes it was read from.
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
  std::optional<std::string_view> Find(std::string_view name) const {
    const auto is_wanted = [name](const FieldView& field) { return EqualsIgnoringCase(field.name, name); };
    const auto found = std::find_if(fields.begin(), fields.end(), is_wanted);
    return found == fields.end() ? std::nullopt : std::optional(found->value);
  }
};

}  // namespace ftl::http

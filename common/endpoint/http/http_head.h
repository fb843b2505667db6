#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/endpoint/answer/failure.h"

namespace ftl {

// What a response's head says, of which we use this much. Values are as sent, without the space around them.
struct ResponseHead {
  int status = 0;
  std::optional<uint64_t> content_length;
  bool is_chunked = false;
  bool is_last = false;  // the connection ends with this response
  std::string content_type;
  std::string content_encoding;
  RetryHints retry;

  bool is_interim() const { return status < 200; }
  // By its status such a response has no body, whatever its fields say.
  bool has_no_body() const { return is_interim() || status == 204 || status == 304; }
};

// Where the head ends (behind its empty line) in what was received so far; npos while it does not.
size_t HeadEnd(std::string_view bytes);

// Understands a whole head. Nullopt for what is no HTTP/1.x, and for framing on which two readers could differ: both
// length and coding, two different lengths, a coding other than exactly `chunked`, folded lines, spaces before a colon,
// control characters.
std::optional<ResponseHead> ParseResponseHead(std::string_view head);

}  // namespace ftl

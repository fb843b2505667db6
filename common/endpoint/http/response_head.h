#pragma once

#include <cstdint>
#include <optional>
#include <string>

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
  std::string location;  // of a redirect
  RetryHints retry;

  bool is_interim() const { return status < 200; }
};

}  // namespace ftl

#pragma once

#include <cstdint>
#include <string_view>

#include "common/endpoint/http/chunked_decoder.h"
#include "common/endpoint/http/http_head.h"

namespace ftl {

// Where the body of a response ends: by its length, its chunks, or the end of the connection. Pure, incremental.
class BodyFraming {
 public:
  BodyFraming(const ResponseHead& head, size_t rest_bytes);

  // Takes from the front of `bytes` and gives a piece of the body, a view into it; empty at the end, when broken, or
  // when `bytes` is used up.
  std::string_view Next(std::string_view& bytes);
  // The connection has ended. False where the body is not whole by that.
  bool EndsWithConnection();

  bool is_at_end() const { return is_chunked_ ? chunks_.is_at_end() : left_ == 0; }
  bool is_broken() const { return chunks_.is_broken(); }

 private:
  ChunkedDecoder chunks_;
  bool is_chunked_;
  bool ends_with_connection_;
  uint64_t left_;
};

}  // namespace ftl

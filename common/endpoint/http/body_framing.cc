#include "common/endpoint/http/body_framing.h"

#include <algorithm>
#include <limits>

namespace ftl {

BodyFraming::BodyFraming(const ResponseHead& head, size_t rest_bytes)
    : chunks_(rest_bytes),
      is_chunked_(head.is_chunked && !head.has_no_body()),
      ends_with_connection_(!head.is_chunked && !head.content_length && !head.has_no_body()),
      left_(head.has_no_body() ? 0 : head.content_length.value_or(std::numeric_limits<uint64_t>::max())) {}

std::string_view BodyFraming::Next(std::string_view& bytes) {
  if (is_chunked_) return chunks_.Next(bytes);
  const std::string_view piece = bytes.substr(0, std::min<uint64_t>(left_, bytes.size()));
  bytes.remove_prefix(piece.size());
  if (!ends_with_connection_) left_ -= piece.size();
  return piece;
}

bool BodyFraming::EndsWithConnection() {
  if (ends_with_connection_) left_ = 0;
  return is_at_end();
}

}  // namespace ftl

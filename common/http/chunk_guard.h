#pragma once

#include <cstddef>
#include <string_view>

#include <absl/status/statusor.h>

namespace ftl {

// Judges what stands between the pieces of a chunked body before a parser sees it: the end of a chunk with the size of
// the next, and behind the last chunk the trailers. Refuses what two readers could read in two ways and Beast takes:
// folded trailers, control characters in quoted extensions; and all of it without end. Pure; one for each body.
class ChunkGuard {
 public:
  // `max_extra_bytes` bounds extensions and trailers of a body together.
  explicit ChunkGuard(size_t max_extra_bytes) : extra_left_(max_extra_bytes) {}

  // `bytes` begin where a chunk is due. Gives how many of them stand before its data, or before the end of the body; 0
  // where more must come. BAD_REQUEST.
  absl::StatusOr<size_t> Judge(std::string_view bytes);

 private:
  size_t extra_left_;
  bool is_first_ = true;
};

}  // namespace ftl

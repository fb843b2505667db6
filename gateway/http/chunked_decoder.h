#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace ftl::http {

// The body of a request in chunked coding, read strictly: every line ends in CRLF, sizes are hex digits, extensions are
// read over and trailers dropped, both within bounds. Pure; one per body.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(size_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}

  // Takes bytes as they come and appends what they hold to `body`. Gives how many belonged to this body: all of them,
  // unless it is done now. BAD_REQUEST, or BODY_TOO_LARGE once more than `max_body_bytes` are announced.
  absl::StatusOr<size_t> Feed(std::string_view bytes, std::string& body);

  bool done() const { return state_ == State::kDone; }

 private:
  enum class State { kSizeLine, kData, kDataEnd, kTrailerLine, kDone };

  absl::Status TakeLine();

  const size_t max_body_bytes_;
  State state_ = State::kSizeLine;
  std::string line_;           // as much as has come
  uint64_t chunk_left_ = 0;    // bytes of the chunk that have not come
  size_t body_bytes_ = 0;      // announced so far
  size_t overhead_bytes_ = 0;  // of extensions and trailers
};

}  // namespace ftl::http

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ftl {

// The chunked transfer coding, strictly: sizes in plain hex, CRLF where it belongs, extensions and trailers read over
// and dropped. Pure, incremental; keeps nothing of the body.
class ChunkedDecoder {
 public:
  // `rest_bytes` bounds extensions and trailers together.
  explicit ChunkedDecoder(size_t rest_bytes) : rest_left_(rest_bytes) {}

  // Takes from the front of `bytes`, which goes on behind what was taken, until it has a piece of the body or needs
  // more. The piece is a view into `bytes`; empty at the end, when broken, and when `bytes` is used up.
  std::string_view Next(std::string_view& bytes);

  bool is_at_end() const { return state_ == State::kEnd; }
  bool is_broken() const { return state_ == State::kBroken; }

 private:
  enum class State {
    kSizeStart,
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailer,
    kTrailerLf,
    kLastLf,
    kEnd,
    kBroken
  };
  State Step(char c);
  State AfterSize() const { return size_ == 0 ? State::kTrailerStart : State::kData; }

  State state_ = State::kSizeStart;
  uint64_t size_ = 0;  // of the chunk, then what is left of it
  size_t rest_left_;
};

}  // namespace ftl

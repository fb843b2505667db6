#include "common/endpoint/http/chunked_decoder.h"

#include <algorithm>

namespace ftl {
namespace {

constexpr uint64_t kLargestChunk = uint64_t{1} << 40;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

}  // namespace

std::string_view ChunkedDecoder::Next(std::string_view& bytes) {
  while (!bytes.empty() && state_ != State::kEnd && state_ != State::kBroken) {
    if (state_ == State::kData) {
      const std::string_view piece = bytes.substr(0, std::min<uint64_t>(size_, bytes.size()));
      bytes.remove_prefix(piece.size());
      size_ -= piece.size();
      if (size_ == 0) state_ = State::kDataCr;
      return piece;
    }
    state_ = Step(bytes.front());
    bytes.remove_prefix(1);
  }
  return {};
}

ChunkedDecoder::State ChunkedDecoder::Step(char c) {
  switch (state_) {
    case State::kSizeStart:
      if (HexDigit(c) < 0) return State::kBroken;
      size_ = static_cast<uint64_t>(HexDigit(c));
      return State::kSize;
    case State::kSize:
      if (HexDigit(c) >= 0) {
        size_ = size_ * 16 + static_cast<uint64_t>(HexDigit(c));
        return size_ > kLargestChunk ? State::kBroken : State::kSize;
      }
      if (c == '\r') return State::kSizeLf;
      if (c == ';' || c == ' ' || c == '\t') return State::kExtension;
      return State::kBroken;
    case State::kExtension:
      if (c == '\r') return State::kSizeLf;
      return IsControl(c) || rest_left_-- == 0 ? State::kBroken : State::kExtension;
    case State::kSizeLf:
      return c == '\n' ? AfterSize() : State::kBroken;
    case State::kDataCr:
      return c == '\r' ? State::kDataLf : State::kBroken;
    case State::kDataLf:
      return c == '\n' ? State::kSizeStart : State::kBroken;
    case State::kTrailerStart:
      if (c == '\r') return State::kLastLf;
      [[fallthrough]];
    case State::kTrailer:
      if (c == '\r') return State::kTrailerLf;
      return IsControl(c) || rest_left_-- == 0 ? State::kBroken : State::kTrailer;
    case State::kTrailerLf:
      return c == '\n' ? State::kTrailerStart : State::kBroken;
    case State::kLastLf:
      return c == '\n' ? State::kEnd : State::kBroken;
    default:
      return State::kBroken;
  }
}

}  // namespace ftl

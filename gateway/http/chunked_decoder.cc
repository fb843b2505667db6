#include "gateway/http/chunked_decoder.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "gateway/http/request_head.h"

namespace ftl::http {
namespace {

constexpr size_t kMaxLineBytes = 1024;
constexpr size_t kMaxOverheadBytes = 8 * 1024;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

absl::Status Bad(std::string_view why) { return Refuse(Reason::kBadRequest, why); }

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

}  // namespace

absl::StatusOr<size_t> ChunkedDecoder::Feed(std::string_view bytes, std::string& body) {
  size_t at = 0;
  while (at < bytes.size() && !done()) {
    if (state_ == State::kData) {
      const size_t taken = std::min<uint64_t>(chunk_left_, bytes.size() - at);
      body.append(bytes, at, taken);
      at += taken;
      chunk_left_ -= taken;
      if (chunk_left_ == 0) state_ = State::kDataEnd;
      continue;
    }
    const char byte = bytes[at++];
    if (byte == '\n') {
      if (line_.empty() || line_.back() != '\r') return Bad("A line of the chunked body does not end in CRLF.");
      line_.pop_back();
      TRY(TakeLine());
      line_.clear();
      continue;
    }
    if (!line_.empty() && line_.back() == '\r') return Bad("A line of the chunked body does not end in CRLF.");
    if (line_.size() == kMaxLineBytes) return Bad("A line of the chunked body is too long.");
    line_ += byte;
  }
  return at;
}

absl::Status ChunkedDecoder::TakeLine() {
  switch (state_) {
    case State::kSizeLine: {
      size_t digits = 0;
      for (; digits < line_.size() && HexValue(line_[digits]) >= 0; ++digits) {
        if (digits == 8) return Bad("The size of a chunk is too long.");
        chunk_left_ = chunk_left_ * 16 + HexValue(line_[digits]);
      }
      const std::string_view extension = std::string_view(line_).substr(digits);
      const size_t blanks = std::min(extension.find_first_not_of(" \t"), extension.size());
      const bool has_extension = blanks < extension.size() && extension[blanks] == ';';
      if (digits == 0 || (!extension.empty() && !has_extension) || HasControl(extension)) {
        return Bad("The size of a chunk is not a hex number.");
      }
      overhead_bytes_ += extension.size();
      if (overhead_bytes_ > kMaxOverheadBytes) return Bad("The chunk extensions are too long.");
      if (chunk_left_ == 0) {
        state_ = State::kTrailerLine;
        return absl::OkStatus();
      }
      body_bytes_ += chunk_left_;
      if (body_bytes_ > max_body_bytes_) {
        return Refuse(Reason::kBodyTooLarge, fmt::format("Send at most {} bytes.", max_body_bytes_))
            .With("max_body_bytes", static_cast<int64_t>(max_body_bytes_));
      }
      state_ = State::kData;
      return absl::OkStatus();
    }
    case State::kDataEnd:
      if (!line_.empty()) return Bad("A chunk is longer than its size.");
      state_ = State::kSizeLine;
      return absl::OkStatus();
    case State::kTrailerLine: {
      if (line_.empty()) {
        state_ = State::kDone;
        return absl::OkStatus();
      }
      overhead_bytes_ += line_.size();
      const size_t colon = line_.find(':');
      if (overhead_bytes_ > kMaxOverheadBytes) return Bad("The trailers are too long.");
      if (colon == std::string::npos || !IsToken(std::string_view(line_).substr(0, colon)) || HasControl(line_)) {
        return Bad("A trailer is not a header field.");
      }
      return absl::OkStatus();
    }
    case State::kData:
    case State::kDone:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace ftl::http

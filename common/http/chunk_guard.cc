#include "common/http/chunk_guard.h"

#include <algorithm>

#include "common/error/refusal.h"

namespace ftl {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr size_t kMostDigits = 16;  // of a size; leading zeros beyond them count as an extension

absl::Status Bad(std::string_view why) { return Refuse(Reason::kBadRequest, why); }

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

bool IsZero(std::string_view digits) {
  return !digits.empty() && digits.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

absl::StatusOr<size_t> ChunkGuard::Judge(std::string_view bytes) {
  size_t at = is_first_ ? 0 : kLineEnd.size();
  if (bytes.substr(0, at) != kLineEnd.substr(0, std::min(at, bytes.size()))) {
    return Bad("A chunk is longer than its size.");
  }
  size_t extra = 0;
  bool is_last = false;
  for (bool is_size = true; at < bytes.size(); is_size = false) {
    const size_t end = std::min(bytes.find('\n', at), bytes.size());
    std::string_view line = bytes.substr(at, end - at);
    const bool is_returned = line.ends_with('\r');
    if (is_returned) line.remove_suffix(1);
    if (HasControl(line) || (end < bytes.size() && !is_returned)) {
      return Bad("A line of the chunked body does not end in CRLF, or has a control character.");
    }
    if (is_size) {
      const size_t digits = std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
      const std::string_view rest = line.substr(digits);
      if (!rest.empty() && (digits == 0 || rest.find_first_of("; \t") != 0)) {
        return Bad("The size of a chunk is not a hex number.");
      }
      is_last = IsZero(line.substr(0, digits));
      extra += line.size() - std::min(digits, kMostDigits);
    } else {
      if (line.starts_with(' ') || line.starts_with('\t')) return Bad("A trailer is folded over two lines.");
      extra += line.size();
    }
    if (extra > extra_left_) return Bad("The extensions and trailers of the chunked body are too long.");
    if (end == bytes.size()) return 0;
    at = end + 1;
    if (is_size ? is_last : !line.empty()) continue;
    extra_left_ -= extra;
    is_first_ = false;
    return at;
  }
  return 0;
}

}  // namespace ftl

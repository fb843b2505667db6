#include "services/batch-runner/suite/content_text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "common/text/trim.h"

namespace ftl::batch_runner {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080;  // none is set in eight bytes of ASCII
constexpr std::string_view kSpace = " \t\r\n\f\v\x1C\x1D\x1E\x1F";

}  // namespace

size_t LineEnd(std::string_view text, size_t from) {
  constexpr size_t kStep = 4096;
  for (size_t at = from; at < text.size(); at += kStep) {
    const std::string_view step = text.substr(at, kStep);
    const std::string_view line = step.substr(0, step.find('\n'));
    const size_t end = std::min(line.find('\r'), line.size());
    if (end < step.size()) return at + end;
  }
  return text.size();
}

bool IsUtf8(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](size_t i, unsigned least = 0x80, unsigned most = 0xBF) {
    return byte(i) >= least && byte(i) <= most;
  };
  for (size_t i = 0; i < text.size();) {
    const unsigned lead = byte(i);
    if (uint64_t eight = 0; lead < 0x80 && i + sizeof eight <= text.size()) {
      std::memcpy(&eight, text.data() + i, sizeof eight);
      i += (eight & kHighBits) == 0 ? sizeof eight : 1;
    } else if (lead < 0x80) {
      i += 1;
    } else if (lead >= 0xC2 && lead <= 0xDF && follows(i + 1)) {
      i += 2;
    } else if (lead >= 0xE0 && lead <= 0xEF && follows(i + 1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) &&
               follows(i + 2)) {
      i += 3;
    } else if (lead >= 0xF0 && lead <= 0xF4 && follows(i + 1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) &&
               follows(i + 2) && follows(i + 3)) {
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

bool Lines::Next(Line& line) {
  if (rest_.empty()) return false;
  const size_t end = LineEnd(rest_);
  line.text = rest_.substr(0, end);
  line.number = ++number_;
  const bool is_pair = rest_.substr(end, 2) == "\r\n";
  rest_.remove_prefix(std::min(end + (is_pair ? 2 : 1), rest_.size()));
  return true;
}

std::string_view Trimmed(std::string_view text) { return Trim(text, kSpace, kWideSpaces); }

}  // namespace ftl::batch_runner

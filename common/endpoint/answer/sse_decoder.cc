#include "common/endpoint/answer/sse_decoder.h"

#include <algorithm>
#include <iterator>

namespace ftl {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kEventLines = 4;
constexpr size_t kStrayBytes = 1024;

// Words, as opposed to a field that the grammar does not know, and to one that was cut. What stands further in belongs
// to the words before: a traceback ends with what went wrong.
bool AreWords(std::string_view line, size_t colon) {
  if (line.front() == ' ' || line.front() == '\t') return false;
  const std::string_view begin = line.substr(0, colon);
  if (colon == std::string_view::npos) {
    constexpr std::string_view kFields[] = {"data", "event", "id", "retry"};
    return std::none_of(std::begin(kFields), std::end(kFields),
                        [&](std::string_view field) { return field.substr(0, line.size()) == line; });
  }
  return begin.find(' ') != std::string_view::npos || begin.ends_with("Error") || begin.ends_with("Exception");
}

}  // namespace

bool SseDecoder::Decode(std::string_view bytes, OnEvent on_event) {
  if (is_broken_) return false;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    if (after_cr_) {
      after_cr_ = false;
      if (*at == '\n') {
        ++at;
        continue;
      }
    }
    const char* line_end = at;
    while (line_end != end && *line_end != '\n' && *line_end != '\r') ++line_end;
    const std::string_view piece(at, static_cast<size_t>(line_end - at));
    is_broken_ = line_.size() + piece.size() > line_bytes_ || data_.size() > kEventLines * line_bytes_;
    if (is_broken_) return false;
    if (line_end == end) {
      line_ += piece;
      return true;
    }
    after_cr_ = *line_end == '\r';
    at = line_end + 1;
    if (line_.empty()) {
      TakeLine(piece, on_event);
    } else {
      line_ += piece;
      TakeLine(line_, on_event);
      line_.clear();
    }
  }
  return true;
}

void SseDecoder::Finish(OnEvent on_event) {
  if (is_broken_) return;
  if (!line_.empty()) TakeLine(line_, on_event);
  line_.clear();
  Dispatch(on_event);
}

void SseDecoder::TakeLine(std::string_view line, OnEvent on_event) {
  if (at_start_ && line.substr(0, kByteOrderMark.size()) == kByteOrderMark) line.remove_prefix(kByteOrderMark.size());
  at_start_ = false;
  if (line.empty()) return Dispatch(on_event);
  const size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (field == "data" || field == "error") {
    if (field == "error") name_ = field;
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (field == "event") {
    name_ = value;
  } else if (line.front() == '{' || line.front() == '[') {
    // A line of JSON that lacks its `data:`.
    Dispatch(on_event);
    on_event({{}, line});
  } else if (AreWords(line, colon)) {
    stray_words_ = line.substr(0, kStrayBytes);
  }
}

void SseDecoder::Dispatch(OnEvent on_event) {
  if (has_data_) on_event({name_, data_});
  name_.clear();
  data_.clear();
  has_data_ = false;
}

}  // namespace ftl

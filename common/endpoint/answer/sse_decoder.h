#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <absl/functional/function_ref.h>

namespace ftl {

// One event of a stream. The views live as long as the call that hands them over.
struct SseEvent {
  std::string_view name;  // of its `event:` line; empty for none
  std::string_view data;  // its `data:` lines, joined with LF
};

// Bytes to events, as the WHATWG event-stream grammar has it: lines end at LF, CRLF or CR, mixed and split anywhere; a
// byte order mark, comments and unknown fields are left out. A line of JSON without `data:` is an event of its own. A
// field `error`, as older llama.cpp sends it, is the data of an event of that name. Pure, incremental; keeps at most
// one line and one event.
class SseDecoder {
 public:
  // `line_bytes` bounds a line, and 4 times as much the data of an event.
  explicit SseDecoder(size_t line_bytes) : line_bytes_(line_bytes) {}

  using OnEvent = absl::FunctionRef<void(const SseEvent&)>;
  // Hands over every event that `bytes` complete. False once a bound is broken; nothing is decoded from then on.
  bool Decode(std::string_view bytes, OnEvent on_event);
  // The stream has ended: hands over what an empty line would have, since servers forget it after the last event.
  void Finish(OnEvent on_event);
  // The last line that was no field but words, as a server's failure in plain text; empty for none.
  const std::string& stray_words() const { return stray_words_; }

 private:
  void TakeLine(std::string_view line, OnEvent on_event);
  void Dispatch(OnEvent on_event);

  size_t line_bytes_;
  std::string line_;  // the start of a line whose end has not come
  std::string name_;
  std::string data_;
  std::string stray_words_;
  bool has_data_ = false;
  bool at_start_ = true;  // where a byte order mark may stand
  bool after_cr_ = false;
  bool is_broken_ = false;
};

}  // namespace ftl

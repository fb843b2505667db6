#include "common/endpoint/format/event_parser.h"

#include "common/endpoint/answer/json_fields.h"

namespace ftl {

namespace json = boost::json;

namespace {

constexpr size_t kDeepestJson = 256;

}  // namespace

EventParser::EventParser()
    : parser_(json::storage_ptr(), json::parse_options{.max_depth = kDeepestJson, .allow_invalid_utf8 = true}) {}

const json::value* EventParser::Parse(std::string_view text) {
  if (!Write(text) && (text.find("\\u") == std::string_view::npos || !Write(WithLoneSurrogatesAsBytes(text)))) {
    return nullptr;
  }
  return &value_.emplace(parser_.release());
}

size_t EventParser::ObjectAtFront(std::string_view text) {
  if (text.substr(0, 1) != "{") return 0;
  Reset();
  boost::system::error_code error;
  const size_t bytes = parser_.write_some(text.data(), text.size(), error);
  return error ? 0 : bytes;
}

// The parser lets go of what it holds before the memory is used again. Each event has a resource of its own: one that
// is used again asks for twice as much at each event that the buffer cannot hold.
void EventParser::Reset() {
  value_.reset();
  parser_.reset();
  memory_.emplace(buffer_.data(), buffer_.size());
  parser_.reset(&*memory_);
}

bool EventParser::Write(std::string_view text) {
  Reset();
  boost::system::error_code error;
  parser_.write(text.data(), text.size(), error);
  return !error;
}

}  // namespace ftl

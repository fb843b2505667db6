#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/value.hpp>

namespace ftl {

// Parses the JSON of one event after the other, into one buffer that is used again.
class EventParser {
 public:
  EventParser();

  // What the whole text is, a half surrogate pair as the bytes that UTF-8 would have for it; null for what is no JSON.
  // The value lives until the next call.
  const boost::json::value* Parse(std::string_view text);
  // How many bytes the object at the front of the text has; 0 where there is none.
  size_t ObjectAtFront(std::string_view text);

 private:
  void Reset();
  bool Write(std::string_view text);

  std::array<unsigned char, 8192> buffer_;
  std::optional<boost::json::monotonic_resource> memory_;
  boost::json::parser parser_;
  std::optional<boost::json::value> value_;
};

}  // namespace ftl

#include "common/endpoint/answer/json_fields.h"

#include <charconv>

#include <absl/strings/numbers.h>
#include <boost/json/value.hpp>

#include "common/text/view.h"

namespace ftl {

namespace json = boost::json;

const json::value* Find(const json::object& object, std::string_view name) {
  return object.if_contains({name.data(), name.size()});
}

std::string_view TextIn(const json::object& object, std::string_view name) {
  const json::value* value = Find(object, name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

const json::object* ObjectIn(const json::object& object, std::string_view name) {
  const json::value* value = Find(object, name);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* ArrayIn(const json::object& object, std::string_view name) {
  const json::value* value = Find(object, name);
  return value == nullptr ? nullptr : value->if_array();
}

std::optional<int64_t> CountIn(const json::object* object, std::string_view name) {
  constexpr int64_t kMost = 1'000'000'000;
  const json::value* value = object == nullptr ? nullptr : Find(*object, name);
  if (value == nullptr) return std::nullopt;
  int64_t count = 0;
  if (const json::string* text = value->if_string()) {
    if (!absl::SimpleAtoi(absl::string_view(text->data(), text->size()), &count)) return std::nullopt;
  } else {
    if (!value->is_number()) return std::nullopt;
    boost::system::error_code error;
    count = value->to_number<int64_t>(error);
    if (error) return std::nullopt;
  }
  return count < 0 || count > kMost ? std::nullopt : std::optional(count);
}

namespace {

// Half a pair as the three bytes that UTF-8 would have for it.
void AppendHalf(std::string_view digits, std::string& out) {
  unsigned code = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  out += static_cast<char>(0xE0 | (code >> 12));
  out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
  out += static_cast<char>(0x80 | (code & 0x3F));
}

}  // namespace

std::string WithLoneSurrogatesAsBytes(std::string_view text) {
  const auto escape_at = [&](size_t at) {  // 1 for a leading half, 2 for a trailing one, else 0
    if (text.size() - at < 6 || text[at] != '\\' || text[at + 1] != 'u' || (text[at + 2] | 0x20) != 'd') return 0;
    const char digit = static_cast<char>(text[at + 3] | 0x20);
    if (digit == '8' || digit == '9' || digit == 'a' || digit == 'b') return 1;
    return digit >= 'c' && digit <= 'f' ? 2 : 0;
  };
  std::string fixed;
  for (size_t at = 0; at < text.size();) {
    const int half = escape_at(at);
    const bool is_pair = half == 1 && text.size() - at >= 12 && escape_at(at + 6) == 2;
    const bool is_escape = text[at] == '\\' && at + 1 < text.size();
    const size_t length = is_pair ? 12 : half != 0 ? 6 : is_escape ? 2 : 1;
    if (half != 0 && !is_pair) {
      AppendHalf(text.substr(at + 2, 4), fixed);
    } else {
      fixed += text.substr(at, length);
    }
    at += length;
  }
  return fixed;
}

}  // namespace ftl

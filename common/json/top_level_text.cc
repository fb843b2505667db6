#include "common/json/top_level_text.h"

namespace ftl {
namespace {

// The position of the quotation mark that ends a string; `at` is behind the one that begins it.
size_t EndOfString(std::string_view json, size_t at) {
  for (size_t quote = json.find('"', at); quote != std::string_view::npos; quote = json.find('"', quote + 1)) {
    size_t first = quote;
    while (first > at && json[first - 1] == '\\') --first;
    const bool is_escaped = (quote - first) % 2 == 1;
    if (!is_escaped) return quote;
  }
  return std::string_view::npos;
}

}  // namespace

std::string_view TopLevelText(std::string_view json, std::string_view name) {
  int depth = 0;
  bool is_value = false;  // behind the colon of the member looked for
  for (size_t at = 0; at < json.size(); ++at) {
    switch (json[at]) {
      case '{':
      case '[':
        ++depth;
        is_value = false;
        break;
      case '}':
      case ']':
        --depth;
        is_value = false;
        break;
      case ',':
        is_value = false;
        break;
      case '"': {
        const size_t end = EndOfString(json, at + 1);
        if (end == std::string_view::npos) return {};
        const std::string_view text = json.substr(at + 1, end - at - 1);
        if (depth == 1 && is_value) return text.find('\\') == std::string_view::npos ? text : std::string_view();
        at = end;
        if (depth != 1 || text != name) break;
        const size_t colon = json.find_first_not_of(" \t\r\n", end + 1);
        is_value = colon != std::string_view::npos && json[colon] == ':';
        break;
      }
      default:
        break;
    }
  }
  return {};
}

}  // namespace ftl

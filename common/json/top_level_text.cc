#include "common/json/top_level_text.h"

#include <algorithm>
#include <utility>

namespace ftl {
namespace {

constexpr size_t kKept = 257;

}  // namespace

void TopLevelText::Take(std::string_view json) {
  while (!json.empty() && found_.empty()) json.remove_prefix(is_within_text_ ? TakeText(json) : TakeStructure(json));
}

size_t TopLevelText::TakeText(std::string_view json) {
  size_t at = is_escaped_ ? 1 : 0;
  while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
  is_escaped_ = at > json.size();
  at = std::min(at, json.size());
  if (depth_ == 1) text_.append(json.substr(0, std::min(at, kKept - text_.size())));
  if (at == json.size()) return at;
  EndText();
  return at + 1;
}

size_t TopLevelText::TakeStructure(std::string_view json) {
  for (size_t at = 0; at < json.size(); ++at) {
    switch (json[at]) {
      case '"':
        is_within_text_ = true;
        return at + 1;
      case '{':
      case '[':
        ++depth_;
        place_ = Place::kElsewhere;
        break;
      case '}':
      case ']':
        --depth_;
        place_ = Place::kElsewhere;
        break;
      case ',':
        place_ = Place::kElsewhere;
        break;
      case ':':
        place_ = place_ == Place::kBehindName ? Place::kBeforeValue : Place::kElsewhere;
        break;
      default:
        break;
    }
  }
  return json.size();
}

void TopLevelText::EndText() {
  is_within_text_ = false;
  const std::string text = std::exchange(text_, {});
  if (depth_ != 1) return;
  if (place_ == Place::kBeforeValue && text.find('\\') == std::string::npos) found_ = text;
  place_ = text == name_ ? Place::kBehindName : Place::kElsewhere;
}

}  // namespace ftl

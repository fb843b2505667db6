#include "services/analytics/narrator/telling.h"

#include <utility>

#include <fmt/format.h>

namespace ftl::analytics {
namespace {

// Around a figure's link number, and behind its text. Quoted leaves no such character in foreign text.
constexpr char kBegin = '\x02';
constexpr char kText = '\x03';
constexpr char kEnd = '\x04';

// UTF-16 code units of the character that begins with `lead`; 0 within a character.
int32_t UnitsOf(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if ((byte & 0xC0) == 0x80) return 0;
  return byte >= 0xF0 ? 2 : 1;
}

}  // namespace

std::string Telling::Figure(Fact fact, std::string text, std::string link) {
  facts_.push_back(std::move(fact));
  if (link.empty()) return text;
  links_.push_back(std::move(link));
  return fmt::format("{}{}{}{}{}", kBegin, links_.size() - 1, kText, text, kEnd);
}

Prose Telling::Finish(std::string_view marked) const {
  Prose prose;
  prose.facts = facts_;
  int32_t at = 0;
  std::vector<FigurePlace> open;
  for (size_t i = 0; i < marked.size(); ++i) {
    if (marked[i] == kBegin) {
      size_t number = 0;
      for (++i; i < marked.size() && marked[i] != kText; ++i)
        number = number * 10 + static_cast<size_t>(marked[i] - '0');
      open.push_back({at, at, number < links_.size() ? links_[number] : ""});
    } else if (marked[i] == kEnd) {
      if (open.empty()) continue;
      open.back().to = at;
      // The outer one of two alone: a link within a link is none.
      if (open.size() == 1) prose.figures.push_back(open.back());
      open.pop_back();
    } else {
      at += UnitsOf(marked[i]);
      prose.text += marked[i];
    }
  }
  return prose;
}

std::string Quoted(std::string_view text, size_t most) {
  std::string quoted;
  size_t characters = 0;
  bool space = false;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continues && characters >= most) {
      while (quoted.ends_with(' ')) quoted.pop_back();
      return quoted + "…";
    }
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7F') {
      space = !quoted.empty();
      continue;
    }
    if (std::exchange(space, false)) {
      quoted += ' ';
      ++characters;
    }
    if (std::string_view("\\`*_{}[]<>#|~!").find(c) != std::string_view::npos) quoted += '\\';
    quoted += c;
    if (!continues) ++characters;
  }
  return quoted;
}

}  // namespace ftl::analytics

#include "common/endpoint/format/openai/token_allowance.h"

#include <algorithm>
#include <vector>

#include <absl/strings/ascii.h>

namespace ftl {
namespace {

constexpr int kFewestTokens = 16;
constexpr int64_t kLargest = 1'000'000'000;

struct Figure {
  int64_t value;
  size_t at;  // where it begins
};

bool IsPartOfName(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; }

bool Contains(std::string_view text, std::string_view phrase) { return text.find(phrase) != std::string_view::npos; }

// Whole numbers, `8,192` too; not those within names (`gpt-4-0613`).
std::vector<Figure> FiguresIn(std::string_view text) {
  std::vector<Figure> figures;
  for (size_t at = 0; at < text.size();) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    const size_t begin = at;
    int64_t value = 0;
    for (; at < text.size(); ++at) {
      const bool parts_thousands = text[at] == ',' && at + 3 < text.size() && absl::ascii_isdigit(text[at + 1]) &&
                                   absl::ascii_isdigit(text[at + 2]) && absl::ascii_isdigit(text[at + 3]);
      if (parts_thousands) continue;
      if (!absl::ascii_isdigit(static_cast<unsigned char>(text[at]))) break;
      value = std::min(kLargest, value * 10 + (text[at] - '0'));
    }
    const bool in_name =
        (begin > 0 && IsPartOfName(text[begin - 1])) || (at < text.size() && IsPartOfName(text[at]) && text[at] != '-');
    if (!in_name) figures.push_back({value, begin});
  }
  return figures;
}

// `less than 513`, `< 513`: the figure itself is too many.
bool IsExcluded(std::string_view text, size_t at) {
  std::string_view before = text.substr(0, at);
  while (!before.empty() && (before.back() == ' ' || before.back() == '`' || before.back() == '\'')) {
    before.remove_suffix(1);
  }
  return before.ends_with("less than") || before.ends_with("smaller than") || before.ends_with("<");
}

std::optional<int64_t> ContextIn(std::string_view message, const std::vector<Figure>& figures) {
  for (const std::string_view lead : {"context length", "context window", "context size", "must be <= "}) {
    const size_t at = message.find(lead);
    if (at == std::string_view::npos) continue;
    for (const Figure& figure : figures) {
      if (figure.at >= at + lead.size()) return figure.value;
    }
  }
  return std::nullopt;
}

// The prompt is the one figure that is within the context alone and beyond it with what was asked for.
std::optional<int64_t> LeftByContext(int64_t context, int64_t asked, const std::vector<Figure>& figures) {
  std::optional<int64_t> prompt;
  for (const Figure& figure : figures) {
    const bool fits = figure.value < context && figure.value + asked > context && figure.value != asked;
    if (fits) prompt = std::min(prompt.value_or(figure.value), figure.value);
  }
  return prompt ? std::optional(context - *prompt) : std::nullopt;
}

bool SpeaksOfPrompt(std::string_view message) {
  for (const std::string_view words : {"in the messages", "input tokens", "prompt contains", "prompt tokens",
                                       "`inputs`", "inputs tokens", "your request has", "prompt length"}) {
    if (Contains(message, words)) return true;
  }
  return false;
}

}  // namespace

std::optional<int> TokensAllowed(std::string_view message, int asked) {
  const std::vector<Figure> figures = FiguresIn(message);
  std::optional<int64_t> allowed;
  if (SpeaksOfPrompt(message)) {
    if (const auto context = ContextIn(message, figures)) allowed = LeftByContext(*context, asked, figures);
    if (allowed && *allowed < asked / 2) return std::nullopt;
  } else {
    for (const Figure& figure : figures) {
      const int64_t most = IsExcluded(message, figure.at) ? figure.value - 1 : figure.value;
      if (most < asked) allowed = std::max(allowed.value_or(most), most);
    }
  }
  if (!allowed || *allowed < kFewestTokens || *allowed >= asked) return std::nullopt;
  return static_cast<int>(*allowed);
}

}  // namespace ftl

#include "services/analytics/planner/grammar.h"

#include <utility>

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "services/analytics/lexicon/lexicon_data.h"
#include "services/analytics/planner/constituents.h"

namespace ftl::analytics {
namespace {

// Every way to leave out the parts that may be left out.
std::vector<std::vector<std::string>> Spelled(const std::vector<std::string>& parts) {
  std::vector<std::vector<std::string>> all = {{}};
  for (const std::string& part : parts) {
    const bool optional = part.ends_with('?');
    std::vector<std::vector<std::string>> next;
    for (const std::vector<std::string>& begun : all) {
      if (optional) next.push_back(begun);
      next.push_back(begun);
      next.back().push_back(optional ? part.substr(0, part.size() - 1) : part);
    }
    all = std::move(next);
  }
  return all;
}

}  // namespace

Grammar::Grammar(std::string_view text) {
  for (const absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    ReadLine({line.data(), line.size()});
  }
  for (const Rule& rule : rules_) {
    for (size_t at = 0; at < rule.parts.size(); ++at) uses_[rule.parts[at]].push_back({&rule, at});
  }
}

void Grammar::ReadLine(std::string_view line) {
  const std::vector<std::string> words =
      absl::StrSplit(absl::string_view(line.data(), line.size()), ' ', absl::SkipWhitespace());
  if (words.empty() || words[0].starts_with('#')) return;
  std::vector<std::string> parts;
  size_t at = 2;
  while (at < words.size() && words[at] != ":") parts.push_back(words[at++]);
  if (words.size() < 5 || (words[1] != "=" && words[1] != "==") || at + 1 >= words.size() || !IsAction(words[at + 1])) {
    faults_.push_back(absl::StrCat("no rule: ", absl::string_view(line.data(), line.size())));
    return;
  }
  double price = 0;
  if (at + 2 < words.size()) (void)absl::SimpleAtod(words[at + 2], &price);
  for (std::vector<std::string>& spelled : Spelled(parts)) {
    if (!spelled.empty()) rules_.push_back({words[0], std::move(spelled), words[at + 1], price, words[1] == "=="});
  }
}

const std::vector<Grammar::Use>& Grammar::UsesOf(const std::string& symbol) const {
  static const auto& none = *new std::vector<Use>;
  const auto found = uses_.find(symbol);
  return found == uses_.end() ? none : found->second;
}

const Grammar& TheGrammar() {
  static const auto& grammar = *new Grammar(LexiconText("", "grammar"));
  return grammar;
}

}  // namespace ftl::analytics

#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ftl::analytics {

// `symbol` may be made of what `parts` are, one after the other, words that say nothing between them: `action` says
// what it then stands for (constituents.h).
struct Rule {
  std::string symbol;
  std::vector<std::string> parts;
  std::string action;
  double price = 0;
  bool tight = false;  // nothing between its parts
};

// The rules of `lexicon/grammar.txt`: lines `Symbol = part part? part : action price`, `==` for tight ones. Immutable,
// any thread.
class Grammar {
 public:
  explicit Grammar(std::string_view text);

  // Rules that have the symbol among their parts, and where.
  struct Use {
    const Rule* rule;
    size_t at;
  };
  const std::vector<Use>& UsesOf(const std::string& symbol) const;
  const std::vector<std::string>& faults() const { return faults_; }
  const std::vector<Rule>& rules() const { return rules_; }

 private:
  void ReadLine(std::string_view line);

  std::vector<Rule> rules_;
  std::unordered_map<std::string, std::vector<Use>> uses_;
  std::vector<std::string> faults_;
};

// The grammar that was compiled into the program.
const Grammar& TheGrammar();

}  // namespace ftl::analytics

#include "services/analytics/planner/nearest.h"

#include <algorithm>
#include <set>

#include "services/analytics/planner/atoms.h"

namespace ftl::analytics {
namespace {

// The most useful first.
constexpr std::string_view kQuestions[] = {
    "What's my average latency?",
    "Which prompts were slowest?",
    "Any failed requests?",
    "What's my p95 latency?",
    "Give me a summary.",
    "Show me responses under 100 tokens.",
    "What is the success rate?",
    "What errors were there, by type?",
    "How many prompts took over 2 seconds?",
    "What's the average time to first token?",
    "Show me the latency distribution.",
    "How many tokens did it use in total?",
    "What's the average response length?",
    "Which was the longest response?",
    "Which responses were truncated?",
    "How many tokens per second does it generate?",
    "Which responses mention \"refund\"?",
    "Which responses ask a question back?",
    "Which responses are the same?",
    "Compare latency by category.",
    "Compare the first half with the second half.",
    "Which prompts failed their expected answer?",
    "Which requests timed out?",
    "Export the results as CSV.",
};

std::set<std::string> StemsOf(std::string_view text) {
  std::set<std::string> stems;
  for (const Atom& atom : CutAtoms(text, 100)) {
    if (atom.kind == Atom::Kind::kWord && atom.text.size() > 3) stems.insert(Stem(atom.text));
  }
  return stems;
}

}  // namespace

std::vector<std::string> NearestQuestions(std::string_view question) {
  const std::set<std::string> asked = StemsOf(question);
  std::vector<std::pair<int, std::string_view>> ranked;
  for (const std::string_view known : kQuestions) {
    int common = 0;
    for (const std::string& stem : StemsOf(known)) common += static_cast<int>(asked.count(stem));
    ranked.emplace_back(-common, known);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> nearest;
  for (size_t i = 0; i < 3; ++i) nearest.emplace_back(ranked[i].second);
  return nearest;
}

}  // namespace ftl::analytics

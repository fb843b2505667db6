#include "services/analytics/planner/nearest.h"

#include <algorithm>
#include <map>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "services/analytics/lexicon/lexicon_data.h"
#include "services/analytics/planner/lattice.h"

namespace ftl::analytics {
namespace {

constexpr size_t kMostAtoms = 90;
constexpr size_t kOffered = 3;

// What a question speaks of, each with its weight: what is measured, chosen or grouped by counts more than how.
using Subjects = std::map<std::string, int>;

int WeightOf(const std::string& symbol) {
  static constexpr std::string_view kWhat[] = {"measure", "flt", "group", "rank", "fact", "correlate", "mention"};
  static constexpr std::string_view kHow[] = {"stat",    "comparative", "count",   "share",  "cmp",
                                              "compare", "percentile",  "summary", "export", "runref",
                                              "run",     "why",         "trend"};
  if (std::find(std::begin(kWhat), std::end(kWhat), symbol) != std::end(kWhat)) return 2;
  return std::find(std::begin(kHow), std::end(kHow), symbol) != std::end(kHow) ? 1 : 0;
}

std::string SubjectOf(const Edge& edge) {
  const Sense& sense = edge.sense;
  std::string filter;
  if (!sense.filters.empty()) filter = absl::StrCat(sense.filters[0].field(), sense.filters[0].text());
  return absl::StrCat(edge.symbol, ":", sense.word, ":", sense.measure, ":", sense.statistic, ":", sense.grouping, ":",
                      sense.order, ":", filter);
}

Subjects SubjectsOf(std::string_view question, const std::string& language) {
  const Lattice lattice = BuildLattice(CutAtoms(question, kMostAtoms), {}, language, language);
  Subjects subjects;
  for (const Edge& edge : lattice.edges) {
    const int weight = WeightOf(edge.symbol);
    // A word within a longer phrase does not speak for itself.
    const bool within = std::any_of(lattice.edges.begin(), lattice.edges.end(), [&](const Edge& other) {
      return WeightOf(other.symbol) > 0 && other.from <= edge.from && other.to >= edge.to &&
             other.to - other.from > edge.to - edge.from;
    });
    if (weight > 0 && !within) subjects[SubjectOf(edge)] = weight;
  }
  return subjects;
}

struct Known {
  std::string question;
  Subjects subjects;
};

const std::vector<Known>& KnownIn(const std::string& language) {
  static const auto& all = *new std::map<std::string, std::vector<Known>>([] {
    std::map<std::string, std::vector<Known>> known;
    for (const std::string_view name : kLanguages) {
      const std::string in(name);
      const std::string_view text = LexiconText(name, "questions");
      for (const absl::string_view line :
           absl::StrSplit(absl::string_view(text.data(), text.size()), '\n', absl::SkipEmpty())) {
        if (line[0] != '#') known[in].push_back({std::string(line), SubjectsOf({line.data(), line.size()}, in)});
      }
    }
    return known;
  }());
  const auto found = all.find(language);
  return found == all.end() ? all.at("en") : found->second;
}

}  // namespace

std::vector<std::string> NearestQuestions(std::string_view question, const std::string& language) {
  const Subjects asked = SubjectsOf(question, language);
  std::vector<std::pair<int, const Known*>> ranked;
  for (const Known& known : KnownIn(language)) {
    int common = 0;
    for (const auto& [subject, weight] : known.subjects) common += asked.count(subject) > 0 ? weight : 0;
    ranked.emplace_back(-common, &known);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> nearest;
  for (size_t i = 0; i < kOffered && i < ranked.size(); ++i) nearest.push_back(ranked[i].second->question);
  return nearest;
}

}  // namespace ftl::analytics

#include "services/analytics/planner/chart.h"

#include <algorithm>
#include <utility>

#include "services/analytics/planner/constituents.h"

namespace ftl::analytics {
namespace {

constexpr size_t kMostEdges = 2500;
constexpr size_t kMostAtOnePlace = 48;  // readings of one stretch as one symbol
constexpr size_t kMostWork = 60'000;    // attempts to match a rule
constexpr int kMostSkipped = 4;         // atoms that say nothing, between two parts of a rule
constexpr double kFunctionWord = 0.02;
constexpr double kWordLeftOver = 10;
constexpr double kConstituent = 1;
// What no query is made of by itself: a unit, a number.
constexpr double kOrphan = 4;

bool SameFilters(const Sense& a, const Sense& b) {
  return std::equal(a.filters.begin(), a.filters.end(), b.filters.begin(), b.filters.end(),
                    [](const pb::Filter& one, const pb::Filter& other) {
                      return one.SerializeAsString() == other.SerializeAsString();
                    });
}

bool Same(const Sense& a, const Sense& b) {
  return a.word == b.word && a.measure == b.measure && a.against == b.against && a.statistic == b.statistic &&
         a.comparison == b.comparison && a.grouping == b.grouping && a.order == b.order && a.number == b.number &&
         a.number_to == b.number_to && a.unit == b.unit && a.share == b.share && a.count == b.count &&
         a.skip == b.skip && a.negated == b.negated && a.excludes == b.excludes && a.all == b.all && a.than == b.than &&
         a.took == b.took && a.texts == b.texts && a.numbers == b.numbers && SameFilters(a, b);
}

}  // namespace

Chart::Chart(const Grammar& grammar, const Lattice& lattice)
    : grammar_(grammar), lattice_(lattice), by_start_(lattice.atoms.size() + 1), by_end_(lattice.atoms.size() + 1) {
  const size_t size = lattice.atoms.size() + 1;
  after_.resize(size);
  before_.resize(size);
  for (size_t i = size; i-- > 0;) {
    after_[i].push_back(static_cast<int>(i));
    for (const Edge& edge : lattice.edges) {
      if (edge.symbol != "f" || edge.from != static_cast<int>(i)) continue;
      for (const int to : after_[static_cast<size_t>(edge.to)]) {
        if (to - static_cast<int>(i) <= kMostSkipped) after_[i].push_back(to);
      }
    }
    std::sort(after_[i].begin(), after_[i].end());
    after_[i].erase(std::unique(after_[i].begin(), after_[i].end()), after_[i].end());
    for (const int to : after_[i]) before_[static_cast<size_t>(to)].push_back(static_cast<int>(i));
  }
  for (const Edge& edge : lattice.edges) Add(edge);
  for (size_t i = 0; i < edges_.size(); ++i) Extend(*edges_[i]);
}

void Chart::Add(Edge edge) {
  if (edges_.size() >= kMostEdges) return;
  size_t there = 0;
  for (const Edge* other : by_start_[static_cast<size_t>(edge.from)]) {
    if (other->to != edge.to || other->symbol != edge.symbol) continue;
    if (other->price <= edge.price + 1e-9 && Same(other->sense, edge.sense)) return;
    if (++there >= kMostAtOnePlace) return;
  }
  edges_.push_back(std::make_unique<const Edge>(std::move(edge)));
  const Edge& added = *edges_.back();
  by_start_[static_cast<size_t>(added.from)].push_back(&added);
  by_end_[static_cast<size_t>(added.to)].push_back(&added);
}

void Chart::Extend(const Edge& edge) {
  for (const Grammar::Use& use : grammar_.UsesOf(edge.symbol)) {
    std::vector<const Edge*> parts(use.rule->parts.size(), nullptr);
    parts[use.at] = &edge;
    MatchLeft(*use.rule, use.at, parts);
  }
}

void Chart::MatchLeft(const Rule& rule, size_t at, std::vector<const Edge*>& parts) {
  if (++work_ > kMostWork) return;
  if (at == 0) return MatchRight(rule, parts);
  for (const int end : before_[static_cast<size_t>(parts[at]->from)]) {
    const auto& candidates = by_end_[static_cast<size_t>(end)];
    for (size_t i = 0; i < candidates.size(); ++i) {
      const Edge* candidate = candidates[i];
      if (candidate->symbol != rule.parts[at - 1]) continue;
      parts[at - 1] = candidate;
      MatchLeft(rule, at - 1, parts);
      parts[at - 1] = nullptr;
    }
  }
}

void Chart::MatchRight(const Rule& rule, std::vector<const Edge*>& parts) {
  if (++work_ > kMostWork) return;
  const auto open = std::find(parts.begin(), parts.end(), nullptr);
  if (open == parts.end()) return Finish(rule, parts);
  const auto at = static_cast<size_t>(open - parts.begin());
  for (const int start : after_[static_cast<size_t>(parts[at - 1]->to)]) {
    for (size_t i = 0; i < by_start_[static_cast<size_t>(start)].size(); ++i) {
      const Edge* candidate = by_start_[static_cast<size_t>(start)][i];
      if (candidate->symbol != rule.parts[at]) continue;
      parts[at] = candidate;
      MatchRight(rule, parts);
      parts[at] = nullptr;
    }
  }
}

void Chart::Finish(const Rule& rule, const std::vector<const Edge*>& parts) {
  Edge edge;
  edge.from = parts.front()->from;
  edge.to = parts.back()->to;
  edge.symbol = rule.symbol;
  edge.price = rule.price;
  std::vector<const Sense*> senses;
  for (size_t i = 0; i < parts.size(); ++i) {
    edge.price += parts[i]->price;
    if (i > 0 && rule.tight && parts[i]->from != parts[i - 1]->to) return;
    if (i > 0) edge.price += kFunctionWord * (parts[i]->from - parts[i - 1]->to);
    senses.push_back(&parts[i]->sense);
  }
  if (Act(rule.action, senses, edge.sense)) Add(std::move(edge));
}

std::vector<Path> Chart::BestPaths(size_t most) const {
  const size_t size = lattice_.atoms.size();
  std::vector<std::vector<Path>> best(size + 1);
  best[0].emplace_back();
  const auto offer = [&](size_t at, Path path) {
    std::vector<Path>& paths = best[at];
    const auto place = std::upper_bound(paths.begin(), paths.end(), path.price,
                                        [](double price, const Path& other) { return price < other.price; });
    paths.insert(place, std::move(path));
    if (paths.size() > most) paths.pop_back();
  };
  for (size_t at = 0; at < size; ++at) {
    for (const Path& path : best[at]) {
      Path skipped = path;
      skipped.left_over.push_back(static_cast<int>(at));
      skipped.price += kWordLeftOver;
      offer(at + 1, std::move(skipped));
      for (const Edge* edge : by_start_[at]) {
        Path next = path;
        next.edges.push_back(edge);
        const bool says_nothing = edge->symbol == "f" || edge->symbol == "stop";
        next.price += edge->price + (says_nothing                   ? kFunctionWord
                                     : IsQuestionPart(edge->symbol) ? kConstituent
                                                                    : kOrphan);
        offer(static_cast<size_t>(edge->to), std::move(next));
      }
    }
  }
  return best[size];
}

}  // namespace ftl::analytics

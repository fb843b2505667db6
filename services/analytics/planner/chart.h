#pragma once

#include <memory>
#include <vector>

#include "services/analytics/planner/grammar.h"
#include "services/analytics/planner/lattice.h"

namespace ftl::analytics {

// A way through the whole question: stretches that stand for something, in order, and what is left over.
struct Path {
  std::vector<const Edge*> edges;
  std::vector<int> left_over;  // atoms that nothing was made of
  double price = 0;
};

// All that the rules make of a lattice, bounded: a question that has more readings than that keeps those found first.
class Chart {
 public:
  Chart(const Grammar& grammar, const Lattice& lattice);
  Chart(const Chart&) = delete;
  Chart& operator=(const Chart&) = delete;

  // The best ways through the question, the cheapest first; at most `most`. Each word that is left over costs dearly.
  // They point into this chart.
  std::vector<Path> BestPaths(size_t most) const;

 private:
  void Add(Edge edge);
  void Extend(const Edge& edge);
  void MatchLeft(const Rule& rule, size_t at, std::vector<const Edge*>& parts);
  void MatchRight(const Rule& rule, std::vector<const Edge*>& parts);
  void Finish(const Rule& rule, const std::vector<const Edge*>& parts);

  const Grammar& grammar_;
  const Lattice& lattice_;
  std::vector<std::vector<const Edge*>> by_start_, by_end_;
  std::vector<std::vector<int>> after_, before_;  // positions that words which say nothing lead to
  std::vector<std::unique_ptr<const Edge>> edges_;
  size_t work_ = 0;
};

}  // namespace ftl::analytics

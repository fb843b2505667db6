#pragma once

#include <string>
#include <vector>

#include "services/analytics/planner/atoms.h"
#include "services/analytics/planner/lexicon.h"
#include "services/analytics/planner/planner.h"
#include "services/analytics/planner/sense.h"

namespace ftl::analytics {

// A stretch of the question, from atom `from` to before atom `to`, with what it may stand for and what it costs to take
// it so: 0 for a phrase as it stands, more for a misspelt one or a rarer reading.
struct Edge {
  int from = 0;
  int to = 0;
  std::string symbol;
  double price = 0;
  Sense sense;
};

// All that a question's stretches may stand for, word by word: all matches of all phrases of its language (and of
// English) at all positions, numbers, quoted texts, names of this session. Misspelt words are repaired at a price,
// words that exist never.
struct Lattice {
  std::vector<Atom> atoms;
  std::vector<Edge> edges;
  std::string language;
};

// `before` is the language of the talk so far, which a question that could be in any is taken to be in; it is read in
// `language` where one is given.
Lattice BuildLattice(std::vector<Atom> atoms, const Vocabulary& vocabulary, const std::string& before,
                     const std::string& language = "");

}  // namespace ftl::analytics

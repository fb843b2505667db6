#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "services/analytics/metrics/interval.h"

namespace ftl::analytics {

// One mark: the players of a comparison, and which of them, as a place in `players`, a person found better.
struct Mark {
  std::vector<size_t> players;   // numbers of players, none twice
  std::optional<size_t> better;  // nullopt: none is
};

// How a player stands.
struct Standing {
  int comparisons = 0;
  int wins = 0;  // of pairs, as the next two
  int losses = 0;
  int ties = 0;
  double strength = 1;
  std::optional<Interval> interval;  // 95 %; absent for fewer than kFewestMarks
};

inline constexpr size_t kFewestMarks = 6;

// The strengths of `players` players after Bradley and Terry (Biometrika 39, 1952): i wins against j with the chance
// s_i / (s_i + s_j). The better one of a mark wins against each other player in it; a tie is half a win for both. The
// maximum of the likelihood is found by Hunter's steps (Annals of Statistics 32, 2004). Each player is given one tie
// against one of strength 1 besides, without which who never lost would be infinitely strong (the penalty of Caron and
// Doucet, 2012). Their geometric mean is 1.
std::vector<double> BradleyTerryStrengths(size_t players, std::span<const Mark> marks);

// Counts, strengths and percentile bootstrap intervals over the marks (Efron, 1979): all resamples, each with its
// chance, for up to 8 marks, else 1,000 drawn from a fixed seed, so that they are the same each time.
std::vector<Standing> StandingsOf(size_t players, std::span<const Mark> marks);

}  // namespace ftl::analytics

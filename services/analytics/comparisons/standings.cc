#include "services/analytics/comparisons/standings.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <utility>

namespace ftl::analytics {
namespace {

constexpr size_t kMarksForAllResamples = 8;
constexpr int kResamples = 1000;
constexpr uint64_t kSeed = 1952;
constexpr int kMostSteps = 500;
constexpr double kCloseEnough = 1e-9;

// Wins of each over each other, ties as halves; row by row.
class Wins {
 public:
  explicit Wins(size_t players) : players_(players), wins_(players * players, 0) {}

  void Add(const Mark& mark, double times) {
    for (size_t a = 0; a < mark.players.size(); ++a) {
      for (size_t b = a + 1; b < mark.players.size(); ++b) {
        const double of_a = !mark.better ? 0.5 : *mark.better == a ? 1 : 0;
        const double of_b = !mark.better ? 0.5 : *mark.better == b ? 1 : 0;
        // Two that are both not the better one say nothing of each other.
        At(mark.players[a], mark.players[b]) += of_a * times;
        At(mark.players[b], mark.players[a]) += of_b * times;
      }
    }
  }
  double& At(size_t winner, size_t loser) { return wins_[winner * players_ + loser]; }
  double At(size_t winner, size_t loser) const { return wins_[winner * players_ + loser]; }
  size_t players() const { return players_; }

 private:
  size_t players_;
  std::vector<double> wins_;
};

std::vector<double> StrengthsOf(const Wins& wins) {
  const size_t players = wins.players();
  std::vector<double> strengths(players, 1);
  for (int step = 0; step < kMostSteps; ++step) {
    double furthest = 0;
    for (size_t i = 0; i < players; ++i) {
      double won = 0.5;
      double expected = 1 / (strengths[i] + 1);
      for (size_t j = 0; j < players; ++j) {
        const double played = wins.At(i, j) + wins.At(j, i);
        if (played == 0) continue;
        won += wins.At(i, j);
        expected += played / (strengths[i] + strengths[j]);
      }
      const double strength = won / expected;
      furthest = std::max(furthest, std::abs(std::log(strength / strengths[i])));
      strengths[i] = strength;
    }
    if (furthest < kCloseEnough) break;
  }
  double log_mean = 0;
  for (const double strength : strengths) log_mean += std::log(strength) / static_cast<double>(players);
  for (double& strength : strengths) strength /= std::exp(log_mean);
  return strengths;
}

// Resamples and their weights, which need not sum to 1.
template <typename Take>
void EachResample(size_t marks, std::vector<int>& times, size_t at, size_t left, double weight, const Take& take) {
  if (at + 1 == marks) {
    times[at] = static_cast<int>(left);
    take(times, weight / std::tgamma(static_cast<double>(left) + 1));
    return;
  }
  for (size_t n = 0; n <= left; ++n) {
    times[at] = static_cast<int>(n);
    EachResample(marks, times, at + 1, left - n, weight / std::tgamma(static_cast<double>(n) + 1), take);
  }
}

template <typename Take>
void DrawResamples(size_t marks, const Take& take) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kResamples; ++i) {
    std::vector<int> times(marks, 0);
    for (size_t n = 0; n < marks; ++n) ++times[random() % marks];
    take(times, 1.0);
  }
}

using Weighted = std::pair<double, double>;  // a value and its weight

double Quantile(const std::vector<Weighted>& sorted, double total, double share) {
  double passed = 0;
  for (const auto& [value, weight] : sorted) {
    passed += weight;
    if (passed >= share * total) return value;
  }
  return sorted.back().first;
}

}  // namespace

std::vector<double> BradleyTerryStrengths(size_t players, std::span<const Mark> marks) {
  Wins wins(players);
  for (const Mark& mark : marks) wins.Add(mark, 1);
  return StrengthsOf(wins);
}

std::vector<Standing> StandingsOf(size_t players, std::span<const Mark> marks) {
  std::vector<Standing> standings(players);
  const std::vector<double> strengths = BradleyTerryStrengths(players, marks);
  for (size_t i = 0; i < players; ++i) standings[i].strength = strengths[i];
  for (const Mark& mark : marks) {
    const int others = static_cast<int>(mark.players.size()) - 1;
    for (size_t place = 0; place < mark.players.size(); ++place) {
      Standing& standing = standings[mark.players[place]];
      ++standing.comparisons;
      if (!mark.better) {
        standing.ties += others;
      } else if (*mark.better == place) {
        standing.wins += others;
      } else {
        ++standing.losses;
      }
    }
  }
  if (marks.size() < kFewestMarks) return standings;

  std::vector<std::vector<Weighted>> drawn(players);
  double total = 0;
  const auto take = [&](const std::vector<int>& times, double weight) {
    Wins wins(players);
    for (size_t i = 0; i < marks.size(); ++i) {
      if (times[i] > 0) wins.Add(marks[i], times[i]);
    }
    const std::vector<double> resampled = StrengthsOf(wins);
    for (size_t i = 0; i < players; ++i) drawn[i].emplace_back(resampled[i], weight);
    total += weight;
  };
  if (marks.size() <= kMarksForAllResamples) {
    std::vector<int> times(marks.size(), 0);
    EachResample(marks.size(), times, 0, marks.size(), 1, take);
  } else {
    DrawResamples(marks.size(), take);
  }
  for (size_t i = 0; i < players; ++i) {
    std::sort(drawn[i].begin(), drawn[i].end());
    standings[i].interval = Interval{Quantile(drawn[i], total, 0.025), Quantile(drawn[i], total, 0.975)};
  }
  return standings;
}

}  // namespace ftl::analytics

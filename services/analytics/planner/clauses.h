#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/analytics/planner/chart.h"

namespace ftl::analytics {

// What one question of a talk says, slot by slot, before a query is made of it. Whoever makes use of a slot empties it,
// so that what is left at the end was not accounted for.
struct Slots {
  struct Named {  // a measure, a statistic, or a statistic of a measure
    Sense sense;
    int at = 0;
    bool joined = false;  // to the one before: latency and tokens
  };
  struct Placed {
    finetunelab::analytics::v1::Filter filter;
    int at = 0;
    bool compared = false;                       // a number whose field its neighbours must say
    bool length = false;                         // how long something is: its noun says what
    std::string after{};                         // the word before it
    finetunelab::analytics::v1::Measure hint{};  // what its comparison speaks of: slower
    bool among = false;                          // chooses the results that are counted among
    bool negated = false;                        // says that it is not so
  };

  std::vector<Named> figures;
  std::vector<Sense> ranks;
  int rank_at = 0;           // where the last of them stands
  std::vector<Sense> parts;  // by rank, of which all else is asked; left out where negated
  std::vector<Placed> filters;
  std::vector<Sense> comparatives;
  std::optional<Sense> having;  // a bound on the figure of each group
  std::vector<double> prompts, runs;
  std::string numbered;  // what the prompts are called: prompt, response
  std::vector<std::string> facts, topics;
  std::set<std::string> said;  // symbols that carry no sense: count, list, any, why, chart, …
  std::string share_of;        // of a rate that names what it counts
  std::optional<Sense> order, difference, direction;
  std::vector<Sense> goodness;  // best, worst: an order, where something is spoken of that has an end that is better
  std::optional<int> nth;
  int nth_at = -1;
  std::optional<double> number;
  std::optional<std::string> format;
  std::vector<std::string> more_formats;  // as CSV and as JSON
  finetunelab::analytics::v1::Grouping group{};
  bool by = false;
  std::vector<std::pair<std::string, int>> nouns;
  bool plural = false;    // of the noun
  bool joined = false;    // by `and` to the question before
  bool singular = false;  // which one
  bool sorted = false;    // rank, sort: the most first, where no end is named
  bool definite = false;  // the 12 failures
  bool unclear = false;   // can be meant in ways that the language does not tell apart: no other reading is better
  int asked_at = -1;      // where a count or share is asked for

  bool Says(const std::string& symbol) const { return said.count(symbol) > 0; }
  bool Take(const std::string& symbol) { return said.erase(symbol) > 0; }
  bool HasNoun(const std::string& noun) const;
  // Whether it asks for something, rather than saying of what.
  bool HasHead() const;
  bool IsEmpty() const;
};

// Parts a way through a question into what it asks, one after the other.
std::vector<Slots> ReadClauses(const Path& path, const Lattice& lattice);

}  // namespace ftl::analytics

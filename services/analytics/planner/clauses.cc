#include "services/analytics/planner/clauses.h"

#include <algorithm>
#include <utility>

#include "services/analytics/planner/constituents.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

bool IsHard(const Edge& edge) { return edge.symbol == "stop" && edge.sense.word != "," && edge.sense.word != ":"; }
bool IsSoft(const Edge& edge) {
  return edge.symbol == "and" || (edge.symbol == "stop" && (edge.sense.word == "," || edge.sense.word == ":"));
}

bool IsBound(const Edge& edge) {
  return edge.symbol == "Filter" && edge.sense.filters.size() == 1 && edge.sense.filters[0].has_number() &&
         MeasureOf(edge.sense.filters[0].field());
}

// Whether the bound is of what the figure is of.
bool IsOf(const Sense& figure, const Edge& bound) {
  const pb::FilterField field = FieldOf(figure);
  return !field || field == bound.sense.filters[0].field();
}

// Failed and truncated ones: those that are both, or those that are either?
bool BothOrEither(const Slots& slots, const Edge& edge) {
  if (slots.filters.empty() || edge.sense.filters.size() != 1) return false;
  const auto is_end = [](const pb::Filter& filter) {
    return filter.field() == pb::FILTER_FIELD_ERROR_TYPE || filter.field() == pb::FILTER_FIELD_FINISH_REASON ||
           filter.field() == pb::FILTER_FIELD_OUTCOME || filter.field() == pb::FILTER_FIELD_HTTP_STATUS;
  };
  const auto is_failure = [](const pb::Filter& filter) {
    return filter.field() == pb::FILTER_FIELD_SUCCESS && filter.text() == "false";
  };
  const pb::Filter& one = slots.filters.back().filter;
  const pb::Filter& other = edge.sense.filters[0];
  return (is_failure(one) || is_failure(other) || (is_end(one) && is_end(other))) && one.field() != other.field() &&
         (is_failure(one) || is_end(one)) && (is_failure(other) || is_end(other));
}

// On average, how long did it take?
bool IsUnfinished(const Slots& slots) {
  return slots.figures.size() == 1 && slots.said.empty() && slots.ranks.empty() && !slots.figures[0].sense.measure &&
         slots.figures[0].sense.word.empty();
}

// The slowest 10 %: average tokens. What stands before a colon says of which results what follows is asked; so does a
// share of them before a comma, which is no question by itself.
bool NamesPart(const Slots& slots, bool colon) {
  const bool alone = slots.ranks.size() == 1 && slots.figures.empty() && slots.said.empty() && slots.facts.empty();
  return alone && (colon || slots.ranks[0].share);
}

// When did the run start, and how long did it take? It is the run.
bool AsksHowLongTheRunTook(const Slots& slots, const Slots& before) {
  std::set<std::string> said = slots.said;
  said.erase("it");
  return !before.facts.empty() && slots.joined && said == std::set<std::string>{"howlong"} && slots.figures.empty() &&
         slots.ranks.empty() && slots.filters.empty() && slots.prompts.empty() && slots.nouns.empty() &&
         slots.facts.empty() && !slots.group;
}

// Whether a stretch opens a question of its own, after one that is whole.
bool Opens(const Edge& edge, const Slots& before) {
  static constexpr std::string_view kOpeners[] = {"count", "share", "list",    "any",    "howlong", "why",
                                                  "fact",  "whole", "summary", "export", "howfast", "topic"};
  if (std::find(std::begin(kOpeners), std::end(kOpeners), edge.symbol) != std::end(kOpeners)) return true;
  const bool figure = edge.symbol == "Figure" || edge.symbol == "stat" || edge.symbol == "measure";
  if (figure) return before.figures.empty() && !before.Says("correlate") && !before.Says("compare");
  const bool whole = !before.figures.empty() || (before.Says("count") && !before.filters.empty());
  return edge.symbol == "Rank" && before.ranks.empty() && whole;
}

// A bare number says how many are listed where what is listed follows it, or where it is all that is asked for; the
// number of an error says nothing of the kind.
bool CountsWhatFollows(const Path& path, size_t at, const Lattice& lattice) {
  const Edge& edge = *path.edges[at];
  if (edge.from > 0) {
    const std::string& before = lattice.atoms[static_cast<size_t>(edge.from) - 1].text;
    if (before == "a" || before == "an") return false;
  }
  const auto says = [](const Edge& other) { return other.symbol != "f"; };
  const auto next = std::find_if(path.edges.begin() + static_cast<std::ptrdiff_t>(at) + 1, path.edges.end(),
                                 [&](const Edge* other) { return says(*other); });
  if (next != path.edges.end()) {
    static constexpr std::string_view kCounted[] = {"noun", "Filter", "categorynoun", "group", "Rank", "more", "those"};
    if (std::find(std::begin(kCounted), std::end(kCounted), (*next)->symbol) != std::end(kCounted)) return true;
  }
  for (size_t i = at; i-- > 0;) {
    if (!says(*path.edges[i])) continue;
    static constexpr std::string_view kAsking[] = {"list", "only", "more", "follow", "any", "export"};
    const std::string& symbol = path.edges[i]->symbol;
    return std::find(std::begin(kAsking), std::end(kAsking), symbol) != std::end(kAsking);
  }
  return true;
}

// The median for billing, the p95 for code: each figure has its own results.
bool HasResultsOfItsOwn(const Path& path, size_t at, const Slots& before) {
  const std::string& symbol = path.edges[at]->symbol;
  if (symbol != "Figure" && symbol != "stat") return false;
  if (before.figures.empty() || before.filters.empty() || before.filters.back().at < before.figures.back().at) {
    return false;
  }
  for (++at; at < path.edges.size() && !IsHard(*path.edges[at]) && !IsSoft(*path.edges[at]); ++at) {
    const Edge& edge = *path.edges[at];
    if (edge.symbol == "Filter" && edge.sense.filters.size() == 1 &&
        edge.sense.filters[0].field() == before.filters.back().filter.field()) {
      return true;
    }
  }
  return false;
}

// Whether something is asked from there to the next mark: what failed, which?
bool AsksBefore(const Path& path, size_t at) {
  static constexpr std::string_view kAsking[] = {"count", "share", "list", "any", "howlong", "why"};
  for (; at < path.edges.size() && path.edges[at]->symbol != "stop" && path.edges[at]->symbol != "and"; ++at) {
    if (std::find(std::begin(kAsking), std::end(kAsking), path.edges[at]->symbol) != std::end(kAsking)) return true;
  }
  return false;
}

// Whether nothing but a form of "to be" stands between two words.
bool IsSaidOf(const Lattice& lattice, int from, int to) {
  if (to != from + 1) return false;
  return std::any_of(lattice.edges.begin(), lattice.edges.end(), [&](const Edge& edge) {
    return edge.symbol == "be" && edge.from == from && edge.to == to && edge.price < 0.01;
  });
}

// And for, and why: a phrase of several words that begins with an `and`.
bool GoesOnAsking(const Edge& edge, const Lattice& lattice) {
  if ((edge.symbol != "follow" && edge.symbol != "why") || edge.to < edge.from + 2) return false;
  return std::any_of(lattice.edges.begin(), lattice.edges.end(), [&](const Edge& other) {
    return other.symbol == "and" && other.from == edge.from && other.to == edge.from + 1 && other.price < 0.01;
  });
}

// The word before a stretch, or the one before the preposition that stands there: are in billing.
std::string WordBefore(const Lattice& lattice, int from) {
  static constexpr std::string_view kPrepositions[] = {"in", "en", "em", "dans"};
  const auto word = [&](int at) { return at >= 0 ? lattice.atoms[static_cast<size_t>(at)].text : ""; };
  const std::string before = word(from - 1);
  const bool skips = std::find(std::begin(kPrepositions), std::end(kPrepositions), before) != std::end(kPrepositions);
  return skips && from > 1 ? word(from - 2) : before;
}

void Fill(const Edge& edge, const std::string& after, Slots& slots) {
  const Sense& sense = edge.sense;
  const std::string& symbol = edge.symbol;
  if (symbol == "Figure" || symbol == "stat" || symbol == "measure") {
    slots.figures.push_back({sense, edge.from});
  } else if (symbol == "Threshold") {
    slots.figures.push_back({sense, edge.from});
  } else if (symbol == "Rank") {
    slots.ranks.push_back(sense);
    slots.rank_at = edge.from;
    for (size_t i = 1; i < sense.numbers.size(); ++i) {
      slots.ranks.push_back(sense);
      slots.ranks.back().skip = static_cast<int>(sense.numbers[i]) - 1;
    }
  } else if (symbol == "Ratio") {
    for (const pb::Measure measure : {sense.measure, sense.against}) {
      slots.figures.push_back({Sense{.measure = measure, .statistic = sense.statistic}, edge.from, true});
    }
    slots.said.insert("ratio");
  } else if (symbol == "Having") {
    if (slots.having) slots.said.insert("twice");  // there is one bound
    slots.having = sense;
  } else if (symbol == "Fate") {
    for (const pb::Filter& filter : sense.filters) slots.filters.push_back({filter, edge.from});
    if (sense.all) slots.said.insert("mixedfate");
  } else if (symbol == "Exclude" || symbol == "Part") {
    slots.parts.push_back(sense);
    for (const pb::Filter& filter : sense.filters) slots.filters.push_back({filter, edge.from});
    if (symbol == "Part" && !sense.word.empty()) slots.nouns.emplace_back(sense.word, edge.to - 1);
  } else if (symbol == "Filter" || symbol == "Among") {
    for (const pb::Filter& filter : sense.filters) {
      const bool unsaid = filter.field() == pb::FILTER_FIELD_UNSPECIFIED && filter.any_of().empty() &&
                          filter.text().empty() && filter.texts().empty();
      slots.filters.push_back(
          {filter, edge.from, unsaid, sense.all, after, sense.measure, symbol == "Among", sense.negated});
    }
    if (!sense.word.empty()) {
      slots.nouns.emplace_back(sense.word, edge.to - 1);
      slots.plural = slots.plural || sense.plural;
    }
  } else if (symbol == "comparative") {
    slots.comparatives.push_back(sense);
    if (sense.all) slots.said.insert("ratio");
  } else if (symbol == "Prompts") {
    slots.prompts.insert(slots.prompts.end(), sense.numbers.begin(), sense.numbers.end());
    slots.numbered = sense.word;
  } else if (symbol == "Run") {
    slots.runs.insert(slots.runs.end(), sense.numbers.begin(), sense.numbers.end());
  } else if (symbol == "Diff") {
    slots.difference = sense;
    if (sense.number) slots.runs.push_back(*sense.number);
  } else if (symbol == "Order") {
    // By latency, longest first.
    const bool directs = slots.order && sense.word == "length";
    if (slots.order && !directs) slots.unclear = true;
    if (!directs) slots.order = sense;
    if (directs) slots.order->order = sense.order;
  } else if (symbol == "dir" || symbol == "way") {
    if (slots.direction && slots.direction->order != sense.order) slots.unclear = true;
    slots.direction = sense;
  } else if (symbol == "Nth") {
    slots.nth = static_cast<int>(sense.number.value_or(0));
    slots.nth_at = edge.from;
    if (!sense.word.empty()) slots.nouns.emplace_back(sense.word, edge.from);
  } else if (symbol == "quality") {
    slots.goodness.push_back(sense);
    slots.rank_at = edge.from;
  } else if (symbol == "Number" || symbol == "Limit") {
    slots.number = sense.number;
  } else if (symbol == "fact" || symbol == "RunFact") {
    slots.facts.push_back(sense.word);
    slots.runs.insert(slots.runs.end(), sense.numbers.begin(), sense.numbers.end());
  } else if (symbol == "topic") {
    slots.topics.push_back(sense.word);
  } else if (symbol == "format") {
    if (slots.format && slots.format != sense.word) slots.more_formats.push_back(sense.word);
    if (!slots.format) slots.format = sense.word;
  } else if (symbol == "By" || symbol == "group") {
    if (slots.group && slots.group != sense.grouping) slots.said.insert("twice");  // there is one grouping
    slots.group = sense.grouping;
    slots.by = slots.by || symbol == "By";
    slots.plural = slots.plural || sense.plural;
  } else if (symbol == "noun" || symbol == "categorynoun") {
    slots.nouns.emplace_back(sense.word.empty() ? "category" : sense.word, edge.from);
    slots.plural = slots.plural || sense.plural;
  } else {
    if (symbol == "list" && sense.word == "one") slots.singular = true;
    if (symbol == "list" && sense.word == "sorted") slots.sorted = true;
    if (symbol == "share" && !sense.word.empty()) slots.share_of = sense.word;
    if (symbol == "each" && !sense.word.empty()) slots.said.insert(sense.word);  // per
    if (symbol == "count" || symbol == "share") slots.asked_at = edge.from;
    // Two counts in one are none.
    if ((symbol == "count" || symbol == "share") && slots.Says(symbol)) slots.said.insert("twice");
    if ((symbol == "why" || symbol == "whole") && !sense.word.empty()) slots.said.insert(sense.word);
    slots.said.insert(symbol);
  }
}

// Excluding the slowest and the timeouts: they are left out as well.
bool NegateLast(Slots& slots, size_t filters) {
  if (filters != 1) return false;
  const std::optional<pb::Filter> negated = Negated(slots.filters.back().filter);
  if (!negated) return false;
  slots.filters.back().filter = *negated;
  slots.filters.back().negated = true;
  return true;
}

}  // namespace

bool Slots::HasNoun(const std::string& noun) const {
  return std::any_of(nouns.begin(), nouns.end(), [&](const auto& said_noun) { return said_noun.first == noun; });
}

bool Slots::HasHead() const {
  for (const char* symbol : {"count", "share", "list", "any", "howlong", "howfast", "why", "whole", "summary", "help",
                             "export", "compare", "correlate", "trend", "each", "all"}) {
    if (Says(symbol)) return true;
  }
  return !figures.empty() || !ranks.empty() || !facts.empty() || !topics.empty() || format || difference;
}

bool Slots::IsEmpty() const {
  return figures.empty() && ranks.empty() && parts.empty() && !having && filters.empty() && comparatives.empty() &&
         prompts.empty() && runs.empty() && facts.empty() && topics.empty() && said.empty() && !order && !difference &&
         !direction && goodness.empty() && !nth && !number && !format && !group && nouns.empty();
}

std::vector<Slots> ReadClauses(const Path& path, const Lattice& lattice) {
  std::vector<Slots> clauses(1);
  bool soft = false;
  bool comma = false;
  bool colon = false;
  bool was_left_out = false;
  bool leaves_out = false;  // billing, and what is named with it
  bool after_figure = false;
  bool parted = false;  // from the stretch before, by a mark or an `and`
  for (size_t at = 0; at < path.edges.size(); ++at) {
    const Edge* edge = path.edges[at];
    if (edge->symbol == "f") continue;
    if (IsHard(*edge)) {
      if (!clauses.back().IsEmpty()) clauses.emplace_back();
      soft = was_left_out = leaves_out = after_figure = parted = false;
      continue;
    }
    if (IsSoft(*edge)) {
      // "And the p99?" leans on what was before.
      if (clauses.back().IsEmpty() && edge->symbol == "and") clauses.back().said.insert("follow");
      soft = true;
      comma = edge->symbol == "stop";
      colon = comma && edge->sense.word == ":";
      continue;
    }
    // How many failed, and for which prompts, and why: it goes on from what was just asked.
    if (GoesOnAsking(*edge, lattice) && clauses.back().HasHead()) {
      clauses.emplace_back();
      clauses.back().joined = true;
      soft = was_left_out = leaves_out = after_figure = parted = false;
      if (edge->symbol == "follow") {
        clauses.back().said.insert("follow");
        continue;
      }
    }
    Slots& last = clauses.back();
    // The most tokens in each category, top 2: how many of them.
    const bool says_how_many = edge->symbol == "Rank" && !edge->sense.measure && edge->sense.word.empty() &&
                               edge->sense.count && !edge->sense.share && !edge->sense.negated;
    if (soft && comma && says_how_many && last.ranks.size() == 1 && !last.ranks[0].count && !last.ranks[0].share) {
      last.ranks[0].count = edge->sense.count;
      last.ranks[0].plural = true;
      soft = false;
      continue;
    }
    const bool asks_later = soft && comma && AsksBefore(path, at);
    const bool follows = last.said.size() == 1 && last.Says("follow");
    if (soft && last.HasHead() && !follows && !IsUnfinished(last) && !(comma && NamesPart(last, colon)) &&
        !(was_left_out && edge->symbol == "Rank") &&
        (asks_later || Opens(*edge, last) || HasResultsOfItsOwn(path, at, last))) {
      clauses.emplace_back();
      clauses.back().joined = true;
      was_left_out = leaves_out = after_figure = false;
    }
    const bool joined = soft && !comma;
    parted = parted || soft;
    soft = false;
    Slots& slots = clauses.back();
    if (edge->symbol == "Number" && !CountsWhatFollows(path, at, lattice)) slots.said.insert("twice");
    if (edge->symbol == "Number" && edge->from > 0) {
      const std::string& word = lattice.atoms[static_cast<size_t>(edge->from) - 1].text;
      // Which of the 60 prompts failed: that there are 60 prompts is taken for granted, not that 60 failed.
      if (word == "the" && edge->from > 1 && lattice.atoms[static_cast<size_t>(edge->from) - 2].text == "of") {
        slots.unclear = true;
      }
      slots.definite = word == "the" || word == "those" || word == "these" || word == "all" || word == "die" ||
                       word == "los" || word == "las" || word == "les" || word == "os" || word == "as";
    }
    // Without the 5 slowest and the 5 fastest.
    if (was_left_out && edge->symbol == "Rank") {
      // Without the fastest and slowest 5 %: one of the fastest, or as many?
      const bool as_many = slots.parts.back().count == 1 && (edge->sense.share || edge->sense.count.value_or(1) > 1);
      // Without the slowest and the outliers: how many of them?
      const bool many = edge->sense.plural && !edge->sense.share && !edge->sense.count;
      if (as_many || many) slots.unclear = true;
      slots.parts.push_back(edge->sense);
      slots.parts.back().negated = true;
      continue;
    }
    // The slowest of the fastest five: one of a part, where nothing parts the two.
    if (edge->symbol == "Rank" && slots.ranks.size() == 1 && !parted) {
      if (!edge->sense.count && !edge->sense.share) slots.unclear = true;
      slots.singular = !slots.ranks[0].count && !slots.ranks[0].plural;
      slots.parts.push_back(edge->sense);
      continue;
    }
    const bool goes_on = parted && (was_left_out || leaves_out) && edge->symbol == "Filter" && !edge->sense.negated;
    // Without the slowest prompts: how many?
    const bool left_out_many = was_left_out && edge->symbol == "noun" && edge->sense.plural;
    if (left_out_many && slots.parts.back().count == 1) slots.unclear = true;
    // How many prompts are questions: what one is, the other may not be.
    const bool is_noun = edge->symbol == "noun" && !slots.nouns.empty();
    if (is_noun && IsSaidOf(lattice, slots.nouns.back().second + 1, edge->from)) slots.unclear = true;
    // Is 26 slow: 26 of them, or the 26th?
    const bool asks_whether = edge->symbol == "Rank" && edge->sense.count && edge->from == 1;
    if (asks_whether && IsSaidOf(lattice, 0, 1)) slots.unclear = true;
    was_left_out = edge->symbol == "Exclude";
    leaves_out = (edge->symbol == "Filter" && edge->sense.excludes) || goes_on;
    const bool is_figure = edge->symbol == "Figure" || edge->symbol == "stat" || edge->symbol == "measure";
    // Categories with an average above 1 s: the bound is of the figure, not of the results.
    const bool bounds_figure = after_figure && !parted && IsBound(*edge) && IsOf(slots.figures.back().sense, *edge);
    if (bounds_figure || (edge->symbol == "Filter" && joined && BothOrEither(slots, *edge))) slots.unclear = true;
    Fill(*edge, WordBefore(lattice, edge->from), slots);
    if (is_figure) slots.figures.back().joined = parted;
    if (goes_on && !NegateLast(slots, edge->sense.filters.size())) slots.said.insert("twice");
    after_figure = is_figure;
    parted = edge->symbol == "compare" || edge->symbol == "or";
  }
  if (clauses.size() > 1 && clauses.back().IsEmpty()) clauses.pop_back();
  for (size_t i = 1; i < clauses.size(); ++i) {
    if (!AsksHowLongTheRunTook(clauses[i], clauses[i - 1])) continue;
    clauses[i].said.clear();
    clauses[i].facts = {"duration"};
  }
  return clauses;
}

}  // namespace ftl::analytics

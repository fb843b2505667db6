#include "services/analytics/planner/builtin_planner.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "services/analytics/planner/atoms.h"
#include "services/analytics/planner/chart.h"
#include "services/analytics/planner/clauses.h"
#include "services/analytics/planner/composer.h"
#include "services/analytics/planner/constituents.h"
#include "services/analytics/planner/lattice.h"
#include "services/analytics/planner/nearest.h"
#include "services/analytics/query/query_rules.h"

namespace ftl::analytics {
namespace {

constexpr size_t kMostAtoms = 90;  // of a question that is read; a longer one is declined
constexpr size_t kMostPaths = 12;
constexpr size_t kMostQueries = 5;       // in one question
constexpr size_t kMostQuestions = 12;    // of the talk that are read: what leans further back is not understood
constexpr double kCloseReadings = 0.05;  // two ways that cost the same stand for two meanings
constexpr double kTooDear = 9;           // what costs more than its best way by that is no reading of the question

// What one way through the question comes to.
struct Reading {
  std::vector<pb::Query> queries;
  std::optional<Topic> refusal;
  std::vector<Choice> choices;
  bool wants_help = false;
  bool unclear = false;  // so that no other way is to be tried
};

// How many billing prompts and how many returns prompts failed: what is said at the end is said of both, so that
// neither can be counted by itself.
bool SharesPredicate(const Slots& first, const Slots& second) {
  const auto has_predicate = [](const Slots& slots) {
    return std::any_of(slots.filters.begin(), slots.filters.end(), [](const Slots::Placed& placed) {
      return placed.filter.field() != pb::FILTER_FIELD_CATEGORY && placed.filter.field() != pb::FILTER_FIELD_DIFFICULTY;
    });
  };
  return second.joined && first.Says("count") && second.Says("count") && !first.filters.empty() &&
         !has_predicate(first) && has_predicate(second);
}

// Whether the query means all that it says: whoever reads it passes nothing over.
bool IsSound(pb::Query query) {
  query.clear_presentation();
  query.clear_export_format();
  if (query.measure() == pb::MEASURE_RUN) query.clear_statistic();
  FieldFaults faults;
  JudgeQuery(query, faults);
  return faults.empty();
}

bool IsPlace(const Slots::Placed& placed) {
  const pb::FilterField field = placed.filter.field();
  return field == pb::FILTER_FIELD_CATEGORY || field == pb::FILTER_FIELD_DIFFICULTY || field == pb::FILTER_FIELD_HALF;
}

// Whether it names figures alone, each as a noun: mean latency, failure rate.
bool NamesFigures(const Slots& slots) {
  const bool rate = slots.Says("share") && !slots.share_of.empty();
  const size_t words = slots.said.size() - (slots.Says("share") ? 1 : 0) - (slots.Says("follow") ? 1 : 0);
  return (!slots.figures.empty() || rate) && words == 0 && slots.ranks.empty() && slots.facts.empty() &&
         slots.comparatives.empty() && !slots.order && !slots.difference && slots.topics.empty();
}

bool ChoosesResults(const Slots& slots) {
  return slots.group || !slots.filters.empty() || !slots.runs.empty() || !slots.prompts.empty() || !slots.parts.empty();
}

// Mean latency and failure rate for each difficulty: both of them. What chooses results and stands at the end is said
// of all figures that are named before it. False where it may be said of one alone.
bool ShareWhatChooses(std::vector<Slots>& clauses) {
  for (size_t i = clauses.size(); i-- > 1;) {
    Slots& first = clauses[i - 1];
    const Slots& second = clauses[i];
    // For every category the number of failures, and mean latency: by category, or over all?
    if (second.joined && first.group && NamesFigures(second) && !ChoosesResults(second)) return false;
    if (!second.joined || !NamesFigures(first)) continue;
    if (!NamesFigures(second)) {
      const bool counts = second.Says("count") && second.said.size() == 1;
      const bool placed = second.group || std::any_of(second.filters.begin(), second.filters.end(), IsPlace);
      if (counts && placed && !ChoosesResults(first)) return false;
      // Mean latency, and the slowest prompt for billing.
      const bool rank_placed = second.ranks.size() == 1 && second.said.empty() &&
                               std::any_of(second.filters.begin(), second.filters.end(), [&](const auto& filter) {
                                 return IsPlace(filter) && filter.at > second.rank_at;
                               });
      if (rank_placed && !ChoosesResults(first)) return false;
      continue;
    }
    if (ChoosesResults(first) != ChoosesResults(second)) {
      if (ChoosesResults(first)) return false;
      if (!second.parts.empty() || !std::all_of(second.filters.begin(), second.filters.end(), IsPlace)) return false;
      first.group = second.group;
      first.by = second.by;
      first.filters = second.filters;
      first.runs = second.runs;
      first.prompts = second.prompts;
      first.numbered = second.numbered;
    }
  }
  return true;
}

// nullopt where the way makes no sense, or leaves something unsaid.
std::optional<Reading> Read(const Path& path, const Lattice& lattice, std::optional<pb::Query> before) {
  if (!path.left_over.empty()) return std::nullopt;
  for (const Edge* edge : path.edges) {
    if (!IsQuestionPart(edge->symbol)) return std::nullopt;
  }
  Reading reading;
  std::vector<Slots> clauses = ReadClauses(path, lattice);
  reading.unclear = std::any_of(clauses.begin(), clauses.end(), [](const Slots& slots) { return slots.unclear; });
  reading.unclear = reading.unclear || !ShareWhatChooses(clauses);
  if (reading.unclear) return reading;
  for (size_t i = 1; i < clauses.size(); ++i) {
    if (SharesPredicate(clauses[i - 1], clauses[i])) return std::nullopt;
  }
  for (Slots& slots : clauses) {
    // A greeting before the question.
    const bool greets = slots.said == std::set<std::string>{"help"} && slots.figures.empty() && slots.filters.empty();
    Composed composed = Compose(std::move(slots), before);
    if (composed.IsNothing()) return std::nullopt;
    if (composed.wants_help && greets) reading.wants_help = true;
    if (composed.refusal) reading.refusal = composed.refusal;
    if (!composed.choices.empty()) reading.choices = composed.choices;
    for (pb::Query& query : composed.queries) {
      if (!IsSound(query)) return std::nullopt;
      before = query;
      const bool again =
          !reading.queries.empty() && reading.queries.back().SerializeAsString() == query.SerializeAsString();
      if (!again) reading.queries.push_back(std::move(query));
    }
  }
  if (reading.queries.size() > kMostQueries) return std::nullopt;
  if (!reading.queries.empty()) reading.wants_help = false;
  if (!reading.choices.empty() && !reading.queries.empty()) return std::nullopt;
  return reading;
}

bool SameQueries(const Reading& a, const Reading& b) {
  return a.refusal == b.refusal && a.choices.size() == b.choices.size() && a.queries.size() == b.queries.size() &&
         std::equal(a.queries.begin(), a.queries.end(), b.queries.begin(),
                    [](const pb::Query& one, const pb::Query& other) {
                      return one.SerializeAsString() == other.SerializeAsString();
                    });
}

// The 50th percentile is the median.
template <typename Asked>
void NameMedian(Asked& asked) {
  if (asked.statistic() != pb::STATISTIC_PERCENTILE || asked.percentile() != 50) return;
  asked.set_statistic(pb::STATISTIC_MEDIAN);
  asked.clear_percentile();
}

// Whether `more` says all that `less` does.
bool SaysAllOf(const pb::Query& more, const pb::Query& less) {
  const auto words = [](const pb::Query& query) {
    std::multiset<std::string> said;
    for (const auto* filters : {&query.among(), &query.filters()}) {
      for (const pb::Filter& filter : *filters) said.insert(filter.SerializeAsString());
    }
    for (const pb::Slice& slice : query.slices()) said.insert("slice " + slice.SerializeAsString());
    return said;
  };
  const std::multiset<std::string> all = words(more);
  const std::multiset<std::string> some = words(less);
  pb::Query one = more;
  pb::Query other = less;
  for (pb::Query* query : {&one, &other}) {
    query->clear_among();
    query->clear_filters();
    query->clear_slices();
    NameMedian(*query);
    for (pb::Figure& figure : *query->mutable_also()) NameMedian(figure);
  }
  if (!less.order()) one.clear_order();
  if (!less.has_limit()) one.clear_limit();
  return std::includes(all.begin(), all.end(), some.begin(), some.end()) &&
         one.SerializeAsString() == other.SerializeAsString();
}

// Whether one lists what the other is the extreme of: the maximum, the largest first.
bool IsExtremeOf(const pb::Query& figure, const pb::Query& list) {
  const bool extreme = figure.statistic() == pb::STATISTIC_MAX || figure.statistic() == pb::STATISTIC_MIN;
  return extreme && list.statistic() == pb::STATISTIC_LIST && figure.measure() == list.measure();
}

// What a query leaves out, and how much of what it speaks of that is.
struct LeftOut {
  std::multiset<std::string> spoken_of;  // as if all of it were left out
  int count = 0;
};

LeftOut LeftOutBy(const pb::Query& query) {
  LeftOut left_out;
  for (const auto* filters : {&query.among(), &query.filters()}) {
    for (pb::Filter filter : *filters) {
      left_out.count += filter.comparison() == pb::COMPARISON_NOT_EQUAL ? 1 : 0;
      if (filter.comparison() == pb::COMPARISON_EQUAL) filter.set_comparison(pb::COMPARISON_NOT_EQUAL);
      left_out.spoken_of.insert(filter.SerializeAsString());
    }
  }
  for (pb::Slice slice : query.slices()) {
    left_out.count += slice.exclude() ? 1 : 0;
    slice.set_exclude(true);
    left_out.spoken_of.insert("slice " + slice.SerializeAsString());
  }
  return left_out;
}

// Without these and those: what stands behind the `and` is left out too, not asked for.
bool LeavesOutMore(const pb::Query& one, const pb::Query& other) {
  const LeftOut more = LeftOutBy(one);
  const LeftOut less = LeftOutBy(other);
  return less.count > 0 && more.count > less.count && more.spoken_of == less.spoken_of;
}

// One reading of two that are as near: the one that says all of the other, or one that asks which is meant. The first
// where either says more than one query.
Reading ChoiceOf(const Reading& one, const Reading& other) {
  if (one.queries.size() != 1 || other.queries.size() != 1 || one.refusal || one.wants_help) return one;
  const pb::Query& first = one.queries[0];
  const pb::Query& second = other.queries[0];
  const auto goes_before = [](const pb::Query& a, const pb::Query& b) {
    return SaysAllOf(a, b) || IsExtremeOf(a, b) || LeavesOutMore(a, b);
  };
  if (goes_before(first, second)) return one;
  if (goes_before(second, first)) return other;
  Reading asks_back;
  asks_back.choices = {{one.queries[0], ""}, {other.queries[0], ""}};
  return asks_back;
}

// A prompt or a run that is not there.
std::optional<Contradiction> Contradicted(const std::vector<pb::Query>& queries, const Vocabulary& vocabulary) {
  for (const pb::Query& query : queries) {
    for (const auto* filters : {&query.among(), &query.filters()}) {
      for (const pb::Filter& filter : *filters) {
        double most = filter.number();
        for (const double number : filter.numbers()) most = std::max(most, number);
        const auto named = static_cast<int64_t>(most);
        if (filter.field() == pb::FILTER_FIELD_PROMPT_ID && vocabulary.prompts > 0 && named > vocabulary.prompts) {
          return Contradiction{Contradiction::Kind::kPrompt, named, vocabulary.prompts};
        }
        const bool before_first = vocabulary.runs > 0 && named <= -vocabulary.runs;
        if (filter.field() == pb::FILTER_FIELD_RUN && vocabulary.runs > 0 &&
            (named > vocabulary.runs || before_first)) {
          return Contradiction{Contradiction::Kind::kRun, named, vocabulary.runs};
        }
        const auto in_run = static_cast<int64_t>(filter.in_run());
        if (filter.has_in_run() && vocabulary.runs > 0 && in_run > vocabulary.runs) {
          return Contradiction{Contradiction::Kind::kRun, in_run, vocabulary.runs};
        }
      }
    }
  }
  return std::nullopt;
}

// The words that no way through the question makes anything of; or those that nothing can be made of although each of
// them is known.
std::vector<std::string> LeftOver(const std::vector<Path>& paths, const Lattice& lattice) {
  std::vector<std::string> words;
  if (paths.empty()) return words;
  for (const int at : paths.front().left_over) words.push_back(lattice.atoms[static_cast<size_t>(at)].raw);
  for (const Edge* edge : paths.front().edges) {
    if (edge->symbol != "never") continue;
    std::string together;
    for (int at = edge->from; at < edge->to; ++at) {
      const Atom& atom = lattice.atoms[static_cast<size_t>(at)];
      together += (together.empty() || atom.kind == Atom::Kind::kGlyph ? "" : " ") + atom.raw;
    }
    words.push_back(std::move(together));
  }
  return words;
}

bool NeverAnswered(const Path& path) {
  return std::any_of(path.edges.begin(), path.edges.end(), [](const Edge* edge) { return edge->symbol == "never"; });
}

Understanding UnderstandIn(const std::string& question, const Vocabulary& vocabulary,
                           const std::string& before_language, const std::string& language,
                           const std::optional<pb::Query>& before) {
  Understanding understanding;
  std::vector<Atom> atoms = CutAtoms(question, kMostAtoms + 1);
  const bool too_long = atoms.size() > kMostAtoms;
  if (too_long) atoms.resize(kMostAtoms);
  const Lattice lattice = BuildLattice(std::move(atoms), vocabulary, before_language, language);
  understanding.language = lattice.language;
  const Chart chart(TheGrammar(), lattice);
  const std::vector<Path> paths = chart.BestPaths(kMostPaths);
  std::optional<Reading> best;
  std::optional<Reading> other;
  double price = 0;
  for (const Path& path : paths) {
    if (best && path.price > price + kCloseReadings) break;
    if (path.price > paths.front().price + kTooDear) break;
    if (!best && NeverAnswered(path)) break;  // what else it could be read as is another question
    std::optional<Reading> reading = Read(path, lattice, before);
    if (!reading) continue;
    if (reading->unclear) {
      if (!best) break;
      continue;
    }
    if (!best) {
      best = std::move(reading);
      price = path.price;
    } else if (!SameQueries(*best, *reading) && best->refusal) {
      best = std::move(reading);
    } else if (!other && !reading->refusal && !SameQueries(*best, *reading)) {
      other = std::move(reading);
    }
  }
  // As near one as the other: which of them is meant, only who asked can say.
  if (best && other) best = ChoiceOf(*best, *other);
  const bool refuses = best && best->refusal;
  if (best && (!too_long || refuses)) {
    understanding.refusal = best->refusal;
    understanding.choices = best->choices;
    understanding.wants_help = best->wants_help;
    if (!refuses) understanding.queries = best->queries;
    understanding.contradiction = Contradicted(understanding.queries, vocabulary);
    if (understanding.contradiction) understanding.queries.clear();
  } else {
    understanding.left_over = LeftOver(paths, lattice);
  }
  if (!best || understanding.wants_help || too_long) {
    understanding.nearest = NearestQuestions(question, understanding.language);
  }
  return understanding;
}

// Whether an export is of the results that the query before spoke of.
bool SameResults(const pb::Query& before, const pb::Query& exported) {
  pb::Query one;
  pb::Query other;
  for (const auto& [query, kept] : {std::pair(&before, &one), std::pair(&exported, &other)}) {
    *kept->mutable_filters() = query->among();
    kept->mutable_filters()->MergeFrom(query->filters());
    *kept->mutable_slices() = query->slices();
  }
  return one.SerializeAsString() == other.SerializeAsString();
}

// A question that makes no sense in the language it seems to be in is read as English.
Understanding Understand(const std::string& question, const Vocabulary& vocabulary, const std::string& language,
                         const std::optional<pb::Query>& before) {
  Understanding understanding = UnderstandIn(question, vocabulary, language, "", before);
  if (!IsNothing(understanding) || understanding.language == "en") return understanding;
  Understanding english = UnderstandIn(question, vocabulary, language, "en", before);
  return IsNothing(english) ? understanding : english;
}

// What no reading of the whole makes a question of, but some of its words alone say must be refused.
std::optional<Topic> TopicOf(const std::string& question, const Vocabulary& vocabulary, const std::string& language) {
  const Lattice lattice = BuildLattice(CutAtoms(question, kMostAtoms), vocabulary, language);
  const Chart chart(TheGrammar(), lattice);
  for (const Path& path : chart.BestPaths(1)) {
    for (const Slots& slots : ReadClauses(path, lattice)) {
      if (slots.topics.empty()) continue;
      Slots topic;
      topic.topics = {slots.topics.front()};
      return Compose(topic, std::nullopt).refusal;
    }
  }
  return std::nullopt;
}

}  // namespace

Understanding PlanBuiltin(const std::vector<std::string>& questions, const Vocabulary& vocabulary) {
  std::optional<pb::Query> before;
  std::string language;
  Understanding understanding;
  const size_t first = questions.size() > kMostQuestions ? questions.size() - kMostQuestions : 0;
  for (size_t i = first; i < questions.size(); ++i) {
    understanding = Understand(questions[i], vocabulary, language, before);
    language = understanding.language;
    if (understanding.queries.empty()) continue;
    pb::Query& last = understanding.queries.back();
    if (last.presentation() != pb::PRESENTATION_EXPORT) {
      before = last;
    } else if (!before || !SameResults(*before, last)) {
      before = last;
      before->clear_presentation();
      before->clear_export_format();
    }
  }
  if (IsNothing(understanding) && !questions.empty())
    understanding.refusal = TopicOf(questions.back(), vocabulary, language);
  if (understanding.refusal) understanding.left_over.clear();
  return understanding;
}

bool IsNothing(const Understanding& understanding) {
  return understanding.queries.empty() && !understanding.refusal && !understanding.contradiction &&
         understanding.choices.empty() && !understanding.wants_help;
}

pb::Query SummaryQuery() {
  pb::Query query;
  query.set_measure(pb::MEASURE_RESULTS);
  query.set_statistic(pb::STATISTIC_SUMMARY);
  return query;
}

}  // namespace ftl::analytics

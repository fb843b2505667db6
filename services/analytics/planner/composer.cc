#include "services/analytics/planner/composer.h"

#include <algorithm>
#include <utility>

#include "common/proto/enum_word.h"
#include "services/analytics/planner/dialogue.h"
#include "services/analytics/planner/settle.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

pb::Figure FigureOf(pb::Measure measure, pb::Statistic statistic, std::optional<double> percentile = std::nullopt) {
  pb::Figure figure;
  figure.set_measure(measure);
  figure.set_statistic(statistic);
  if (percentile) figure.set_percentile(*percentile);
  return figure;
}

pb::Filter Outcome(bool success) {
  return TextFilter(pb::FILTER_FIELD_SUCCESS, pb::COMPARISON_EQUAL, success ? "true" : "false");
}

bool IsVerdict(pb::Measure measure) { return RowOf(measure).unit == MeasureUnit::kVerdict; }

// What "how many" of a measure sums up.
bool AddsUp(pb::Measure measure) {
  const MeasureUnit unit = RowOf(measure).unit;
  return unit == MeasureUnit::kTokens || unit == MeasureUnit::kCharacters || unit == MeasureUnit::kWords ||
         unit == MeasureUnit::kCalls;
}

// Says where or when rather than how: among those a count is counted.
bool IsAttribute(pb::FilterField field) {
  return field == pb::FILTER_FIELD_CATEGORY || field == pb::FILTER_FIELD_DIFFICULTY || field == pb::FILTER_FIELD_HALF ||
         field == pb::FILTER_FIELD_RUN || field == pb::FILTER_FIELD_PROMPT_ID;
}

class Composer {
 public:
  Composer(Slots slots, const std::optional<pb::Query>& before) : slots_(std::move(slots)), before_(before) {}

  Composed Compose() && {
    Composed composed;
    if (!slots_.topics.empty()) {
      composed.refusal = GravestTopic();
      return composed;
    }
    if (SaySeveral(composed)) return composed;
    PointWhereNothingElseIsSpokenOf();
    const Slots said = slots_;
    if (LeansOnBefore()) {
      if (std::optional<pb::Query> query = Edit(slots_, *before_)) {
        composed.queries = {*query};
        return composed;
      }
      // What speaks of those that were listed is of nothing else.
      slots_ = said;
      const bool points = slots_.Says("those") || slots_.Says("it");
      const bool at_groups = before_->group_by() && before_->per_group() == 0;
      if (slots_.Says("rest") || (points && at_groups && slots_.facts != std::vector<std::string>{"duration"})) {
        return composed;
      }
      // Of a single figure over all, those are all.
      const bool at_all = before_->filters().empty() && before_->among().empty() && before_->slices().empty() &&
                          before_->statistic() != pb::STATISTIC_LIST && slots_.HasHead();
      if (slots_.Says("those") && !at_all) return composed;
    }
    if (slots_.Says("help") && !slots_.HasNoun("prompt") && slots_.filters.empty() && slots_.figures.empty()) {
      composed.wants_help = true;
      return composed;
    }
    if (!Say(composed)) return {};
    return composed;
  }

 private:
  static Topic TopicOf(const std::string& word) {
    if (word == "cost") return Topic::kCost;
    if (word == "quality") return Topic::kQuality;
    if (word == "other_session") return Topic::kOtherSession;
    if (word == "secrets") return Topic::kSecrets;
    if (word == "instructions") return Topic::kInstructions;
    if (word == "actions") return Topic::kActions;
    return Topic::kElsewhere;
  }

  // Of several topics the one that explains most.
  Topic GravestTopic() const {
    constexpr Topic kOrder[] = {Topic::kInstructions, Topic::kSecrets, Topic::kOtherSession, Topic::kElsewhere,
                                Topic::kActions,      Topic::kCost,    Topic::kQuality};
    for (const Topic topic : kOrder) {
      for (const std::string& word : slots_.topics) {
        if (TopicOf(word) == topic) return topic;
      }
    }
    return Topic::kElsewhere;
  }

  // Whether the question changes the one before rather than asking one of its own.
  bool LeansOnBefore() const {
    if (!before_) return false;
    if (slots_.Says("follow") || slots_.Says("those") || slots_.Says("it") || slots_.Says("only") ||
        slots_.Says("more") || slots_.Says("rest") || slots_.Says("overall") || slots_.order) {
      return true;
    }
    if (slots_.Says("bytype") && slots_.filters.empty()) return true;
    const bool points = slots_.nth && slots_.figures.empty() && slots_.ranks.empty();
    // Top 10, of what was ranked.
    const bool top = slots_.ranks.size() == 1 && !slots_.ranks[0].measure && slots_.ranks[0].word.empty() &&
                     slots_.figures.empty() && slots_.filters.empty() && !slots_.group && slots_.nouns.empty();
    if (top) return true;
    // Compare with run 2.
    if (slots_.Says("compare") && slots_.runs.size() == 1 && slots_.figures.empty() && slots_.filters.empty())
      return true;
    const bool why = slots_.Says("why") && slots_.filters.empty() && slots_.prompts.empty() && slots_.ranks.empty() &&
                     slots_.figures.empty();
    const bool whole = slots_.Says("whole") && slots_.prompts.empty() && slots_.ranks.empty();
    const bool shown = (slots_.Says("chart") || slots_.Says("table") || slots_.Says("export") || slots_.format) &&
                       slots_.figures.empty() && slots_.filters.empty() && slots_.ranks.empty() && !slots_.group;
    const bool bare = slots_.said.empty() && slots_.nouns.empty() && slots_.figures.size() <= 1 &&
                      slots_.facts.empty() && slots_.ranks.empty() && !slots_.difference;
    // A measure and a statistic are whole; one of them leans on the other.
    const bool half_figure =
        bare && slots_.figures.size() == 1 && (!slots_.figures[0].sense.statistic || IsBare(slots_.figures[0].sense));
    // Errors by type are a question of their own.
    const bool own_group = slots_.group == pb::GROUPING_ERROR_TYPE && !slots_.by;
    // Failures? They are listed, rather than the figure before made one of failures.
    const bool own_filter = slots_.filters.size() == 1 && RowOf(slots_.filters[0].filter.field()).chooses_outcome &&
                            !slots_.filters[0].negated && before_->statistic() != pb::STATISTIC_LIST &&
                            before_->measure() != pb::MEASURE_RESULTS;
    const bool fragment = bare && slots_.figures.empty() && !own_group && !own_filter;
    const bool counts_alone = slots_.said == std::set<std::string>{"count"} && slots_.figures.empty() &&
                              slots_.filters.empty() && slots_.nouns.empty() && !slots_.group;
    const bool lists_alone = slots_.said == std::set<std::string>{"list"} && slots_.figures.empty() &&
                             !slots_.difference && slots_.filters.empty() && slots_.nouns.empty() && !slots_.group &&
                             slots_.ranks.empty() && slots_.prompts.empty() && slots_.facts.empty();
    if (counts_alone || lists_alone) return true;
    return points || why || whole || shown || half_figure || fragment;
  }
  static bool IsBare(const Sense& sense) { return !sense.measure && sense.word.empty(); }

  // How many took over 1 s, over 2 s and over 3 s: bounds of one field that say nothing together are a question each.
  bool SaySeveral(Composed& composed) const {
    std::vector<size_t> bounds;
    for (size_t i = 0; i < slots_.filters.size(); ++i) {
      const pb::Filter& filter = slots_.filters[i].filter;
      if (!filter.has_number() || !MeasureOf(filter.field()) || filter.comparison() == pb::COMPARISON_BETWEEN) continue;
      if (!bounds.empty() && slots_.filters[bounds[0]].filter.field() != filter.field()) return false;
      bounds.push_back(i);
    }
    if (bounds.size() < 2 || bounds.size() > 4) return false;
    for (size_t i = 1; i < bounds.size(); ++i) {
      if (Meet(slots_.filters[bounds[i - 1]].filter, slots_.filters[bounds[i]].filter)) return false;
    }
    for (const size_t kept : bounds) {
      Slots one = slots_;
      for (size_t i = bounds.size(); i-- > 0;) {
        if (bounds[i] != kept) one.filters.erase(one.filters.begin() + static_cast<std::ptrdiff_t>(bounds[i]));
      }
      const Composed made = Composer(std::move(one), before_).Compose();
      if (made.queries.size() != 1) {
        composed.queries.clear();
        return false;
      }
      composed.queries.push_back(made.queries[0]);
    }
    return true;
  }
  // Whether two bounds of one field make a range: one from below, one from above, and something between.
  static bool Meet(const pb::Filter& one, const pb::Filter& other) {
    const auto is_lower = [](const pb::Filter& filter) {
      return filter.comparison() == pb::COMPARISON_GREATER || filter.comparison() == pb::COMPARISON_GREATER_OR_EQUAL;
    };
    const auto is_upper = [](const pb::Filter& filter) {
      return filter.comparison() == pb::COMPARISON_LESS || filter.comparison() == pb::COMPARISON_LESS_OR_EQUAL;
    };
    if (is_lower(one) && is_upper(other)) return one.number() <= other.number();
    if (is_upper(one) && is_lower(other)) return other.number() <= one.number();
    return !(is_lower(one) && is_lower(other)) && !(is_upper(one) && is_upper(other));
  }

  // Of the one result that was just told: how fast? How many tokens? And: what share, of what was just counted.
  void PointWhereNothingElseIsSpokenOf() {
    if (!before_) return;
    Slots rest = slots_;
    const bool asks_time = rest.Take("howfast") || rest.Take("howlong");
    const bool asks_share = rest.Take("share");
    const bool counts = rest.Take("count");
    const bool measures =
        rest.figures.size() == 1 && !rest.figures[0].sense.statistic && !IsVerdict(rest.figures[0].sense.measure);
    if (measures) rest.figures.clear();
    rest.Take("follow");
    if (!rest.IsEmpty()) return;
    if (NamesOne(*before_) && !asks_share && (asks_time || measures)) slots_.said.insert("it");
    const bool counted = before_->measure() == pb::MEASURE_RESULTS && before_->statistic() == pb::STATISTIC_COUNT;
    if (asks_share && counted && !asks_time && !measures && !counts && slots_.share_of.empty()) {
      slots_.said.insert("those");
    }
  }

  // Makes the query; false where too little is said, or where something is left.
  bool Say(Composed& composed) {
    if (!Prepare()) return false;
    if (SayBothEnds(composed)) return true;
    if (SayAmbiguous(composed)) return true;
    constexpr bool (Composer::*kWays[])() = {
        &Composer::SayExport,      &Composer::SayFacts,   &Composer::SaySummary, &Composer::SayDifference,
        &Composer::SayCorrelation, &Composer::SayWhole,   &Composer::SayWhy,     &Composer::SayRanking,
        &Composer::SayComparison,  &Composer::SayFigures, &Composer::SayShare,   &Composer::SayCount,
        &Composer::SayGroups,      &Composer::SayList};
    for (const auto way : kWays) {
      Composer trial(*this);
      if (!(trial.*way)()) continue;
      trial.Finish();
      if (!trial.slots_.IsEmpty()) continue;
      composed.queries = {trial.query_};
      return true;
    }
    return false;
  }

  bool Prepare() {
    std::optional<Settled> settled = Settle(std::move(slots_), before_);
    if (!settled) return false;
    slots_ = std::move(settled->slots);
    prompts_ = settled->prompts;
    compared_runs_ = settled->compared_runs;
    TakeParts();
    if (slots_.Take("allruns")) query_.set_all_runs(true);
    if (slots_.Take("chart")) query_.set_presentation(pb::PRESENTATION_CHART);
    if (slots_.Take("table")) query_.set_presentation(pb::PRESENTATION_TABLE);
    for (const char* symbol : {"follow", "those", "it", "only", "and", "or"}) slots_.Take(symbol);
    if (!slots_.group) slots_.Take("overall");
    // More than 5 % of them: which share it is, is told.
    if (slots_.Take("Over")) {
      if (slots_.group || slots_.Says("list")) return false;
      const bool rate = slots_.figures.size() == 1 && IsVerdict(slots_.figures[0].sense.measure);
      if (!rate && !slots_.figures.empty()) return false;
      if (!rate) slots_.said.insert("share");
    }
    // Errors by type.
    if (slots_.Take("bytype")) {
      if (slots_.group || !(HasField(pb::FILTER_FIELD_SUCCESS) || HasField(pb::FILTER_FIELD_ERROR_TYPE))) return false;
      slots_.group = pb::GROUPING_ERROR_TYPE;
      slots_.Take("any");
    }
    return true;
  }

  void TakeParts() {
    for (const Sense& part : slots_.parts) *query_.add_slices() = SliceOf(part);
    slots_.parts.clear();
  }

  static pb::Slice SliceOf(const Sense& rank) {
    pb::Slice slice;
    slice.set_measure(rank.measure);
    slice.set_order(rank.order);
    if (rank.share) slice.set_share(*rank.share);
    if (!rank.share) slice.set_count(rank.count.value_or(1));
    if (rank.skip.value_or(0) > 0) slice.set_skip(*rank.skip);
    if (rank.negated) slice.set_exclude(true);
    return slice;
  }

  // The slowest and the fastest.
  bool SayBothEnds(Composed& composed) {
    if (slots_.ranks.size() != 2 || slots_.group || !slots_.figures.empty()) return false;
    const Slots whole = slots_;
    const pb::Query begun = query_;
    for (const Sense& rank : whole.ranks) {
      slots_ = whole;
      slots_.ranks = {rank};
      query_ = begun;
      if (!SayRanking()) return false;
      Finish();
      if (!slots_.IsEmpty()) return false;
      composed.queries.push_back(query_);
    }
    return true;
  }

  // "What was the longest?" may be a response or a wait.
  bool SayAmbiguous(Composed& composed) { return SayAmbiguousDuration(composed) || SayAmbiguousLength(composed); }

  // "How long did it take?" may be the run or a request.
  bool SayAmbiguousDuration(Composed& composed) {
    std::set<std::string> said = slots_.said;
    said.erase("it");
    Slots rest = slots_;
    rest.said.clear();
    if (said != std::set<std::string>{"howlong"} || !rest.IsEmpty() || query_.slices_size() > 0) return false;
    pb::Query run;
    run.set_measure(pb::MEASURE_RUN);
    run.set_statistic(pb::STATISTIC_LIST);
    run.add_run_facts(pb::RUN_FACT_DURATION);
    pb::Query request;
    request.set_measure(pb::MEASURE_LATENCY);
    request.set_statistic(pb::STATISTIC_MEAN);
    composed.choices = {{run, "How long did the whole run take?"}, {request, "What is the average latency?"}};
    return true;
  }

  bool SayAmbiguousLength(Composed& composed) {
    if (slots_.ranks.size() != 1 || slots_.ranks[0].word != "length" || slots_.group) return false;
    const bool most = slots_.ranks[0].order == pb::ORDER_DESCENDING;
    for (const pb::Measure measure : {pb::MEASURE_RESPONSE_LENGTH, pb::MEASURE_LATENCY}) {
      Composer one(*this);
      one.slots_.ranks[0].measure = measure;
      one.slots_.ranks[0].word.clear();
      one.slots_.singular = !one.slots_.plural && !one.slots_.ranks[0].count;
      if (!one.SayRanking()) return false;
      one.Finish();
      const char* question = measure == pb::MEASURE_LATENCY
                                 ? (most ? "Which prompt was slowest?" : "Which prompt was fastest?")
                                 : (most ? "Which response was the longest?" : "Which response was the shortest?");
      composed.choices.push_back({one.query_, question});
    }
    return true;
  }

  bool SayExport() {
    const bool asked = slots_.Take("export");
    if (!asked && !slots_.format) return false;
    query_.set_measure(pb::MEASURE_RESULTS);
    query_.set_statistic(pb::STATISTIC_LIST);
    query_.set_presentation(pb::PRESENTATION_EXPORT);
    query_.set_export_format(slots_.format.value_or("csv"));
    slots_.format.reset();
    slots_.Take("list");
    slots_.Take("all");
    slots_.Take("summary");
    slots_.Take("each");
    if (!slots_.ranks.empty()) {
      *query_.add_slices() = SliceOf(slots_.ranks[0]);
      slots_.ranks.clear();
    }
    slots_.nouns.clear();
    return slots_.figures.empty();
  }

  bool SayFacts() {
    // How long did run 1 take?
    const bool of_run = !slots_.filters.empty() && slots_.figures.empty() && slots_.nouns.empty();
    if (slots_.facts.empty() && of_run && slots_.Says("howlong")) slots_.facts = {"duration"};
    if (slots_.facts.empty()) return false;
    query_.set_measure(pb::MEASURE_RUN);
    query_.set_statistic(pb::STATISTIC_LIST);
    for (const std::string& fact : slots_.facts) query_.add_run_facts(EnumOf<pb::RunFact>(fact));
    slots_.facts.clear();
    slots_.nouns.clear();
    for (const char* symbol : {"list", "any", "all", "count", "howlong", "table"}) slots_.Take(symbol);
    // Whatever chooses results has no say in what a run is.
    return std::all_of(slots_.filters.begin(), slots_.filters.end(),
                       [](const Slots::Placed& placed) { return placed.filter.field() == pb::FILTER_FIELD_RUN; });
  }

  bool SaySummary() {
    if (!slots_.Says("summary") || slots_.group || !slots_.figures.empty() || !slots_.ranks.empty()) return false;
    const bool only_run = std::all_of(slots_.filters.begin(), slots_.filters.end(), [](const Slots::Placed& placed) {
      return placed.filter.field() == pb::FILTER_FIELD_RUN;
    });
    if (!only_run) return false;
    slots_.Take("summary");
    slots_.Take("list");
    slots_.Take("all");
    slots_.nouns.clear();
    query_.set_measure(pb::MEASURE_RESULTS);
    query_.set_statistic(pb::STATISTIC_SUMMARY);
    return true;
  }

  // Which prompts got slower than in run 1.
  bool SayDifference() {
    if (!slots_.difference) return false;
    slots_.Take("compare");
    const Sense difference = *slots_.difference;
    query_.set_measure(difference.measure);
    query_.set_statistic(pb::STATISTIC_DIFFERENCE);
    query_.set_order(difference.order);
    query_.set_base_run(difference.numbers[0]);
    query_.set_limit(1000);
    // Of single prompts nothing is known that could be better.
    const bool in_all = difference.measure == pb::MEASURE_RESULTS;
    if (in_all && (slots_.Says("list") || slots_.Says("count"))) return false;
    const bool names =
        slots_.Take("list") || slots_.Take("any") || (!in_all && (!slots_.nouns.empty() || slots_.Says("count")));
    slots_.difference.reset();
    slots_.nouns.clear();
    if (names && !in_all) {
      slots_.Take("count");
      return true;
    }
    // Is it slower than run 1: the runs beside each other.
    slots_.group = pb::GROUPING_RUN;
    query_.Clear();
    query_.set_compares(true);
    query_.set_base_run(difference.numbers[0]);
    if (in_all) {
      SetFigures({FigureOf(pb::MEASURE_SUCCESS, pb::STATISTIC_SHARE), FigureOf(pb::MEASURE_CHECKS, pb::STATISTIC_SHARE),
                  FigureOf(pb::MEASURE_LATENCY, pb::STATISTIC_MEAN)});
    } else {
      SetFigures({FigureOf(difference.measure, pb::STATISTIC_MEAN)});
    }
    TakeGroup();
    return true;
  }

  bool SayCorrelation() {
    if (!slots_.Says("correlate")) return false;
    // Does difficulty affect latency?
    if (slots_.figures.size() == 1 && slots_.group) {
      slots_.Take("correlate");
      return SayFigures();
    }
    if (slots_.figures.size() != 2) return false;
    const Sense& one = slots_.figures[0].sense;
    const Sense& other = slots_.figures[1].sense;
    if (one.statistic || other.statistic || !one.measure || !other.measure) return false;
    const auto plain = [](pb::Measure measure) {
      return measure == pb::MEASURE_RESPONSE_LENGTH ? pb::MEASURE_RESPONSE_CHARACTERS : measure;
    };
    query_.set_measure(plain(one.measure));
    query_.set_against(plain(other.measure));
    query_.set_statistic(pb::STATISTIC_CORRELATION);
    slots_.figures.clear();
    slots_.nouns.clear();
    for (const char* symbol : {"correlate", "any", "compare", "list"}) slots_.Take(symbol);
    TakeGroup();
    return true;
  }

  // What the model answered to one prompt.
  bool SayWhole() {
    if (!slots_.Take("whole")) return false;
    slots_.Take("list");
    query_.set_measure(pb::MEASURE_RESULTS);
    query_.set_statistic(pb::STATISTIC_LIST);
    query_.set_whole(true);
    if (!slots_.ranks.empty()) {
      *query_.add_slices() = SliceOf(slots_.ranks[0]);
      slots_.ranks.clear();
    }
    slots_.nouns.clear();
    return slots_.figures.empty();
  }

  bool SayWhy() {
    if (!slots_.Says("why")) return false;
    slots_.Take("why");
    slots_.Take("any");
    slots_.Take("list");
    slots_.Take("all");
    slots_.Take("howfast");
    query_.set_explain(true);
    if (!slots_.ranks.empty()) return SayRanking();
    const bool outcome = HasField(pb::FILTER_FIELD_SUCCESS) || HasField(pb::FILTER_FIELD_ERROR_TYPE) ||
                         HasField(pb::FILTER_FIELD_CHECKS_PASSED) || prompts_ > 0 || slots_.Says("failed") ||
                         !OnlyAttributes();
    if (!outcome || !slots_.figures.empty()) return false;
    TakePresumed();
    query_.set_measure(pb::MEASURE_RESULTS);
    query_.set_statistic(pb::STATISTIC_LIST);
    // Why it failed is told with it, whether it did or not.
    if (slots_.Take("failed") && prompts_ == 0 && !HasField(pb::FILTER_FIELD_SUCCESS) &&
        !HasField(pb::FILTER_FIELD_ERROR_TYPE)) {
      slots_.filters.push_back({Outcome(false), 1 << 20});
    }
    if (prompts_ > 0) EraseField(pb::FILTER_FIELD_SUCCESS);
    slots_.nouns.clear();
    return true;
  }

  bool HasField(pb::FilterField field) const {
    return std::any_of(slots_.filters.begin(), slots_.filters.end(),
                       [&](const Slots::Placed& placed) { return placed.filter.field() == field; });
  }
  void EraseField(pb::FilterField field) {
    slots_.filters.erase(std::remove_if(slots_.filters.begin(), slots_.filters.end(),
                                        [&](const Slots::Placed& placed) { return placed.filter.field() == field; }),
                         slots_.filters.end());
  }

  // The 12 failures: that there are 12 is taken for granted.
  void TakePresumed() {
    if (!slots_.number || !slots_.definite) return;
    query_.set_presumed(static_cast<int64_t>(*slots_.number));
    slots_.number.reset();
  }
  bool TakeLimit() {
    if (!slots_.number) return true;
    if (*slots_.number < 1 || *slots_.number > 1000) return false;
    query_.set_limit(static_cast<int32_t>(*slots_.number));
    slots_.number.reset();
    return true;
  }

  void TakeGroup() {
    if (!slots_.group) return;
    query_.set_group_by(slots_.group);
    slots_.group = pb::GROUPING_UNSPECIFIED;
    EraseNoun("category");
    slots_.Take("list");
    slots_.Take("each");
  }
  void EraseNoun(const std::string& noun) {
    slots_.nouns.erase(
        std::remove_if(slots_.nouns.begin(), slots_.nouns.end(), [&](const auto& said) { return said.first == noun; }),
        slots_.nouns.end());
  }

  void SetFigures(const std::vector<pb::Figure>& figures) {
    query_.set_measure(figures[0].measure());
    query_.set_statistic(figures[0].statistic());
    if (figures[0].has_percentile()) query_.set_percentile(figures[0].percentile());
    for (size_t i = 1; i < figures.size(); ++i) *query_.add_also() = figures[i];
  }

  // What is ranked: results, the groups of results, or the results of each group; or a figure over those at one end.
  bool SayRanking() {
    if (slots_.ranks.size() != 1) return false;
    // Whether one prompt is the slowest is not known of it alone.
    if (prompts_ == 1 && !query_.explain()) return false;
    const bool of_part = std::any_of(query_.slices().begin(), query_.slices().end(),
                                     [](const pb::Slice& slice) { return !slice.exclude() && !slice.measure(); });
    if (of_part) return false;  // the slowest of the first ten, or the ten slowest?
    const Sense rank = slots_.ranks[0];
    Sense ranked = rank;
    if (slots_.order && !ranked.measure) {  // top 5 by tokens
      ranked.measure = slots_.order->measure;
      slots_.order.reset();
    }
    // The longest responses in tokens; the slowest time to first token.
    const bool measure_alone = slots_.figures.size() == 1 && !slots_.figures[0].sense.statistic &&
                               !slots_.Says("count") && !slots_.Says("share");
    if (measure_alone && (!ranked.measure || slots_.figures[0].at > slots_.rank_at)) {
      // Slow in tokens per second is few of them; slow in tokens is nothing.
      const bool by_time = ranked.measure && RowOf(ranked.measure).unit == MeasureUnit::kMilliseconds;
      ranked.measure = slots_.figures[0].sense.measure;
      const MeasureUnit unit = RowOf(ranked.measure).unit;
      if (by_time && unit == MeasureUnit::kTokensPerSecond) {
        ranked.order = ranked.order == pb::ORDER_DESCENDING ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING;
      } else if (by_time && unit != MeasureUnit::kMilliseconds) {
        return false;
      }
      slots_.singular = slots_.singular || (slots_.nouns.empty() && !ranked.plural && !ranked.count);
      // "Tokens" of a ranking are those of the answers.
      if (ranked.measure == pb::MEASURE_TOTAL_TOKENS && slots_.figures[0].sense.unit == Unit::kTokens) {
        ranked.measure = pb::MEASURE_OUTPUT_TOKENS;
      }
      slots_.figures.clear();
    } else if (measure_alone && !slots_.group) {
      return SayMeasureOfSlice(ranked);
    }
    // Slowest by time to first token.
    if (slots_.order && slots_.order->measure) {
      ranked.measure = slots_.order->measure;
      slots_.order.reset();
    }
    // The top 3 categories by failures.
    const bool groups_counted = !ranked.measure && ranked.word.empty() && ranked.count && slots_.group && !slots_.by;
    if (groups_counted && slots_.figures.empty() && !OnlyAttributes()) {
      slots_.ranks.clear();
      slots_.said.insert("count");
      query_.set_order(ranked.order);
      query_.set_limit(*ranked.count);
      return SayCount();
    }
    if (!ranked.measure) return false;
    for (const char* symbol : {"any", "why"}) slots_.Take(symbol);
    // Is the code category the slowest: all are told.
    if (slots_.HasNoun("category") && !slots_.group && HasField(pb::FILTER_FIELD_CATEGORY) && !HasNounOfResults()) {
      EraseField(pb::FILTER_FIELD_CATEGORY);
      slots_.group = pb::GROUPING_CATEGORY;
    }
    if (slots_.group && !slots_.by) return SayRankedGroups(ranked);
    if (slots_.group && slots_.by) return SayRankedWithinGroups(ranked);
    const bool counts = slots_.Says("count") || slots_.Says("share");
    if (counts || !slots_.figures.empty()) return SayOfSlice(ranked);
    slots_.ranks.clear();
    if (!SaysResults() && rank.all && !rank.count && !rank.share) {
      // The highest latency is a figure.
      SetFigures(
          {FigureOf(ranked.measure, ranked.order == pb::ORDER_DESCENDING ? pb::STATISTIC_MAX : pb::STATISTIC_MIN)});
      slots_.nouns.clear();
      slots_.Take("list");
      return true;
    }
    query_.set_measure(ranked.measure);
    query_.set_statistic(pb::STATISTIC_LIST);
    query_.set_order(ranked.order);
    const bool named = !slots_.nouns.empty() || ranked.measure == pb::MEASURE_RESPONSE_LENGTH ||
                       ranked.measure == pb::MEASURE_PROMPT_CHARACTERS || slots_.singular;
    const bool one = slots_.singular || (named && !slots_.plural && !ranked.plural);
    if (ranked.share || ranked.skip.value_or(0) > 0) {
      MoveFiltersAmong();
      *query_.add_slices() = SliceOf(ranked);
      query_.set_limit(ranked.share ? 1000 : ranked.count.value_or(1));
    } else if (ranked.count) {
      query_.set_limit(std::min(1000, *ranked.count));
    } else if (slots_.number) {
      if (!TakeLimit()) return false;
    } else if (one) {
      query_.set_limit(1);
    }
    slots_.nouns.clear();
    slots_.plural = false;
    for (const char* symbol : {"list", "all", "howfast"}) slots_.Take(symbol);
    if (RowOf(ranked.measure).unit == MeasureUnit::kMilliseconds) slots_.Take("howlong");
    return true;
  }
  bool SaysResults() const {
    return HasNounOfResults() || (slots_.Says("list") && slots_.nouns.empty() && slots_.plural);
  }
  bool HasNounOfResults() const {
    return slots_.HasNoun("prompt") || slots_.HasNoun("response") || slots_.HasNoun("call") || slots_.HasNoun("result");
  }

  // The tokens of the slowest prompts.
  bool SayMeasureOfSlice(const Sense& ranked) {
    pb::Measure measure = slots_.figures[0].sense.measure;
    if (IsVerdict(measure)) return false;
    Sense rank = ranked;
    if (!rank.count && !rank.share) rank.count = slots_.plural || ranked.plural ? 5 : 1;
    MoveFiltersAmong();
    *query_.add_slices() = SliceOf(rank);
    query_.set_measure(measure);
    query_.set_statistic(pb::STATISTIC_LIST);
    query_.set_limit(1000);
    slots_.ranks.clear();
    slots_.figures.clear();
    slots_.nouns.clear();
    for (const char* symbol : {"list", "all", "howlong"}) slots_.Take(symbol);
    return true;
  }

  // Which category is slowest.
  bool SayRankedGroups(const Sense& ranked) {
    pb::Statistic statistic = RowOf(ranked.measure).usual[0];
    if (RowOf(ranked.measure).unit == MeasureUnit::kTokens || RowOf(ranked.measure).unit == MeasureUnit::kCalls) {
      statistic = pb::STATISTIC_MEAN;
    }
    pb::Figure figure = FigureOf(ranked.measure, statistic);
    if (slots_.figures.size() == 1) {
      const Sense& named = slots_.figures[0].sense;
      // The tokens of the slowest category: the order would be another.
      if (named.measure && named.measure != ranked.measure) return false;
      if (named.statistic)
        figure = FigureOf(named.measure ? named.measure : ranked.measure, named.statistic, named.number);
      slots_.figures.clear();
    }
    if (!slots_.figures.empty()) return false;
    if (slots_.Says("count") || slots_.Says("share")) return false;
    slots_.ranks.clear();
    SetFigures({figure});
    query_.set_order(ranked.order);
    if (ranked.count) query_.set_limit(*ranked.count);
    if (!TakeLimit()) return false;  // which 2 categories
    slots_.nouns.clear();
    for (const char* symbol : {"list", "all"}) slots_.Take(symbol);
    TakeGroup();
    return true;
  }

  // The two slowest prompts in each category.
  bool SayRankedWithinGroups(const Sense& ranked) {
    const bool rated = IsVerdict(ranked.measure) || RowOf(ranked.measure).unit == MeasureUnit::kTokensPerSecond;
    // The language has no figure over the slowest of each group.
    const bool of_groups = slots_.figures.size() == 1 && slots_.figures[0].sense.measure && !HasNounOfResults();
    if (!slots_.figures.empty() && !ranked.all && !of_groups) return false;
    if (!slots_.figures.empty() || (rated && !HasNounOfResults())) {
      // The highest average latency by category: groups in that order.
      return SayRankedGroups(ranked);
    }
    slots_.ranks.clear();
    if (ranked.share || ranked.skip) return false;
    if (ranked.all && !HasNounOfResults() && !ranked.count) {
      SetFigures(
          {FigureOf(ranked.measure, ranked.order == pb::ORDER_DESCENDING ? pb::STATISTIC_MAX : pb::STATISTIC_MIN)});
      slots_.Take("list");
      TakeGroup();
      return true;
    }
    query_.set_measure(ranked.measure);
    query_.set_statistic(pb::STATISTIC_LIST);
    query_.set_order(ranked.order);
    query_.set_per_group(std::min(100, ranked.count.value_or(slots_.HasNoun("prompt") && slots_.plural ? 3 : 1)));
    query_.set_limit(1000);
    slots_.nouns.clear();
    for (const char* symbol : {"list", "all"}) slots_.Take(symbol);
    TakeGroup();
    return true;
  }

  // A figure, a count or a share over those at one end.
  bool SayOfSlice(const Sense& ranked) {
    slots_.ranks.clear();
    std::vector<Slots::Placed> after;
    if (slots_.figures.empty()) {
      // How many of the slowest 10 % failed: the condition is asked of the part.
      after = std::move(slots_.filters);
      slots_.filters.clear();
      for (Slots::Placed& placed : after) {
        if (IsAttribute(placed.filter.field())) *query_.add_among() = placed.filter;
      }
      after.erase(std::remove_if(after.begin(), after.end(),
                                 [](const Slots::Placed& placed) { return IsAttribute(placed.filter.field()); }),
                  after.end());
      if (after.empty() || slots_.Says("each")) return false;
    } else {
      MoveFiltersAmong();
    }
    *query_.add_slices() = SliceOf(ranked);
    if (after.empty()) return SayFigures();
    slots_.nouns.clear();
    const bool share = slots_.Take("share");
    slots_.Take("count");
    SetFigures({FigureOf(pb::MEASURE_RESULTS, share ? pb::STATISTIC_SHARE : pb::STATISTIC_COUNT)});
    for (const Slots::Placed& placed : after) *query_.add_filters() = placed.filter;
    return true;
  }

  void MoveFiltersAmong() {
    for (const Slots::Placed& placed : slots_.filters) *query_.add_among() = placed.filter;
    slots_.filters.clear();
  }

  // Groups beside each other: named by a grouping, by two values of one field, or by two runs.
  bool SayComparison() {
    const bool compares =
        slots_.Says("compare") || slots_.Says("trend") || !slots_.comparatives.empty() || compared_runs_;
    if (!compares) return false;
    slots_.Take("compare");
    if (compared_runs_) {
      CompareRuns(compared_runs_->first, compared_runs_->second);
      slots_.Take("more");  // did more fail
    }
    if (slots_.Take("trend") && !slots_.group) slots_.group = pb::GROUPING_HALF;
    GroupByTwoValues();
    const bool by_time = slots_.comparatives.empty() ||
                         (slots_.comparatives.size() == 1 && slots_.comparatives[0].measure == pb::MEASURE_LATENCY);
    if (!slots_.group && prompts_ > 1 && slots_.figures.empty() && by_time) {
      query_.set_measure(pb::MEASURE_LATENCY);
      query_.set_statistic(pb::STATISTIC_LIST);
      if (!slots_.comparatives.empty()) {
        const bool slower = slots_.comparatives[0].comparison == pb::COMPARISON_GREATER;
        query_.set_order(slower ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING);
        query_.set_limit(static_cast<int32_t>(std::min<size_t>(prompts_, 1000)));
        slots_.comparatives.clear();
      }
      slots_.nouns.clear();
      slots_.Take("list");
      return true;
    }
    if (!slots_.group) {
      if (!slots_.comparatives.empty() || slots_.figures.empty()) return false;
      if (prompts_ > 1) return SayFigures();
      return slots_.figures.size() > 1 && SayFigures() && query_.also_size() > 0;  // compare mean and median latency
    }
    query_.set_compares(true);
    for (const char* symbol : {"list", "any", "howfast", "all"}) slots_.Take(symbol);
    const std::vector<Sense> comparatives = std::exchange(slots_.comparatives, {});
    if (comparatives.size() > 1) return false;
    if (slots_.figures.empty() && !comparatives.empty() && comparatives[0].measure) {
      SetFigures({FigureOf(comparatives[0].measure, pb::STATISTIC_MEAN)});
      slots_.nouns.clear();
      TakeGroup();
      return true;
    }
    if (!slots_.figures.empty()) return SayFigures();
    if (slots_.Says("count") || slots_.Says("share")) return SayShare() || SayCount();
    slots_.nouns.clear();
    if (!OnlyAttributes()) {
      const bool share = slots_.Take("share");
      SetFigures({FigureOf(pb::MEASURE_RESULTS, share ? pb::STATISTIC_SHARE : pb::STATISTIC_COUNT)});
      SplitPopulation();
      TakeGroup();
      return true;
    }
    SetComparison();
    TakeGroup();
    return true;
  }
  // A number of 0 is the latest run, which needs no saying.
  void CompareRuns(double base, double other) {
    query_.set_base_run(base);
    if (other == 0) return;
    slots_.filters.push_back({NumberFilter(pb::FILTER_FIELD_RUN, pb::COMPARISON_EQUAL, other), -1});
  }
  bool OnlyAttributes() const {
    return std::all_of(slots_.filters.begin(), slots_.filters.end(),
                       [](const Slots::Placed& placed) { return IsAttribute(placed.filter.field()); });
  }
  void SetComparison() {
    SetFigures({FigureOf(pb::MEASURE_LATENCY, pb::STATISTIC_MEAN), FigureOf(pb::MEASURE_SUCCESS, pb::STATISTIC_SHARE),
                FigureOf(pb::MEASURE_OUTPUT_TOKENS, pb::STATISTIC_MEAN)});
  }

  void GroupByTwoValues() {
    for (const Slots::Placed& placed : slots_.filters) {
      if (placed.filter.comparison() != pb::COMPARISON_IN || slots_.group) continue;
      if (placed.filter.field() == pb::FILTER_FIELD_CATEGORY) slots_.group = pb::GROUPING_CATEGORY;
      if (placed.filter.field() == pb::FILTER_FIELD_DIFFICULTY) slots_.group = pb::GROUPING_DIFFICULTY;
      if (placed.filter.field() == pb::FILTER_FIELD_HALF) slots_.group = pb::GROUPING_HALF;
    }
    // Are hard prompts slower: than those of other difficulty.
    const bool one_value = !slots_.group && slots_.comparatives.size() == 1 && slots_.filters.size() == 1 &&
                           slots_.filters[0].filter.comparison() == pb::COMPARISON_EQUAL && !slots_.Says("list");
    if (one_value && HasField(pb::FILTER_FIELD_CATEGORY)) slots_.group = pb::GROUPING_CATEGORY;
    if (one_value && HasField(pb::FILTER_FIELD_DIFFICULTY)) slots_.group = pb::GROUPING_DIFFICULTY;
    if (one_value && slots_.group) slots_.filters.clear();
    // One of the halves is compared with the other.
    if (HasField(pb::FILTER_FIELD_HALF) && (!slots_.group || slots_.group == pb::GROUPING_HALF)) {
      EraseField(pb::FILTER_FIELD_HALF);
      slots_.group = pb::GROUPING_HALF;
    }
    const auto outcomes = std::count_if(slots_.filters.begin(), slots_.filters.end(), [](const Slots::Placed& placed) {
      return placed.filter.field() == pb::FILTER_FIELD_SUCCESS;
    });
    if (!slots_.group && outcomes == 2) {
      EraseField(pb::FILTER_FIELD_SUCCESS);
      slots_.group = pb::GROUPING_SUCCESS;
    }
  }

  // Statistics get the measure that stands nearest, measures the statistic.
  bool PairFigures(std::vector<pb::Figure>& figures) {
    std::vector<Sense> senses;
    for (const Slots::Named& named : slots_.figures) senses.push_back(named.sense);
    // The latency of retries is no latency and retries.
    for (size_t i = 1; i < senses.size(); ++i) {
      if (senses[i].measure && senses[i - 1].measure && !slots_.figures[i].joined) return false;
    }
    for (size_t i = 0; i < senses.size(); ++i) {
      if (senses[i].measure || !senses[i].statistic) continue;
      // The sum of the averages is no sum and average.
      if (i + 1 < senses.size() && senses[i + 1].statistic && !slots_.figures[i + 1].joined) return false;
      const size_t from = MeasureFor(senses, i);
      if (from == senses.size()) continue;
      if (from > senses.size()) return false;
      senses[i].measure = senses[from].measure;
      if (!senses[from].statistic) senses[from].all = true;  // it was only said to name them
    }
    for (const Sense& sense : senses) {
      if (sense.all && !sense.statistic) continue;
      pb::Measure measure = sense.measure;
      if (!measure) measure = DefaultMeasure(sense.statistic);
      if (!measure) return false;
      if (sense.statistic) {
        figures.push_back(FigureOf(measure, sense.statistic, sense.number));
        if (figures.back().statistic() != pb::STATISTIC_PERCENTILE) figures.back().clear_percentile();
      } else {
        // Average latency and time to first token: one statistic for both; but rates have no sum.
        const bool shared = !figures.empty() && senses.size() > 1 && !IsVerdict(measure) &&
                            figures.back().statistic() != pb::STATISTIC_SHARE &&
                            (figures.back().statistic() != pb::STATISTIC_SUM || AddsUp(measure));
        if (shared) {
          ShareStatistics(measure, figures);
        } else {
          AddUsual(measure, figures);
        }
      }
    }
    return !figures.empty();
  }

  // Which of the senses names what statistic `i` is of: the next one, else the one before; their number where none
  // does, more where both could.
  static size_t MeasureFor(const std::vector<Sense>& senses, size_t i) {
    const auto fits = [&](const Sense& sense) {
      const bool other_kind = sense.statistic == pb::STATISTIC_SUM && senses[i].statistic != pb::STATISTIC_SUM;
      return sense.measure && !IsVerdict(sense.measure) && !other_kind;
    };
    size_t next = i + 1;
    while (next < senses.size() && !senses[next].measure) ++next;
    size_t before = i;
    while (before > 0 && !senses[before - 1].measure) --before;
    const bool has_next = next < senses.size() && fits(senses[next]);
    const bool has_before = before > 0 && fits(senses[before - 1]);
    const bool whole_next = has_next && senses[next].statistic;
    if (has_next && has_before && whole_next && senses[next].measure != senses[before - 1].measure) {
      return senses.size() + 1;
    }
    if (has_next) return next;
    return has_before ? before - 1 : senses.size();
  }

  // p95 alone is of latency; the average of nothing named is of nothing known. Over the slowest, it is of what they are
  // the slowest by.
  pb::Measure DefaultMeasure(pb::Statistic statistic) const {
    if (statistic == pb::STATISTIC_RANGE) return pb::MEASURE_LATENCY;
    if (query_.slices_size() == 1 && RowOf(query_.slices(0).measure()).unit == MeasureUnit::kMilliseconds) {
      return query_.slices(0).measure();
    }
    if (statistic == pb::STATISTIC_DISTRIBUTION && slots_.filters.empty() && slots_.nouns.empty())
      return pb::MEASURE_LATENCY;
    if (statistic == pb::STATISTIC_SUM) return pb::MEASURE_UNSPECIFIED;
    if (slots_.HasNoun("response") && statistic != pb::STATISTIC_PERCENTILE) return pb::MEASURE_UNSPECIFIED;
    return statistic == pb::STATISTIC_PERCENTILE ? pb::MEASURE_LATENCY : pb::MEASURE_UNSPECIFIED;
  }

  // The mean and median of latency and tokens are four.
  static void ShareStatistics(pb::Measure measure, std::vector<pb::Figure>& figures) {
    const pb::Measure before = figures.back().measure();
    std::vector<pb::Figure> shared;
    for (const pb::Figure& figure : figures) {
      if (figure.measure() != before) continue;
      shared.push_back(figure);
      shared.back().set_measure(measure);
    }
    figures.insert(figures.end(), shared.begin(), shared.end());
  }

  void AddUsual(pb::Measure measure, std::vector<pb::Figure>& figures) const {
    const bool grouped = slots_.group != pb::GROUPING_UNSPECIFIED;
    if (AddsUp(measure) && slots_.Says("count")) {
      figures.push_back(FigureOf(measure, pb::STATISTIC_SUM));
      return;
    }
    if (AddsUp(measure) && !slots_.Says("count") && grouped) {
      figures.push_back(FigureOf(measure, pb::STATISTIC_MEAN));
      return;
    }
    for (const pb::Statistic statistic : RowOf(measure).usual) {
      if (statistic == pb::STATISTIC_UNSPECIFIED) break;
      const bool percentile = statistic == pb::STATISTIC_PERCENTILE;
      figures.push_back(FigureOf(measure, statistic, percentile ? std::optional<double>(95) : std::nullopt));
      if (grouped || slots_.Says("count")) break;
    }
  }

  bool SayFigures() {
    if (slots_.Take("howfast") || slots_.Take("howlong")) {
      for (Slots::Named& figure : slots_.figures) {
        if (!figure.sense.measure && slots_.figures.size() == 1) figure.sense.measure = pb::MEASURE_LATENCY;
      }
      if (slots_.figures.empty() && (HasNounOfResults() || !slots_.filters.empty() || slots_.nouns.empty())) {
        slots_.figures.push_back({Sense{.measure = pb::MEASURE_LATENCY}, 0});
      }
    }
    if (slots_.figures.empty()) return false;
    if (SayDistributionOfErrors()) return true;
    // How many prompts took over 2 s is no figure of latency.
    if (slots_.Says("share")) {
      if (slots_.figures.size() == 1 && IsVerdict(slots_.figures[0].sense.measure)) slots_.Take("share");
      if (slots_.Says("share")) return false;
    }
    if (SayListOfMeasure()) return true;
    std::vector<pb::Figure> figures;
    if (!PairFigures(figures)) return false;
    const bool counts = slots_.Says("count");
    for (pb::Figure& figure : figures) {
      if (IsVerdict(figure.measure()) && figure.statistic() != pb::STATISTIC_COUNT)
        figure.set_statistic(pb::STATISTIC_SHARE);
      // How many of a measure that does not add up.
      if (counts && !AddsUp(figure.measure())) return false;
    }
    if (figures[0].measure() == pb::MEASURE_TOTAL_TOKENS && figures[0].statistic() == pb::STATISTIC_SUM &&
        figures.size() == 1) {
      figures.push_back(FigureOf(pb::MEASURE_INPUT_TOKENS, pb::STATISTIC_SUM));
      figures.push_back(FigureOf(pb::MEASURE_OUTPUT_TOKENS, pb::STATISTIC_SUM));
    }
    const bool distributes = std::any_of(figures.begin(), figures.end(), [](const pb::Figure& figure) {
      return figure.statistic() == pb::STATISTIC_DISTRIBUTION;
    });
    if (distributes && (figures.size() > 1 || slots_.group)) return false;
    slots_.Take("count");
    slots_.figures.clear();
    SetFigures(figures);
    TakeDirection();
    slots_.nouns.clear();
    for (const char* symbol : {"list", "any", "all", "howfast", "howlong"}) slots_.Take(symbol);
    if (slots_.group || !slots_.Says("each")) TakeGroup();
    slots_.Take("each");
    return true;
  }

  // How are errors distributed: how many of each type, or in each group.
  bool SayDistributionOfErrors() {
    const Sense& figure = slots_.figures[0].sense;
    const bool bare = slots_.figures.size() == 1 && !figure.measure && figure.word.empty();
    if (!bare || figure.statistic != pb::STATISTIC_DISTRIBUTION || !HasField(pb::FILTER_FIELD_SUCCESS)) return false;
    if (!slots_.group) slots_.group = pb::GROUPING_ERROR_TYPE;
    slots_.figures.clear();
    slots_.said.insert("count");
    return SayCount();
  }

  // The latency of each prompt, of prompt 7, of the failed ones by name.
  bool SayListOfMeasure() {
    if (slots_.figures.size() != 1 || slots_.figures[0].sense.statistic || slots_.group) return false;
    const pb::Measure measure = slots_.figures[0].sense.measure;
    if (!measure || IsVerdict(measure)) return false;
    if (!slots_.Says("each") && prompts_ == 0) return false;
    query_.set_measure(measure);
    query_.set_statistic(pb::STATISTIC_LIST);
    if (slots_.Says("each")) query_.set_limit(1000);
    slots_.figures.clear();
    slots_.nouns.clear();
    TakeDirection();
    for (const char* symbol : {"each", "list", "count", "howlong", "any", "all"}) slots_.Take(symbol);
    return true;
  }

  void TakeDirection() {
    if (!slots_.direction || !slots_.group) return;
    query_.set_order(slots_.direction->order);
    slots_.direction.reset();
  }

  // What is counted, and among which: attributes and what stands before the noun choose the population, what is said of
  // it the condition.
  void SplitPopulation() {
    int noun = -1;
    for (const auto& [word, at] : slots_.nouns) {
      if (at > slots_.asked_at && word != "category" && noun < 0) noun = at;
    }
    const bool predicate = std::any_of(slots_.filters.begin(), slots_.filters.end(), [&](const Slots::Placed& placed) {
      return placed.at > noun && noun >= 0 && !IsAttribute(placed.filter.field());
    });
    const bool any_other = std::any_of(slots_.filters.begin(), slots_.filters.end(),
                                       [](const Slots::Placed& placed) { return !IsAttribute(placed.filter.field()); });
    const bool named_among = std::any_of(slots_.filters.begin(), slots_.filters.end(),
                                         [](const Slots::Placed& placed) { return placed.among; });
    const bool shares =
        query_.statistic() == pb::STATISTIC_SHARE && !named_among &&
        !IsAttribute(slots_.filters.empty() ? pb::FILTER_FIELD_RUN : slots_.filters.back().filter.field());
    for (const Slots::Placed& placed : slots_.filters) {
      const bool run = placed.filter.field() == pb::FILTER_FIELD_RUN;
      const bool attribute = any_other && IsAttribute(placed.filter.field());
      const bool before_noun = predicate && placed.at >= slots_.asked_at && placed.at < noun;
      // What share of responses under 100 tokens were truncated: the last is what is said of them.
      const bool said_of = shares && &placed != &slots_.filters.back() && any_other && LastIsSaidOfTheRest();
      const bool among = run || attribute || before_noun || said_of || placed.among;
      *(among ? query_.add_among() : query_.add_filters()) = placed.filter;
    }
    slots_.filters.clear();
    slots_.nouns.clear();
  }

  // Responses under 100 tokens were truncated; but not requests that succeeded at the first attempt.
  bool LastIsSaidOfTheRest() const {
    const auto is_one_of = [](const std::string& word, std::initializer_list<std::string_view> words) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    const std::string& last = slots_.filters.back().after;
    if (is_one_of(last, {"were", "was", "are", "is", "did", "had", "have", "got"})) return true;
    if (is_one_of(last, {"and", "or", "und", "y", "e", "et", "和"})) return false;
    const std::string& first = slots_.filters.front().after;
    return !is_one_of(first, {"that", "which", "who", "die", "das", "der", "que", "qui"});
  }

  bool SayShare() {
    if (!slots_.Take("share")) return false;
    if (slots_.share_of == "fail") slots_.filters.push_back({Outcome(false), 1 << 20});
    if (slots_.share_of == "timeout") {
      slots_.filters.push_back({TextFilter(pb::FILTER_FIELD_ERROR_TYPE, pb::COMPARISON_EQUAL, "timeout"), 1 << 20});
    }
    if (slots_.share_of == "truncated") {
      slots_.filters.push_back({TextFilter(pb::FILTER_FIELD_FINISH_REASON, pb::COMPARISON_EQUAL, "length"), 1 << 20});
    }
    if (slots_.share_of == "checkfail") {
      slots_.filters.push_back({TextFilter(pb::FILTER_FIELD_CHECKS_PASSED, pb::COMPARISON_EQUAL, "false"), 1 << 20});
    }
    slots_.Take("count");
    slots_.Take("list");
    slots_.Take("all");
    slots_.Take("any");
    if (slots_.filters.empty() || !slots_.figures.empty()) return false;
    pb::Measure measure = pb::MEASURE_RESULTS;
    // The share of what passed its checks is of what has checks.
    for (const Slots::Placed& placed : slots_.filters) {
      if (placed.filter.field() == pb::FILTER_FIELD_CHECKS_PASSED && placed.filter.text() == "true")
        measure = pb::MEASURE_CHECKS;
      if (placed.filter.field() == pb::FILTER_FIELD_SUCCESS && placed.filter.text() == "true" &&
          OthersAreAttributes(placed)) {
        measure = pb::MEASURE_SUCCESS;
      }
    }
    if (measure == pb::MEASURE_SUCCESS) EraseField(pb::FILTER_FIELD_SUCCESS);
    if (measure == pb::MEASURE_CHECKS) EraseField(pb::FILTER_FIELD_CHECKS_PASSED);
    SetFigures({FigureOf(measure, pb::STATISTIC_SHARE)});
    TakeDirection();
    if (measure == pb::MEASURE_RESULTS) SplitPopulation();
    // The language has no share of two conditions among all: the first would choose the population.
    if (query_.among().empty() && query_.filters_size() > 1) return false;
    slots_.nouns.clear();
    TakeGroup();
    return true;
  }
  bool OthersAreAttributes(const Slots::Placed& one) const {
    return std::all_of(slots_.filters.begin(), slots_.filters.end(), [&](const Slots::Placed& placed) {
      return &placed == &one || IsAttribute(placed.filter.field());
    });
  }

  bool SayCount() {
    const bool by_kind = slots_.group == pb::GROUPING_ERROR_TYPE || slots_.group == pb::GROUPING_OUTCOME ||
                         slots_.group == pb::GROUPING_FINISH_REASON || slots_.group == pb::GROUPING_HTTP_STATUS ||
                         slots_.group == pb::GROUPING_SUCCESS || slots_.group == pb::GROUPING_CHECKS_PASSED;
    const bool common = slots_.Take("common");
    if (common && !slots_.group && HasField(pb::FILTER_FIELD_SUCCESS)) slots_.group = pb::GROUPING_ERROR_TYPE;
    if (common && !slots_.group) return false;
    const bool grouped_filters = slots_.group && !OnlyAttributes();
    if (!slots_.Take("count") && !by_kind && !common && !grouped_filters) return false;
    if (!slots_.figures.empty()) return false;
    if (slots_.filters.empty() && slots_.nouns.empty() && !slots_.group) return false;
    // Which categories had no failures: how many each had, the least first.
    if (slots_.group && !slots_.by && slots_.filters.size() == 1 && slots_.filters[0].negated) {
      const std::optional<pb::Filter> turned = Negated(slots_.filters[0].filter);
      if (!turned) return false;
      slots_.filters[0].filter = *turned;
      query_.set_order(pb::ORDER_ASCENDING);
    }
    // Errors by type are errors.
    if (slots_.group == pb::GROUPING_ERROR_TYPE) {
      if (!HasField(pb::FILTER_FIELD_SUCCESS) && !HasField(pb::FILTER_FIELD_ERROR_TYPE)) {
        slots_.filters.push_back({Outcome(false), 1 << 20});
      }
    }
    SetFigures({FigureOf(pb::MEASURE_RESULTS, pb::STATISTIC_COUNT)});
    if (common) query_.set_order(pb::ORDER_DESCENDING);
    TakeDirection();
    SplitPopulation();
    for (const char* symbol : {"list", "any", "all", "summary", "each"}) slots_.Take(symbol);
    TakeGroup();
    return true;
  }

  // Results by category, without more: what people compare.
  bool SayGroups() {
    if (!slots_.group || !slots_.figures.empty() || !OnlyAttributes()) return false;
    // Sort the categories by p95 latency.
    if (slots_.order && slots_.order->measure) {
      const Sense order = *std::exchange(slots_.order, std::nullopt);
      slots_.figures.push_back({order, 0});
      if (!SayFigures()) return false;
      query_.set_order(order.order);
      return true;
    }
    const bool lists = slots_.Says("list");
    for (const char* symbol : {"list", "any", "summary", "howfast"}) slots_.Take(symbol);
    const bool counts = !lists && slots_.by && !slots_.HasNoun("result") && HasNounOfResults();
    slots_.nouns.clear();
    if (slots_.direction) return false;
    // Requests per category are counted.
    if (counts) {
      SetFigures({FigureOf(pb::MEASURE_RESULTS, pb::STATISTIC_COUNT)});
      SplitPopulation();
      TakeGroup();
      return true;
    }
    SetComparison();
    TakeGroup();
    return true;
  }

  bool SayList() {
    if (!slots_.figures.empty() || slots_.group || slots_.Says("count") || slots_.Says("share")) return false;
    const bool asks = slots_.Says("list") || slots_.Says("any") || slots_.Says("all");
    const bool part = query_.slices_size() > 0 && HasNounOfResults();
    if (prompts_ > 0 && HasField(pb::FILTER_FIELD_DUPLICATE)) return false;  // whether they are the same as each other?
    if (slots_.filters.empty() && !part && !(slots_.Says("all") && HasNounOfResults()) &&
        !(slots_.Says("list") && HasNounOfResults() && slots_.plural) && !(slots_.order && HasNounOfResults())) {
      return false;
    }
    // Did all succeed: how many did.
    const bool all = slots_.Take("all");
    const auto verdict = std::find_if(slots_.filters.begin(), slots_.filters.end(),
                                      [](const Slots::Placed& placed) { return !IsAttribute(placed.filter.field()); });
    if (all && verdict != slots_.filters.end() && OthersAreAttributes(*verdict) && !slots_.Says("list")) {
      const pb::Filter filter = verdict->filter;
      const bool success = filter.field() == pb::FILTER_FIELD_SUCCESS && filter.text() == "true";
      const bool checks = filter.field() == pb::FILTER_FIELD_CHECKS_PASSED && filter.text() == "true";
      if (success || checks) {
        slots_.filters.erase(verdict);
        slots_.nouns.clear();
        slots_.Take("any");
        SetFigures({FigureOf(success ? pb::MEASURE_SUCCESS : pb::MEASURE_CHECKS, pb::STATISTIC_SHARE)});
        return true;
      }
    }
    const bool only_run = std::all_of(slots_.filters.begin(), slots_.filters.end(), [](const Slots::Placed& placed) {
      return placed.filter.field() == pb::FILTER_FIELD_RUN;
    });
    if (only_run && !HasNounOfResults()) return false;
    (void)asks;
    slots_.Take("list");
    slots_.Take("any");
    slots_.Take("each");
    query_.set_measure(ListedMeasure());
    query_.set_statistic(pb::STATISTIC_LIST);
    TakePresumed();
    if (slots_.number && prompts_ > 0) return false;
    if (!TakeLimit()) return false;
    if (slots_.order) {
      query_.set_measure(slots_.order->measure);
      query_.set_order(slots_.order->order);
      slots_.order.reset();
      if (!query_.measure()) return false;
      if (!query_.has_limit()) query_.set_limit(1000);
    }
    slots_.nouns.clear();
    return true;
  }

  // What the last condition on a number speaks of is shown.
  pb::Measure ListedMeasure() const {
    pb::Measure measure = pb::MEASURE_RESULTS;
    for (const Slots::Placed& placed : slots_.filters) {
      const std::optional<pb::Measure> compared = MeasureOf(placed.filter.field());
      if (compared && *compared != pb::MEASURE_ATTEMPTS && *compared != pb::MEASURE_RETRIES) measure = *compared;
    }
    return measure;
  }

  void Finish() {
    // Two runs that are named are compared, whatever words ask for their figures.
    const bool figures = query_.statistic() != pb::STATISTIC_LIST && query_.statistic() != pb::STATISTIC_DIFFERENCE;
    if (compared_runs_ && figures && query_.group_by() == pb::GROUPING_RUN && !query_.has_base_run()) {
      query_.set_compares(true);
      CompareRuns(compared_runs_->first, compared_runs_->second);
    }
    for (const Slots::Placed& placed : slots_.filters) {
      // Figures of a part by rank are of the part of what the filters choose.
      *(query_.slices().empty() ? query_.add_filters() : query_.add_among()) = placed.filter;
    }
    slots_.filters.clear();
    // Nouns and "and" say nothing more by now.
    slots_.nouns.clear();
    slots_.plural = false;
  }

  Slots slots_;
  const std::optional<pb::Query>& before_;
  pb::Query query_;
  size_t prompts_ = 0;
  std::optional<std::pair<double, double>> compared_runs_;
};

}  // namespace

Composed Compose(Slots slots, const std::optional<pb::Query>& before) {
  const std::vector<std::string> more_formats = slots.more_formats;
  Composed composed = Composer(std::move(slots), before).Compose();
  if (composed.queries.empty()) return composed;
  for (const std::string& format : more_formats) {
    composed.queries.push_back(composed.queries.back());
    composed.queries.back().set_export_format(format);
  }
  return composed;
}

}  // namespace ftl::analytics

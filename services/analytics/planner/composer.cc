#include "services/analytics/planner/composer.h"

#include <algorithm>
#include <utility>

namespace ftl::analytics {
namespace {

bool IsScope(pb::FilterField field) {
  return field == pb::FILTER_FIELD_CATEGORY || field == pb::FILTER_FIELD_DIFFICULTY || field == pb::FILTER_FIELD_HALF ||
         field == pb::FILTER_FIELD_RUN || field == pb::FILTER_FIELD_PROMPT_TEXT || field == pb::FILTER_FIELD_PROMPT_ID;
}

template <typename Filters>
bool HasField(const Filters& filters, pb::FilterField field) {
  return std::any_of(filters.begin(), filters.end(), [&](const pb::Filter& filter) { return filter.field() == field; });
}

template <typename Filters>
const pb::Filter* Find(const Filters& filters, pb::FilterField field) {
  for (const pb::Filter& filter : filters) {
    if (filter.field() == field) return &filter;
  }
  return nullptr;
}

void Erase(std::vector<pb::Filter>& filters, pb::FilterField field) {
  std::erase_if(filters, [&](const pb::Filter& filter) { return filter.field() == field; });
}

// Billing and returns: either of them. Values of one field that are asked for together become one filter.
void JoinAlternatives(std::vector<pb::Filter>& filters) {
  std::vector<pb::Filter> joined;
  for (const pb::Filter& filter : filters) {
    const bool said = std::any_of(joined.begin(), joined.end(), [&](const pb::Filter& other) {
      return other.SerializeAsString() == filter.SerializeAsString();
    });
    if (said) continue;
    auto same = std::find_if(joined.begin(), joined.end(), [&](const pb::Filter& other) {
      const bool words = filter.field() == pb::FILTER_FIELD_CATEGORY || filter.field() == pb::FILTER_FIELD_DIFFICULTY ||
                         filter.field() == pb::FILTER_FIELD_ERROR_TYPE;
      return words && other.field() == filter.field() && filter.comparison() == pb::COMPARISON_EQUAL &&
             (other.comparison() == pb::COMPARISON_EQUAL || other.comparison() == pb::COMPARISON_IN);
    });
    if (same == joined.end()) {
      joined.push_back(filter);
      continue;
    }
    if (same->comparison() == pb::COMPARISON_EQUAL) {
      if (same->text() == filter.text()) continue;
      same->set_comparison(pb::COMPARISON_IN);
      same->add_texts(same->text());
      same->clear_text();
    }
    same->add_texts(filter.text());
  }
  filters = std::move(joined);
}

pb::Figure FigureOf(pb::Measure measure, pb::Statistic statistic, double percentile = 0) {
  pb::Figure figure;
  figure.set_measure(measure);
  figure.set_statistic(statistic);
  if (statistic == pb::STATISTIC_PERCENTILE) figure.set_percentile(percentile);
  return figure;
}

class Composer {
 public:
  Composer(Reading reading, const std::optional<pb::Query>& before) : reading_(std::move(reading)), before_(before) {}

  std::optional<pb::Query> Compose() && {
    Simplify();
    if (before_ && Leans()) return Lean();
    if (reading_.SaysNothing()) return std::nullopt;
    if (reading_.exports || reading_.format) return Export();
    if (!Say()) return std::nullopt;
    Finish();
    return query_;
  }

 private:
  // What is said twice is said once.
  void Simplify() {
    std::vector<pb::Filter>& filters = reading_.filters;
    bool wins = false;
    bool losses = false;
    for (const pb::Filter& filter : filters) {
      if (filter.field() == pb::FILTER_FIELD_SUCCESS) (filter.text() == "true" ? wins : losses) = true;
    }
    // How many succeeded and how many failed; did all succeed.
    const bool asks_all = wins && reading_.all && !reading_.lists && !reading_.HasMeasure();
    if ((wins && losses) || asks_all) {
      Erase(filters, pb::FILTER_FIELD_SUCCESS);
      reading_.figures = {FigureOf(pb::MEASURE_SUCCESS, pb::STATISTIC_SHARE)};
    }
    if (HasField(filters, pb::FILTER_FIELD_ERROR_TYPE) || HasField(filters, pb::FILTER_FIELD_CHECKS_PASSED)) {
      Erase(filters, pb::FILTER_FIELD_SUCCESS);
    }
    // Which failed the checks: the checks are what failed.
    for (size_t i = 0; i < reading_.figures.size(); ++i) {
      pb::Filter* outcome = nullptr;
      for (pb::Filter& filter : filters) {
        if (filter.field() == pb::FILTER_FIELD_SUCCESS) outcome = &filter;
      }
      if (reading_.figures[i].measure() != pb::MEASURE_CHECKS ||
          reading_.figures[i].statistic() != pb::STATISTIC_UNSPECIFIED)
        continue;
      if (outcome) {
        outcome->set_field(pb::FILTER_FIELD_CHECKS_PASSED);
        reading_.figures.erase(reading_.figures.begin() + static_cast<std::ptrdiff_t>(i));
      } else if (HasField(filters, pb::FILTER_FIELD_CHECKS_PASSED)) {
        reading_.figures.erase(reading_.figures.begin() + static_cast<std::ptrdiff_t>(i));
      }
      break;
    }
    // This run with the one before; run 1 with run 2.
    if ((reading_.compares || reading_.group_by == pb::GROUPING_RUN) && HasField(filters, pb::FILTER_FIELD_RUN)) {
      Erase(filters, pb::FILTER_FIELD_RUN);
      reading_.group_by = pb::GROUPING_RUN;
    }
    const pb::Filter* failed = Find(filters, pb::FILTER_FIELD_SUCCESS);
    const bool of_failures = (failed && failed->text() == "false") || HasField(filters, pb::FILTER_FIELD_ERROR_TYPE) ||
                             (before_ && HasField(before_->filters(), pb::FILTER_FIELD_SUCCESS));
    if (reading_.group_by == pb::GROUPING_UNSPECIFIED && (reading_.by_type || reading_.common)) {
      reading_.group_by = of_failures ? pb::GROUPING_ERROR_TYPE : pb::GROUPING_CATEGORY;
    }
    if (reading_.common && reading_.direction == 0) reading_.direction = 1;
    const int halves = static_cast<int>(std::count_if(filters.begin(), filters.end(), [](const pb::Filter& filter) {
      return filter.field() == pb::FILTER_FIELD_HALF;
    }));
    if (halves > 1 || (halves == 1 && (reading_.compares || (reading_.ranked_by && !HasNoun())))) {
      Erase(filters, pb::FILTER_FIELD_HALF);
      reading_.group_by = pb::GROUPING_HALF;
    }
    // "Is the p95 above 3 s?" asks for the p95 of all, not of those above.
    for (const pb::Figure& figure : reading_.figures) {
      const bool time = figure.measure() == pb::MEASURE_LATENCY || figure.measure() == pb::MEASURE_UNSPECIFIED;
      if (figure.statistic() == pb::STATISTIC_UNSPECIFIED || HasNoun() || reading_.refers || reading_.counts) continue;
      if (time && !reading_.tokens) Erase(filters, pb::FILTER_FIELD_LATENCY);
      if (figure.measure() == pb::MEASURE_TTFT) Erase(filters, pb::FILTER_FIELD_TTFT);
      if (figure.measure() == pb::MEASURE_OUTPUT_TOKENS || reading_.tokens)
        Erase(filters, pb::FILTER_FIELD_OUTPUT_TOKENS);
    }
    JoinAlternatives(filters);
    for (const auto& [field, grouping] : {std::pair{pb::FILTER_FIELD_CATEGORY, pb::GROUPING_CATEGORY},
                                          std::pair{pb::FILTER_FIELD_DIFFICULTY, pb::GROUPING_DIFFICULTY}}) {
      const pb::Filter* filter = Find(filters, field);
      if (filter && filter->comparison() == pb::COMPARISON_IN && reading_.group_by == pb::GROUPING_UNSPECIFIED &&
          (reading_.compares || reading_.ranked_by || !HasNoun())) {
        reading_.group_by = grouping;
      }
    }
    // Whatever holds for all stands before what is asked of it: shares are of the last filter.
    std::stable_sort(filters.begin(), filters.end(),
                     [](const pb::Filter& a, const pb::Filter& b) { return IsScope(a.field()) > IsScope(b.field()); });
  }

  bool HasNoun() const { return reading_.says_prompt || reading_.says_response || reading_.says_call; }

  bool Leans() const {
    if (reading_.follows || reading_.only || reading_.refers || reading_.more) return true;
    if (reading_.why && !reading_.HasMeasure() && !reading_.ranked_by && reading_.filters.empty()) return true;
    return !reading_.IsWhole() && !reading_.SaysNothing();
  }

  std::optional<pb::Query> Lean() {
    const bool fragment = !reading_.HasMeasure() && !reading_.ranked_by && !reading_.counts && !reading_.shares;
    // Whole questions keep what the talk is about; fragments, and those that say "those", keep every filter.
    for (const pb::Filter& filter : before_->filters()) {
      if (HasField(reading_.filters, filter.field())) continue;
      if (filter.field() == pb::FILTER_FIELD_SUCCESS && HasField(reading_.filters, pb::FILTER_FIELD_ERROR_TYPE))
        continue;
      const bool bare_count = reading_.counts && reading_.filters.empty() && !reading_.HasMeasure();
      if (fragment || reading_.refers || bare_count || IsScope(filter.field())) reading_.filters.push_back(filter);
    }
    std::stable_sort(reading_.filters.begin(), reading_.filters.end(),
                     [](const pb::Filter& a, const pb::Filter& b) { return IsScope(a.field()) > IsScope(b.field()); });
    if (reading_.exports || reading_.format) return Export();
    if (reading_.summary) {
      return Say() ? (Finish(), std::optional(query_)) : std::nullopt;
    }
    if (reading_.why) return Why();
    // "How many tokens did they have?" of those just listed in order: the same list, told with everything about each.
    const bool ranked = before_->statistic() == pb::STATISTIC_LIST && before_->order() != pb::ORDER_UNSPECIFIED;
    if (ranked && reading_.refers && reading_.HasMeasure() && !reading_.ranked_by) {
      query_ = *before_;
      query_.set_explain(true);
      return query_;
    }
    if (before_->all_runs()) reading_.all_runs = true;
    if (reading_.HasMeasure() || reading_.ranked_by || reading_.counts || reading_.shares || reading_.over_time) {
      // "And the output tokens?" asks for the same of something else.
      if (reading_.HasMeasure() && !reading_.counts && !reading_.shares && !reading_.lists && !reading_.ranked_by) {
        KeepStatistic();
      }
      if (reading_.group_by == pb::GROUPING_UNSPECIFIED && reading_.HasMeasure() && !reading_.refers &&
          before_->group_by() != pb::GROUPING_ERROR_TYPE) {
        reading_.group_by = before_->group_by();
      }
      if (!Say()) return std::nullopt;
      Finish();
      return query_;
    }
    return Amend();
  }

  void KeepStatistic() {
    const pb::Statistic statistic = before_->statistic();
    if (statistic == pb::STATISTIC_LIST) {
      // The longest ones, after the slowest ones: a list again, when something is asked of the results themselves.
      if (before_->order() != pb::ORDER_UNSPECIFIED && reading_.refers) {
        reading_.lists = true;
      }
      return;
    }
    if (statistic == pb::STATISTIC_SUMMARY || statistic == pb::STATISTIC_SHARE || statistic == pb::STATISTIC_COUNT)
      return;
    if (reading_.figures.empty() && reading_.tokens) {
      pb::Figure figure;
      figure.set_statistic(statistic);
      reading_.figures.push_back(figure);
    }
    for (pb::Figure& figure : reading_.figures) {
      if (figure.statistic() != pb::STATISTIC_UNSPECIFIED) continue;
      figure.set_statistic(statistic);
      if (before_->has_percentile()) figure.set_percentile(before_->percentile());
    }
  }

  // The query before with what is said anew: another statistic, filter, grouping, limit or way to show it.
  std::optional<pb::Query> Amend() {
    query_ = *before_;
    query_.clear_explain();
    query_.mutable_filters()->Clear();
    for (const pb::Filter& filter : reading_.filters) *query_.add_filters() = filter;
    if (!reading_.figures.empty()) {
      const bool measured = before_->statistic() != pb::STATISTIC_SUMMARY &&
                            before_->measure() != pb::MEASURE_RESULTS && before_->measure() != pb::MEASURE_SUCCESS &&
                            before_->measure() != pb::MEASURE_CHECKS;
      const pb::Measure measure = measured ? before_->measure() : pb::MEASURE_LATENCY;
      query_.mutable_also()->Clear();
      query_.clear_order();
      query_.clear_limit();
      query_.clear_percentile();
      bool first = true;
      for (pb::Figure figure : reading_.figures) {
        figure.set_measure(measure);
        if (first) {
          SetFigure(figure);
        } else {
          *query_.add_also() = figure;
        }
        first = false;
      }
    } else if (query_.statistic() == pb::STATISTIC_SUMMARY) {
      query_.set_measure(pb::MEASURE_LATENCY);
      query_.set_statistic(reading_.group_by != pb::GROUPING_UNSPECIFIED || reading_.chart ? pb::STATISTIC_MEAN
                                                                                           : pb::STATISTIC_LIST);
      if (query_.statistic() == pb::STATISTIC_LIST) query_.set_measure(pb::MEASURE_RESULTS);
    }
    if (reading_.group_by != pb::GROUPING_UNSPECIFIED) {
      query_.set_group_by(reading_.group_by);
      if (query_.statistic() == pb::STATISTIC_LIST) {
        const bool counts = query_.measure() == pb::MEASURE_RESULTS || query_.order() == pb::ORDER_UNSPECIFIED;
        query_.set_measure(counts ? pb::MEASURE_RESULTS : query_.measure());
        query_.set_statistic(counts ? pb::STATISTIC_COUNT : pb::STATISTIC_MEAN);
        query_.clear_limit();
        query_.clear_order();
      }
    } else if (reading_.lists && query_.statistic() != pb::STATISTIC_LIST) {
      // Show them; which ones?
      query_.set_statistic(pb::STATISTIC_LIST);
      query_.clear_group_by();
      query_.mutable_also()->Clear();
      query_.clear_percentile();
    }
    if (reading_.direction != 0) query_.set_order(reading_.direction > 0 ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING);
    if (reading_.limit) query_.set_limit(*reading_.limit);
    if (reading_.more && !reading_.limit) query_.set_limit(std::min(1000, std::max(20, query_.limit() * 4)));
    Present();
    return query_;
  }

  std::optional<pb::Query> Why() {
    const bool failures = HasField(reading_.filters, pb::FILTER_FIELD_SUCCESS) ||
                          HasField(reading_.filters, pb::FILTER_FIELD_ERROR_TYPE) ||
                          before_->group_by() == pb::GROUPING_ERROR_TYPE || before_->measure() == pb::MEASURE_SUCCESS;
    query_ = pb::Query();
    query_.set_statistic(pb::STATISTIC_LIST);
    query_.set_explain(true);
    for (const pb::Filter& filter : reading_.filters) *query_.add_filters() = filter;
    if (failures) {
      query_.set_measure(pb::MEASURE_RESULTS);
      if (!HasField(reading_.filters, pb::FILTER_FIELD_SUCCESS) &&
          !HasField(reading_.filters, pb::FILTER_FIELD_ERROR_TYPE)) {
        AddFailed();
      }
    } else if (HasField(reading_.filters, pb::FILTER_FIELD_CHECKS_PASSED) ||
               before_->measure() == pb::MEASURE_RESULTS) {
      query_.set_measure(pb::MEASURE_RESULTS);
    } else {
      const bool summary = before_->statistic() == pb::STATISTIC_SUMMARY;
      query_.set_measure(summary ? pb::MEASURE_LATENCY : before_->measure());
      query_.set_order(before_->order() == pb::ORDER_ASCENDING ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING);
      query_.set_limit(before_->statistic() == pb::STATISTIC_LIST && before_->has_limit() ? before_->limit() : 3);
    }
    return query_;
  }

  void AddFailed() {
    pb::Filter& failed = *query_.add_filters();
    failed.set_field(pb::FILTER_FIELD_SUCCESS);
    failed.set_comparison(pb::COMPARISON_EQUAL);
    failed.set_text("false");
  }

  std::optional<pb::Query> Export() {
    query_ = pb::Query();
    query_.set_measure(pb::MEASURE_RESULTS);
    query_.set_statistic(pb::STATISTIC_LIST);
    query_.set_presentation(pb::PRESENTATION_EXPORT);
    query_.set_export_format(reading_.format.value_or("csv"));
    for (const pb::Filter& filter : reading_.filters) *query_.add_filters() = filter;
    if (reading_.all_runs) query_.set_all_runs(true);
    return query_;
  }

  void SetFigure(const pb::Figure& figure) {
    query_.set_measure(figure.measure());
    query_.set_statistic(figure.statistic());
    if (figure.has_percentile()) query_.set_percentile(figure.percentile());
  }

  // Measure and statistic of the query, from whatever is said. False where that is too little.
  bool Say() {
    query_ = pb::Query();
    if (reading_.over_time && reading_.group_by == pb::GROUPING_UNSPECIFIED) reading_.group_by = pb::GROUPING_HALF;
    const bool grouped = reading_.group_by != pb::GROUPING_UNSPECIFIED;
    if (reading_.group_by == pb::GROUPING_ERROR_TYPE) return SayErrors();
    if (reading_.summary && SummaryAlone()) {
      query_.set_measure(pb::MEASURE_RESULTS);
      query_.set_statistic(pb::STATISTIC_SUMMARY);
      return true;
    }
    if (reading_.ranked_by) return SayRanking(grouped);
    if (HasFigures()) return SayFigures(grouped);
    if (reading_.shares || reading_.counts) return SayCount(grouped);
    if (grouped && std::all_of(reading_.filters.begin(), reading_.filters.end(),
                               [](const pb::Filter& filter) { return IsScope(filter.field()); })) {
      return SayComparison();
    }
    if (!reading_.filters.empty()) return grouped ? SayCount(true) : SayList();
    if (reading_.compares && reading_.all_runs) return SayComparison();
    if (reading_.lists && (HasNoun() || reading_.limit || reading_.table)) return SayList();
    if (reading_.why) {
      query_.set_measure(pb::MEASURE_RESULTS);
      query_.set_statistic(pb::STATISTIC_LIST);
      query_.set_explain(true);
      AddFailed();
      return true;
    }
    if (reading_.chart) {
      query_.set_measure(pb::MEASURE_LATENCY);
      query_.set_statistic(pb::STATISTIC_DISTRIBUTION);
      return true;
    }
    return false;
  }

  bool SummaryAlone() const {
    return !HasFigures() && reading_.filters.empty() && reading_.group_by == pb::GROUPING_UNSPECIFIED &&
           !reading_.ranked_by && !reading_.compares;
  }
  bool HasFigures() const { return !reading_.figures.empty() || reading_.tokens; }

  bool SayErrors() {
    if (HasField(reading_.filters, pb::FILTER_FIELD_PROMPT_ID)) {
      query_.set_measure(pb::MEASURE_RESULTS);
      query_.set_statistic(pb::STATISTIC_LIST);
      query_.set_explain(true);
      return true;
    }
    query_.set_measure(pb::MEASURE_RESULTS);
    query_.set_statistic(pb::STATISTIC_COUNT);
    if (!HasField(reading_.filters, pb::FILTER_FIELD_SUCCESS) &&
        !HasField(reading_.filters, pb::FILTER_FIELD_ERROR_TYPE)) {
      pb::Filter failed;
      failed.set_field(pb::FILTER_FIELD_SUCCESS);
      failed.set_comparison(pb::COMPARISON_EQUAL);
      failed.set_text("false");
      reading_.filters.push_back(failed);
    }
    if (reading_.direction != 0) query_.set_order(reading_.direction > 0 ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING);
    return true;
  }

  bool SayRanking(bool grouped) {
    if (reading_.both_ends && !grouped) {
      SetFigure(FigureOf(*reading_.ranked_by, pb::STATISTIC_MAX));
      *query_.add_also() = FigureOf(*reading_.ranked_by, pb::STATISTIC_MIN);
      return true;
    }
    query_.set_measure(*reading_.ranked_by);
    query_.set_order(reading_.direction > 0 ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING);
    if (grouped) {
      query_.set_statistic(Statistic().value_or(pb::STATISTIC_MEAN));
      return true;
    }
    // "Slowest by time to first token": ranked by what is named.
    if (reading_.tokens && *reading_.ranked_by == pb::MEASURE_RESPONSE_LENGTH)
      query_.set_measure(pb::MEASURE_OUTPUT_TOKENS);
    for (const pb::Figure& figure : reading_.figures) {
      const bool other = figure.measure() != pb::MEASURE_UNSPECIFIED && figure.measure() != pb::MEASURE_LATENCY;
      if (other && figure.statistic() == pb::STATISTIC_UNSPECIFIED) query_.set_measure(figure.measure());
    }
    query_.set_statistic(pb::STATISTIC_LIST);
    SetRankedLimit();
    return true;
  }

  void SetRankedLimit() {
    if (reading_.limit) {
      query_.set_limit(*reading_.limit);
    } else if (reading_.singular) {
      query_.set_limit(1);
    }
  }

  std::optional<pb::Statistic> Statistic() const {
    for (const pb::Figure& figure : reading_.figures) {
      if (figure.statistic() != pb::STATISTIC_UNSPECIFIED) return figure.statistic();
    }
    return std::nullopt;
  }

  // Says which tokens are meant, and what is asked of a measure that comes without a statistic.
  bool SayFigures(bool grouped) {
    ResolveTokens();
    // How finish reasons are distributed; how errors are.
    const bool spread =
        Statistic() == pb::STATISTIC_DISTRIBUTION && reading_.figures.front().measure() == pb::MEASURE_UNSPECIFIED;
    if (spread && grouped) return SayCount(true);
    if (spread && HasField(reading_.filters, pb::FILTER_FIELD_SUCCESS)) {
      reading_.group_by = pb::GROUPING_ERROR_TYPE;
      return SayErrors();
    }
    bool any_statistic = false;
    for (const pb::Figure& figure : reading_.figures) {
      any_statistic = any_statistic || figure.statistic() != pb::STATISTIC_UNSPECIFIED;
    }
    const pb::Measure first = reading_.figures.front().measure();
    const bool is_verdict = first == pb::MEASURE_SUCCESS || first == pb::MEASURE_CHECKS;
    // The most tokens: a list by that measure; a group's figure where grouped.
    if (!any_statistic && reading_.direction != 0 && first != pb::MEASURE_UNSPECIFIED && !is_verdict && !grouped) {
      query_.set_order(reading_.direction > 0 ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING);
      const bool names_results = HasNoun() || reading_.limit || reading_.lists;
      query_.set_measure(first);
      query_.set_statistic(names_results            ? pb::STATISTIC_LIST
                           : reading_.direction > 0 ? pb::STATISTIC_MAX
                                                    : pb::STATISTIC_MIN);
      if (names_results) {
        SetRankedLimit();
      } else {
        query_.clear_order();
      }
      return true;
    }
    // What a single prompt, or each, took: a list with that measure. So are results chosen by a filter.
    const bool each = reading_.by_each && HasNoun() && !grouped;
    const bool chosen =
        HasField(reading_.filters, pb::FILTER_FIELD_PROMPT_ID) ||
        (reading_.lists && HasNoun() && !reading_.filters.empty() && !reading_.counts && !reading_.shares);
    if (!any_statistic && (each || chosen) && !is_verdict) {
      query_.set_measure(first);
      query_.set_statistic(pb::STATISTIC_LIST);
      if (each) query_.set_limit(reading_.limit.value_or(1000));
      return true;
    }
    if (reading_.counts && !any_statistic && !Counts(first) && !reading_.filters.empty()) return SayCount(grouped);
    if (reading_.over_time && !any_statistic) reading_.figures.front().set_statistic(pb::STATISTIC_MEAN);
    if (grouped && reading_.direction != 0) {
      query_.set_order(reading_.direction > 0 ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING);
    }
    std::vector<pb::Figure> figures;
    for (pb::Figure figure : reading_.figures) {
      if (figure.measure() == pb::MEASURE_UNSPECIFIED) {
        if (figure.statistic() == pb::STATISTIC_SUM) {
          // "In total" of nothing that adds up is a count.
          if (reading_.counts || HasNoun() || !reading_.filters.empty()) return SayCount(grouped);
          figure.set_measure(pb::MEASURE_TOTAL_TOKENS);
        } else if (reading_.group_by == pb::GROUPING_UNSPECIFIED && !reading_.left_out.empty() &&
                   reading_.filters.empty()) {
          return false;  // the average of something unknown
        } else {
          figure.set_measure(reading_.says_response && !HasPercentile() ? pb::MEASURE_RESPONSE_LENGTH
                                                                        : pb::MEASURE_LATENCY);
        }
      }
      if (figure.statistic() == pb::STATISTIC_SUM && IsVerdict(figure.measure()))
        figure.set_statistic(pb::STATISTIC_SHARE);
      if (figure.statistic() == pb::STATISTIC_MEAN && IsVerdict(figure.measure()))
        figure.set_statistic(pb::STATISTIC_SHARE);
      if (figure.statistic() == pb::STATISTIC_UNSPECIFIED) {
        AddUsual(figure.measure(), grouped, figures);
      } else {
        figures.push_back(figure);
        if (figure.measure() == pb::MEASURE_TOTAL_TOKENS && figure.statistic() == pb::STATISTIC_SUM) {
          figures.push_back(FigureOf(pb::MEASURE_INPUT_TOKENS, pb::STATISTIC_SUM));
          figures.push_back(FigureOf(pb::MEASURE_OUTPUT_TOKENS, pb::STATISTIC_SUM));
        }
      }
    }
    SetFigure(figures.front());
    // A distribution stands alone.
    if (query_.statistic() == pb::STATISTIC_DISTRIBUTION) return true;
    for (size_t i = 1; i < figures.size(); ++i) {
      if (figures[i].statistic() != pb::STATISTIC_DISTRIBUTION) *query_.add_also() = figures[i];
    }
    return true;
  }

  bool HasPercentile() const { return Statistic() == pb::STATISTIC_PERCENTILE; }
  static bool IsVerdict(pb::Measure measure) { return measure == pb::MEASURE_SUCCESS || measure == pb::MEASURE_CHECKS; }
  // Whether "how many" of them is a sum: how many tokens.
  static bool Counts(pb::Measure measure) {
    return measure == pb::MEASURE_INPUT_TOKENS || measure == pb::MEASURE_OUTPUT_TOKENS ||
           measure == pb::MEASURE_TOTAL_TOKENS || measure == pb::MEASURE_RESPONSE_CHARACTERS ||
           measure == pb::MEASURE_RESPONSE_WORDS || measure == pb::MEASURE_ATTEMPTS || measure == pb::MEASURE_CHECKS;
  }

  void ResolveTokens() {
    if (!reading_.tokens) return;
    const bool sum = Statistic() == pb::STATISTIC_SUM;
    bool given = false;
    const bool mean_too = std::any_of(reading_.figures.begin(), reading_.figures.end(), [](const pb::Figure& figure) {
      return figure.statistic() == pb::STATISTIC_MEAN;
    });
    if (sum && mean_too) {
      reading_.figures = {FigureOf(pb::MEASURE_TOTAL_TOKENS, pb::STATISTIC_MEAN)};
      return;
    }
    for (pb::Figure& figure : reading_.figures) {
      if (figure.measure() != pb::MEASURE_UNSPECIFIED) continue;
      figure.set_measure(figure.statistic() == pb::STATISTIC_SUM ? pb::MEASURE_TOTAL_TOKENS
                                                                 : pb::MEASURE_OUTPUT_TOKENS);
      given = true;
    }
    if (given) return;
    const bool of_results = reading_.direction != 0 || reading_.by_each || reading_.says_response || reading_.lists ||
                            reading_.group_by != pb::GROUPING_UNSPECIFIED;
    if (reading_.direction != 0 || (of_results && !reading_.counts && !reading_.lists)) {
      reading_.figures.push_back(FigureOf(pb::MEASURE_OUTPUT_TOKENS, pb::STATISTIC_UNSPECIFIED));
    } else {
      reading_.figures.push_back(FigureOf(pb::MEASURE_TOTAL_TOKENS, pb::STATISTIC_UNSPECIFIED));
    }
  }

  // What people want to know of a measure when they say no more.
  void AddUsual(pb::Measure measure, bool grouped, std::vector<pb::Figure>& figures) const {
    if (IsVerdict(measure)) {
      figures.push_back(FigureOf(measure, pb::STATISTIC_SHARE));
    } else if (reading_.counts && Counts(measure)) {
      figures.push_back(FigureOf(measure, pb::STATISTIC_SUM));
      if (measure == pb::MEASURE_TOTAL_TOKENS) {
        figures.push_back(FigureOf(pb::MEASURE_INPUT_TOKENS, pb::STATISTIC_SUM));
        figures.push_back(FigureOf(pb::MEASURE_OUTPUT_TOKENS, pb::STATISTIC_SUM));
      }
    } else if (measure == pb::MEASURE_INPUT_TOKENS || measure == pb::MEASURE_OUTPUT_TOKENS) {
      figures.push_back(FigureOf(measure, grouped ? pb::STATISTIC_MEAN : pb::STATISTIC_SUM));
      if (!grouped) figures.push_back(FigureOf(measure, pb::STATISTIC_MEAN));
    } else if (measure == pb::MEASURE_TOTAL_TOKENS) {
      figures.push_back(FigureOf(measure, pb::STATISTIC_SUM));
      figures.push_back(FigureOf(pb::MEASURE_INPUT_TOKENS, pb::STATISTIC_SUM));
      figures.push_back(FigureOf(pb::MEASURE_OUTPUT_TOKENS, pb::STATISTIC_SUM));
    } else {
      figures.push_back(FigureOf(measure, pb::STATISTIC_MEAN));
      if (!grouped && (measure == pb::MEASURE_LATENCY || measure == pb::MEASURE_TTFT || measure == pb::MEASURE_ITL)) {
        figures.push_back(FigureOf(measure, pb::STATISTIC_MEDIAN));
        figures.push_back(FigureOf(measure, pb::STATISTIC_PERCENTILE, 95));
      }
    }
  }

  bool SayCount(bool grouped) {
    const pb::Filter* outcome = Find(reading_.filters, pb::FILTER_FIELD_SUCCESS);
    // The share of successes is the success rate.
    if ((reading_.shares || (grouped && !reading_.counts)) && outcome && outcome->text() == "true") {
      Erase(reading_.filters, pb::FILTER_FIELD_SUCCESS);
      query_.set_measure(pb::MEASURE_SUCCESS);
      query_.set_statistic(pb::STATISTIC_SHARE);
    } else if (reading_.shares && HasField(reading_.filters, pb::FILTER_FIELD_CHECKS_PASSED) &&
               Find(reading_.filters, pb::FILTER_FIELD_CHECKS_PASSED)->text() == "true") {
      Erase(reading_.filters, pb::FILTER_FIELD_CHECKS_PASSED);
      query_.set_measure(pb::MEASURE_CHECKS);
      query_.set_statistic(pb::STATISTIC_SHARE);
    } else {
      if (reading_.filters.empty() && !HasNoun() && !grouped && !before_) return false;
      query_.set_measure(pb::MEASURE_RESULTS);
      query_.set_statistic(reading_.shares && !reading_.filters.empty() ? pb::STATISTIC_SHARE : pb::STATISTIC_COUNT);
    }
    if (grouped && reading_.direction != 0) {
      query_.set_order(reading_.direction > 0 ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING);
    }
    return true;
  }

  bool SayList() {
    query_.set_measure(pb::MEASURE_RESULTS);
    for (const pb::Filter& filter : reading_.filters) {
      switch (filter.field()) {
        case pb::FILTER_FIELD_LATENCY:
          query_.set_measure(pb::MEASURE_LATENCY);
          break;
        case pb::FILTER_FIELD_TTFT:
          query_.set_measure(pb::MEASURE_TTFT);
          break;
        case pb::FILTER_FIELD_OUTPUT_TOKENS:
          query_.set_measure(pb::MEASURE_OUTPUT_TOKENS);
          break;
        case pb::FILTER_FIELD_INPUT_TOKENS:
          query_.set_measure(pb::MEASURE_INPUT_TOKENS);
          break;
        case pb::FILTER_FIELD_RESPONSE_CHARACTERS:
          query_.set_measure(pb::MEASURE_RESPONSE_CHARACTERS);
          break;
        case pb::FILTER_FIELD_RESPONSE_WORDS:
          query_.set_measure(pb::MEASURE_RESPONSE_WORDS);
          break;
        case pb::FILTER_FIELD_TOKENS_PER_SECOND:
          query_.set_measure(pb::MEASURE_TOKENS_PER_SECOND);
          break;
        default:
          break;
      }
    }
    query_.set_statistic(pb::STATISTIC_LIST);
    if (reading_.limit) query_.set_limit(*reading_.limit);
    if (reading_.why) query_.set_explain(true);
    return true;
  }

  // Groups beside each other, and nothing said of what: latency, success and length.
  bool SayComparison() {
    if (reading_.group_by == pb::GROUPING_UNSPECIFIED) reading_.group_by = pb::GROUPING_RUN;
    if (reading_.group_by == pb::GROUPING_FINISH_REASON || reading_.counts || reading_.common) {
      query_.set_measure(pb::MEASURE_RESULTS);
      query_.set_statistic(pb::STATISTIC_COUNT);
      return true;
    }
    SetFigure(FigureOf(pb::MEASURE_LATENCY, pb::STATISTIC_MEAN));
    *query_.add_also() = FigureOf(pb::MEASURE_SUCCESS, pb::STATISTIC_SHARE);
    *query_.add_also() = FigureOf(pb::MEASURE_OUTPUT_TOKENS, pb::STATISTIC_MEAN);
    if (reading_.direction != 0) query_.set_order(reading_.direction > 0 ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING);
    return true;
  }

  void Present() {
    if (reading_.chart) query_.set_presentation(pb::PRESENTATION_CHART);
    if (reading_.table) query_.set_presentation(pb::PRESENTATION_TABLE);
    if (reading_.all_runs) query_.set_all_runs(true);
  }

  void Finish() {
    for (const pb::Filter& filter : reading_.filters) *query_.add_filters() = filter;
    if (reading_.group_by != pb::GROUPING_UNSPECIFIED && query_.statistic() != pb::STATISTIC_LIST &&
        query_.statistic() != pb::STATISTIC_DISTRIBUTION && query_.statistic() != pb::STATISTIC_SUMMARY) {
      query_.set_group_by(reading_.group_by);
    }
    if (reading_.why && (query_.statistic() == pb::STATISTIC_LIST)) query_.set_explain(true);
    Present();
  }

  Reading reading_;
  const std::optional<pb::Query>& before_;
  pb::Query query_;
};

}  // namespace

std::optional<pb::Query> Compose(Reading reading, const std::optional<pb::Query>& before) {
  return Composer(std::move(reading), before).Compose();
}

}  // namespace ftl::analytics

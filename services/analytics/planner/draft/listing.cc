#include "services/analytics/planner/draft/draft.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/proto/enum_word.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {

// "What was the longest?" may be a response or a wait.
bool Draft::SayAmbiguous(Composed& composed) {
  return SayAmbiguousDuration(composed) || SayAmbiguousLength(composed) || SayAmbiguousFate(composed);
}

// "How long did it take?" may be the run or a request.
bool Draft::SayAmbiguousDuration(Composed& composed) {
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

bool Draft::SayAmbiguousLength(Composed& composed) {
  if (slots_.ranks.size() != 1 || slots_.ranks[0].word != "length" || slots_.group) return false;
  const bool most = slots_.ranks[0].order == pb::ORDER_DESCENDING;
  for (const pb::Measure measure : {pb::MEASURE_RESPONSE_LENGTH, pb::MEASURE_LATENCY}) {
    Draft one(*this);
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
  // The longest by latency: something else said which.
  if (composed.choices[0].query.SerializeAsString() == composed.choices[1].query.SerializeAsString()) {
    composed.queries = {composed.choices[0].query};
    composed.choices.clear();
  }
  return true;
}

// "Passed in run 1 but failed in run 2": passed its checks and failed them, or went through and did not?
bool Draft::SayAmbiguousFate(Composed& composed) {
  if (!slots_.Take("mixedfate")) return false;
  for (const pb::FilterField field : {pb::FILTER_FIELD_CHECKS_PASSED, pb::FILTER_FIELD_SUCCESS}) {
    Draft one(*this);
    for (Slots::Placed& placed : one.slots_.filters) {
      const pb::FilterField named = placed.filter.field();
      if (named == pb::FILTER_FIELD_SUCCESS || named == pb::FILTER_FIELD_CHECKS_PASSED) placed.filter.set_field(field);
    }
    const bool said = one.SayCount() || one.SayList();
    one.Finish();
    if (!said || !one.slots_.IsEmpty()) {
      composed.choices.clear();
      return false;
    }
    composed.choices.push_back({one.query_, ""});
  }
  return true;
}

bool Draft::SayExport() {
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
  if (slots_.ranks.size() > 1) return false;
  if (!slots_.ranks.empty()) {
    *query_.add_slices() = SliceOf(slots_.ranks[0]);
    slots_.ranks.clear();
  }
  slots_.nouns.clear();
  return slots_.figures.empty();
}

// How long did run 1 take compared to run 2: the facts of each.
bool Draft::SayFactsOfTwoRuns(Composed& composed) {
  if (!slots_.figures.empty()) return false;
  Draft begun(*this);
  std::optional<std::pair<double, double>> runs = compared_runs_;
  // Did run 1 take longer than run 2?
  const bool of_runs = slots_.nouns.empty() && !slots_.Says("list") && slots_.ranks.empty();
  if (of_runs && slots_.difference && slots_.difference->took && slots_.comparatives.empty()) {
    const auto named = std::find_if(slots_.filters.begin(), slots_.filters.end(), [](const Slots::Placed& placed) {
      return placed.filter.field() == pb::FILTER_FIELD_RUN;
    });
    runs = {slots_.difference->numbers[0], named == slots_.filters.end() ? 0 : named->filter.number()};
    begun.EraseField(pb::FILTER_FIELD_RUN);
    begun.slots_.difference.reset();
    begun.slots_.said.insert("howlong");
  } else if (of_runs && runs && slots_.comparatives.size() == 1 && slots_.comparatives[0].took) {
    begun.slots_.comparatives.clear();
    begun.slots_.said.insert("howlong");
  }
  if (!runs || !begun.slots_.comparatives.empty()) return false;
  for (const double run : {runs->first, runs->second}) {
    Draft one(begun);
    one.slots_.group = pb::GROUPING_UNSPECIFIED;
    one.slots_.filters.push_back({NumberFilter(pb::FILTER_FIELD_RUN, pb::COMPARISON_EQUAL, run), -1});
    const bool facts = one.SayFacts();
    one.Finish();
    if (!facts || !one.slots_.IsEmpty()) {
      composed.queries.clear();
      return false;
    }
    composed.queries.push_back(one.query_);
  }
  return true;
}

bool Draft::SayFacts() {
  // How long did run 1 take?
  const bool of_run = !slots_.filters.empty() && slots_.figures.empty() && slots_.nouns.empty();
  if (slots_.facts.empty() && of_run && slots_.Says("howlong")) slots_.facts = {"duration"};
  if (slots_.facts.empty()) return false;
  // How many prompts are questions: more than how many there are.
  const bool counts = slots_.facts == std::vector<std::string>{"prompts"};
  if (counts && (slots_.HasNoun("prompt") || slots_.HasNoun("response"))) return false;
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

bool Draft::SaySummary() {
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

// What the model answered to one prompt.
bool Draft::SayWhole() {
  if (!slots_.Take("whole")) return false;
  slots_.Take("list");
  query_.set_measure(pb::MEASURE_RESULTS);
  query_.set_statistic(pb::STATISTIC_LIST);
  query_.set_whole(true);
  if (slots_.ranks.size() > 1) return false;
  if (!slots_.ranks.empty()) {
    *query_.add_slices() = SliceOf(slots_.ranks[0]);
    slots_.ranks.clear();
  }
  slots_.nouns.clear();
  return slots_.figures.empty();
}

bool Draft::SayWhy() {
  if (!slots_.Says("why")) return false;
  if (slots_.Says("all") && !slots_.Says("list")) return false;  // why all of them do: whether they do is not known
  for (const char* symbol : {"why", "any", "list", "all"}) slots_.Take(symbol);
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

bool Draft::SayList() {
  if (!slots_.figures.empty() || slots_.group || slots_.Says("count") || slots_.Says("share")) return false;
  const bool by_number = query_.slices_size() == 1 && !query_.slices(0).measure() && !query_.slices(0).exclude();
  const bool part = query_.slices_size() > 0 && (HasNounOfResults() || by_number);  // the first ten
  if (prompts_ > 0 && HasField(pb::FILTER_FIELD_DUPLICATE)) return false;  // whether they are the same as each other?
  if (slots_.filters.empty() && !part && !(slots_.Says("all") && HasNounOfResults()) &&
      !(slots_.Says("list") && HasNounOfResults() && slots_.plural) &&
      !(slots_.order && (HasNounOfResults() || slots_.number))) {
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
  if (only_run && !HasNounOfResults() && !by_number && !slots_.order) return false;
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
pb::Measure Draft::ListedMeasure() const {
  pb::Measure measure = pb::MEASURE_RESULTS;
  for (const Slots::Placed& placed : slots_.filters) {
    const std::optional<pb::Measure> compared = MeasureOf(placed.filter.field());
    if (compared && *compared != pb::MEASURE_ATTEMPTS && *compared != pb::MEASURE_RETRIES) measure = *compared;
  }
  return measure;
}

}  // namespace ftl::analytics

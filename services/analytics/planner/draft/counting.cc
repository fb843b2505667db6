#include "services/analytics/planner/draft/draft.h"

#include <algorithm>
#include <utility>

namespace ftl::analytics {
namespace {

// Whether what stands behind the word is said of what stands before it.
bool IsSaid(std::string_view word) {
  static constexpr std::string_view kVerbs[] = {"were", "was", "are",   "is",    "did",  "had",
                                                "have", "got", "sind",  "waren", "son",  "fueron",
                                                "sont", "sao", "foram", "estan", "estao"};
  return std::find(std::begin(kVerbs), std::end(kVerbs), word) != std::end(kVerbs);
}

}  // namespace

// What is counted, and among which: attributes and what stands before the noun choose the population, what is said of
// it the condition.
void Draft::SplitPopulation() {
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
  // What fraction of the timeouts are in billing: of the timeouts.
  const bool placed_last = query_.statistic() == pb::STATISTIC_SHARE && !named_among && any_other &&
                           IsAttribute(slots_.filters.back().filter.field()) && IsSaid(slots_.filters.back().after);
  for (const Slots::Placed& placed : slots_.filters) {
    if (placed_last) {
      *(&placed == &slots_.filters.back() ? query_.add_filters() : query_.add_among()) = placed.filter;
      continue;
    }
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
bool Draft::LastIsSaidOfTheRest() const {
  const auto is_one_of = [](const std::string& word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  const std::string& last = slots_.filters.back().after;
  if (IsSaid(last)) return true;
  if (is_one_of(last, {"and", "or", "und", "y", "e", "et", "和"})) return false;
  const std::string& first = slots_.filters.front().after;
  return !is_one_of(first, {"that", "which", "who", "die", "das", "der", "que", "qui"});
}

bool Draft::SayShare() {
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

bool Draft::SayCount() {
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
  if (slots_.Says("each") && !slots_.group) return false;                          // each result is one
  if (prompts_ == 1 && slots_.filters.size() == 1 && !slots_.group) return false;  // so is a prompt that is named
  // How many answers were given: results that have one. How many different ones there are is not known.
  if (OnlyAttributes() && slots_.HasNoun("response") && !by_kind) slots_.filters.push_back({Outcome(true), 1 << 20});
  for (const Slots::Placed& placed : slots_.filters) {
    if (placed.filter.field() == pb::FILTER_FIELD_DUPLICATE && placed.filter.text() == "false") return false;
  }
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
  for (const char* symbol : {"list", "any", "all", "summary", "each", "per"}) slots_.Take(symbol);
  TakeGroup();
  return true;
}

// Results by category, without more: what people compare.
bool Draft::SayGroups() {
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

}  // namespace ftl::analytics

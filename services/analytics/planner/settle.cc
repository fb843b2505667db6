#include "services/analytics/planner/settle.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "services/analytics/planner/constituents.h"
#include "services/analytics/planner/dialogue.h"
#include "services/analytics/planner/planner.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

class Settler {
 public:
  Settler(Slots slots, const std::optional<pb::Query>& before) : slots_(std::move(slots)), before_(before) {}

  std::optional<Settled> Settle() && {
    // The number 10 in answers is a text; the number of what is a count.
    if (slots_.numbered == "number" && (!slots_.nouns.empty() || slots_.Says("count"))) return std::nullopt;
    ResolveMeasures();
    if (!ResolveFilters()) return std::nullopt;
    MergeFilters();
    if (Contradicts() && !slots_.Says("compare") && slots_.comparatives.empty()) return std::nullopt;
    TakePrompts();
    if (!TakeRuns()) return std::nullopt;
    SettleHeads();
    return Settled{std::move(slots_), prompts_, compared_runs_};
  }

 private:
  void ResolveMeasures() {
    for (Slots::Named& figure : slots_.figures) Resolve(figure.sense);
    for (Sense& rank : slots_.ranks) Resolve(rank);
    for (Sense& excluded : slots_.parts) Resolve(excluded);
    for (Sense& comparative : slots_.comparatives) {
      // Longer than run 2: a run has no length but its time.
      const bool of_run = slots_.nouns.empty() && !slots_.runs.empty();
      if (comparative.word == "length" && of_run) {
        comparative.word.clear();
        comparative.measure = pb::MEASURE_LATENCY;
        comparative.took = true;
      }
      Resolve(comparative);
    }
    if (slots_.order) Resolve(*slots_.order);
    if (slots_.having) Resolve(*slots_.having);
    if (slots_.difference) Resolve(*slots_.difference);
    SettleLengthUnit();
  }

  // Response length in words is one measure.
  void SettleLengthUnit() {
    if (slots_.figures.size() != 2 || slots_.figures[0].sense.measure != pb::MEASURE_RESPONSE_LENGTH) return;
    const Sense& unit = slots_.figures[1].sense;
    const bool is_unit = unit.measure == pb::MEASURE_RESPONSE_WORDS || unit.measure == pb::MEASURE_RESPONSE_CHARACTERS;
    if (!is_unit || unit.statistic) return;
    slots_.figures[0].sense.measure = unit.measure;
    slots_.figures.pop_back();
  }

  void Resolve(Sense& sense) const {
    if (sense.word == "tokens") {
      const bool summed = sense.statistic == pb::STATISTIC_SUM ||
                          (!sense.statistic && !sense.order && !HasMean() && !slots_.Says("correlate"));
      sense.measure = summed ? pb::MEASURE_TOTAL_TOKENS : pb::MEASURE_OUTPUT_TOKENS;
      if (slots_.group && !sense.statistic && !slots_.Says("count")) sense.measure = pb::MEASURE_OUTPUT_TOKENS;
      sense.word.clear();
      sense.unit = Unit::kTokens;
    } else if (sense.word == "length") {
      sense.measure = pb::MEASURE_RESPONSE_LENGTH;
      const bool of_prompt = slots_.HasNoun("prompt") || slots_.numbered == "prompt";
      if (of_prompt && !slots_.HasNoun("response")) sense.measure = pb::MEASURE_PROMPT_CHARACTERS;
      // How long was the longest wait?
      const bool of_wait =
          slots_.ranks.size() == 1 && RowOf(slots_.ranks[0].measure).unit == MeasureUnit::kMilliseconds;
      if (of_wait && !slots_.HasNoun("response")) sense.measure = slots_.ranks[0].measure;
      if (slots_.HasNoun("call") && !slots_.HasNoun("response")) sense.measure = pb::MEASURE_LATENCY;
      sense.word = slots_.nouns.empty() ? "length" : "";
    }
  }
  bool HasMean() const {
    return std::any_of(slots_.figures.begin(), slots_.figures.end(), [](const Slots::Named& figure) {
      return figure.sense.statistic && figure.sense.statistic != pb::STATISTIC_SUM;
    });
  }

  // The nearest noun before a text says which text is looked at.
  pb::FilterField TextFieldAt(int at) const {
    const bool of_prompts = slots_.facts == std::vector<std::string>{"prompts"};  // how many prompts
    pb::FilterField field = of_prompts ? pb::FILTER_FIELD_PROMPT_TEXT : pb::FILTER_FIELD_RESPONSE_TEXT;
    int nearest = -1;
    for (const auto& [noun, place] : slots_.nouns) {
      if (place > at || place < nearest) continue;
      nearest = place;
      field = noun == "prompt" ? pb::FILTER_FIELD_PROMPT_TEXT : pb::FILTER_FIELD_RESPONSE_TEXT;
    }
    return field;
  }

  bool ResolveFilters() {
    for (Slots::Placed& placed : slots_.filters) {
      if (!ResolveText(placed.filter, placed.at)) return false;
      if (placed.compared && !ResolveNumber(placed)) return false;
      if (placed.length && !ResolveLength(placed)) return false;
      if (!placed.length && !OfItsNoun(placed)) return false;
    }
    return true;
  }

  bool ResolveText(pb::Filter& filter, int at) const {
    for (pb::Filter& inner : *filter.mutable_any_of()) {
      if (!ResolveText(inner, at)) return false;
    }
    const bool text = !filter.text().empty() || !filter.texts().empty();
    if (filter.field() == pb::FILTER_FIELD_UNSPECIFIED && text) filter.set_field(TextFieldAt(at));
    return true;
  }

  // Prompts longer than 50 characters are prompts of more, not answers.
  bool ResolveLength(Slots::Placed& placed) const {
    if (TextFieldAt(placed.at) != pb::FILTER_FIELD_PROMPT_TEXT)
      return placed.filter.has_number() || HasNounBefore(placed.at);
    switch (placed.filter.field()) {
      case pb::FILTER_FIELD_RESPONSE_CHARACTERS:
        placed.filter.set_field(pb::FILTER_FIELD_PROMPT_CHARACTERS);
        return true;
      case pb::FILTER_FIELD_OUTPUT_TOKENS:
        placed.filter.set_field(pb::FILTER_FIELD_INPUT_TOKENS);
        return true;
      case pb::FILTER_FIELD_RESPONSE_WORDS:
        return false;
      default:
        return true;
    }
  }
  // Prompts of more than 500 characters are long prompts; their words are not counted.
  bool OfItsNoun(Slots::Placed& placed) const {
    const pb::FilterField field = placed.filter.field();
    if (field != pb::FILTER_FIELD_RESPONSE_WORDS && field != pb::FILTER_FIELD_RESPONSE_CHARACTERS) return true;
    if (!placed.filter.has_number() || placed.filter.number() == 0) return true;
    if (TextFieldAt(placed.at) != pb::FILTER_FIELD_PROMPT_TEXT || slots_.HasNoun("response")) return true;
    placed.filter.set_field(pb::FILTER_FIELD_PROMPT_CHARACTERS);
    return field == pb::FILTER_FIELD_RESPONSE_CHARACTERS;
  }
  bool HasNounBefore(int at) const {
    return std::any_of(slots_.nouns.begin(), slots_.nouns.end(),
                       [&](const auto& noun) { return noun.second <= at && noun.first == "response"; });
  }

  // A number without a unit is compared with the measure that is spoken of.
  bool ResolveNumber(Slots::Placed& placed) {
    pb::FilterField field = pb::FILTER_FIELD_UNSPECIFIED;
    if (slots_.figures.size() == 1 && !slots_.figures[0].sense.statistic) {
      field = FieldOf(slots_.figures[0].sense);
      if (field) slots_.figures.clear();
    }
    if (!field && placed.hint) field = RowOf(placed.hint).field;
    if (!field && before_) field = SpokenOf(*before_);
    // Above the p90, of nothing that is named: as a p90 by itself.
    if (!field && placed.filter.than() == pb::STATISTIC_PERCENTILE) field = pb::FILTER_FIELD_LATENCY;
    if (!field) return false;
    placed.filter.set_field(field);
    const bool time = RowOf(*MeasureOf(field)).unit == MeasureUnit::kMilliseconds;
    if (time && !placed.filter.has_than() && placed.filter.number() <= 30) {
      placed.filter.set_number(placed.filter.number() * 1000);
    }
    return true;
  }

  // Billing and returns are one filter.
  void MergeFilters() {
    std::vector<Slots::Placed> merged;
    for (Slots::Placed& placed : slots_.filters) {
      const auto same = std::find_if(merged.begin(), merged.end(), [&](const Slots::Placed& other) {
        const pb::FilterField field = placed.filter.field();
        const bool merges = field == pb::FILTER_FIELD_CATEGORY || field == pb::FILTER_FIELD_DIFFICULTY ||
                            field == pb::FILTER_FIELD_HALF || field == pb::FILTER_FIELD_ERROR_TYPE;
        if (placed.filter.has_in_run() || other.filter.has_in_run()) return false;
        return merges && other.filter.field() == field && placed.filter.comparison() == pb::COMPARISON_EQUAL &&
               (other.filter.comparison() == pb::COMPARISON_EQUAL || other.filter.comparison() == pb::COMPARISON_IN);
      });
      if (same == merged.end()) {
        merged.push_back(std::move(placed));
      } else {
        Join(same->filter, placed.filter);
      }
    }
    slots_.filters = std::move(merged);
  }
  // Failed and not failed at once is nobody.
  bool Contradicts() const {
    for (const Slots::Placed& one : slots_.filters) {
      for (const Slots::Placed& other : slots_.filters) {
        const std::optional<pb::Filter> negated = Negated(one.filter);
        if (negated && negated->SerializeAsString() == other.filter.SerializeAsString()) return true;
      }
    }
    return false;
  }
  static void Join(pb::Filter& into, const pb::Filter& filter) {
    if (into.SerializeAsString() == filter.SerializeAsString()) return;
    const bool numbers = filter.has_number();
    if (into.comparison() == pb::COMPARISON_EQUAL) {
      if (numbers) {
        into.add_numbers(into.number());
        into.clear_number();
      } else {
        into.add_texts(into.text());
        into.clear_text();
      }
      into.set_comparison(pb::COMPARISON_IN);
    }
    if (numbers) {
      into.add_numbers(filter.number());
    } else {
      into.add_texts(filter.text());
    }
  }

  void TakePrompts() {
    if (slots_.prompts.empty()) return;
    pb::Filter filter = NumberFilter(pb::FILTER_FIELD_PROMPT_ID, pb::COMPARISON_EQUAL, slots_.prompts[0]);
    if (slots_.prompts.size() > 1) {
      filter.clear_number();
      filter.set_comparison(pb::COMPARISON_IN);
      for (const double number : slots_.prompts) filter.add_numbers(number);
    }
    slots_.filters.insert(slots_.filters.begin(), {filter, -1});
    prompts_ = slots_.prompts.size();
    slots_.prompts.clear();
  }

  // "The response" is a noun where no prompt is named; "how many prompts" asks of the run where nothing else is said.
  void SettleHeads() {
    if (!slots_.Take("full") && slots_.Says("whole") && prompts_ == 0 && slots_.ranks.empty()) {
      slots_.Take("whole");
      slots_.nouns.emplace_back("response", 0);
    }
    const bool of_run = std::all_of(slots_.filters.begin(), slots_.filters.end(), [](const Slots::Placed& placed) {
      return placed.filter.field() == pb::FILTER_FIELD_RUN;
    });
    const bool bare = of_run && !slots_.Says("allruns") && !slots_.group && slots_.ranks.empty() && !slots_.difference;
    if (slots_.facts == std::vector<std::string>{"prompts"} && !bare) {
      slots_.facts.clear();
      // How many prompts did I send in total: a count is one.
      const bool in_total = slots_.figures.size() == 1 && slots_.figures[0].sense.statistic == pb::STATISTIC_SUM &&
                            !slots_.figures[0].sense.measure && slots_.figures[0].sense.word.empty();
      if (in_total) slots_.figures.clear();
      slots_.said.insert("count");
      slots_.nouns.emplace_back("prompt", -1);
      slots_.asked_at = 0;
    }
  }

  // Newly failing in run 2: the run before is the one before it; the first has none.
  bool CountOtherRunsFrom(double run) {
    for (Slots::Placed& placed : slots_.filters) {
      pb::Filter& filter = placed.filter;
      if (!filter.has_in_run() || filter.in_run() > 0) continue;
      const double other = run + filter.in_run();
      if (run > 0 && other < 1) return false;
      filter.set_in_run(other);
    }
    return true;
  }

  // One run is a filter; two are compared.
  bool TakeRuns() {
    if (slots_.runs.size() == 1 && slots_.Says("compare") && !slots_.difference) slots_.runs.push_back(0);
    // Is run 2 slower: than the run before it. Whose prompts were slower takes another run to say.
    if (slots_.runs.size() == 1 && !slots_.comparatives.empty() && !slots_.difference) {
      if (slots_.group || slots_.Says("list") || slots_.Says("count")) return false;
      slots_.group = pb::GROUPING_RUN;
    }
    if (slots_.runs.size() == 1) {
      if (!CountOtherRunsFrom(slots_.runs[0])) return false;
      slots_.filters.push_back({NumberFilter(pb::FILTER_FIELD_RUN, pb::COMPARISON_EQUAL, slots_.runs[0]), -1});
    } else if (slots_.runs.size() == 2) {
      if (slots_.group) return false;
      slots_.group = pb::GROUPING_RUN;
      const double one = slots_.runs[0];
      const double other = slots_.runs[1];
      // The run with the run: all there are.
      if (one == other) {
        slots_.said.insert("compare");
        slots_.runs.clear();
        return true;
      }
      slots_.Take("compare");
      // What counts back from the latest is later than what counts from the first.
      const bool in_order = (one > 0) == (other > 0) ? one <= other : one > 0;
      compared_runs_ = in_order ? std::pair(one, other) : std::pair(other, one);
    } else if (slots_.runs.size() > 2) {
      return false;
    }
    slots_.runs.clear();
    return true;
  }

  Slots slots_;
  const std::optional<pb::Query>& before_;
  size_t prompts_ = 0;
  std::optional<std::pair<double, double>> compared_runs_;
};

}  // namespace

std::optional<Settled> Settle(Slots slots, const std::optional<pb::Query>& before) {
  return Settler(std::move(slots), before).Settle();
}

}  // namespace ftl::analytics

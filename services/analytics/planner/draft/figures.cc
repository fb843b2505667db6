#include "services/analytics/planner/draft/draft.h"

#include <algorithm>

#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {

// Statistics get the measure that stands nearest, measures the statistic.
bool Draft::PairFigures(std::vector<pb::Figure>& figures) {
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
    if (i > 0 && senses[i - 1].statistic && !slots_.figures[i].joined) return false;
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
size_t Draft::MeasureFor(const std::vector<Sense>& senses, size_t i) {
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
pb::Measure Draft::DefaultMeasure(pb::Statistic statistic) const {
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
void Draft::ShareStatistics(pb::Measure measure, std::vector<pb::Figure>& figures) {
  const pb::Measure before = figures.back().measure();
  std::vector<pb::Figure> shared;
  for (const pb::Figure& figure : figures) {
    if (figure.measure() != before) continue;
    shared.push_back(figure);
    shared.back().set_measure(measure);
  }
  figures.insert(figures.end(), shared.begin(), shared.end());
}

void Draft::AddUsual(pb::Measure measure, std::vector<pb::Figure>& figures) const {
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

bool Draft::SayFigures() {
  // How long did the retries take: no number of retries.
  const bool of_time = std::all_of(slots_.figures.begin(), slots_.figures.end(), [](const Slots::Named& figure) {
    const MeasureUnit unit = RowOf(figure.sense.measure).unit;
    return unit != MeasureUnit::kCalls && unit != MeasureUnit::kVerdict;
  });
  if (slots_.Says("howlong") && !of_time) return false;
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
    if (IsVerdict(figure.measure()) && figure.statistic() != pb::STATISTIC_COUNT) {
      // A rate is a mean, and has no maximum.
      const bool is_rate = figure.statistic() == pb::STATISTIC_SHARE || figure.statistic() == pb::STATISTIC_MEAN ||
                           figure.statistic() == pb::STATISTIC_SUM;
      if (!is_rate) return false;
      figure.set_statistic(pb::STATISTIC_SHARE);
    }
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
  // The mean per prompt is the mean; the maximum of each prompt is none.
  const bool of_each = slots_.Says("each") && !slots_.group;
  const bool means = std::all_of(figures.begin(), figures.end(), [](const pb::Figure& figure) {
    return figure.statistic() == pb::STATISTIC_MEAN || IsVerdict(figure.measure());
  });
  if (of_each && !(means && slots_.Says("per"))) return false;
  slots_.Take("count");
  slots_.figures.clear();
  SetFigures(figures);
  TakeDirection();
  slots_.nouns.clear();
  for (const char* symbol : {"list", "any", "all", "howfast", "howlong"}) slots_.Take(symbol);
  if (slots_.group || !slots_.Says("each")) TakeGroup();
  for (const char* symbol : {"each", "per"}) slots_.Take(symbol);
  return true;
}

// How are errors distributed: how many of each type, or in each group.
bool Draft::SayDistributionOfErrors() {
  const Sense& figure = slots_.figures[0].sense;
  const bool bare = slots_.figures.size() == 1 && !figure.measure && figure.word.empty();
  if (!bare || figure.statistic != pb::STATISTIC_DISTRIBUTION || !HasField(pb::FILTER_FIELD_SUCCESS)) return false;
  if (!slots_.group) slots_.group = pb::GROUPING_ERROR_TYPE;
  slots_.figures.clear();
  slots_.said.insert("count");
  return SayCount();
}

// The latency of each prompt, of prompt 7, of the failed ones by name.
bool Draft::SayListOfMeasure() {
  if (slots_.figures.size() != 1 || slots_.group) return false;
  const pb::Measure measure = slots_.figures[0].sense.measure;
  // The total of one prompt's tokens is how many they are.
  const bool adds_up = slots_.figures[0].sense.statistic == pb::STATISTIC_SUM && AddsUp(measure) && slots_.Says("each");
  if (slots_.figures[0].sense.statistic && !adds_up) return false;
  if (!measure || IsVerdict(measure)) return false;
  if (!slots_.Says("each") && prompts_ == 0) return false;
  query_.set_measure(measure);
  query_.set_statistic(pb::STATISTIC_LIST);
  if (slots_.Says("each")) query_.set_limit(1000);
  slots_.figures.clear();
  slots_.nouns.clear();
  TakeDirection();
  for (const char* symbol : {"each", "per", "list", "count", "howlong", "any", "all"}) slots_.Take(symbol);
  return true;
}

}  // namespace ftl::analytics

#include "services/analytics/compare/run_comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "services/analytics/compare/paired.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

constexpr int kMostListed = 1000;
constexpr double kLevel = 0.05;
constexpr int kFewestPairs = 6;  // five that all fall one way have a p-value of 0.0625

// JSON has digits for it without an exponent.
constexpr double kLeastChance = 1e-6;

double AtLeast(double p_value) { return std::max(p_value, kLeastChance); }

double ToThousandths(double value) { return std::round(value * 1000) / 1000; }

class Outcomes {
 public:
  void Add(bool base, bool other) {
    if (base && other) told_.set_both(told_.both() + 1);
    if (base && !other) told_.set_only_base(told_.only_base() + 1);
    if (!base && other) told_.set_only_other(told_.only_other() + 1);
    if (!base && !other) told_.set_neither(told_.neither() + 1);
    ++count_;
  }
  int count() const { return count_; }
  pb::PairedOutcomes Told() const {
    pb::PairedOutcomes told = told_;
    told.set_p_value(AtLeast(McNemarExact(told.only_base(), told.only_other())));
    return told;
  }

 private:
  pb::PairedOutcomes told_;
  int count_ = 0;
};

class Differences {
 public:
  void Add(const std::optional<double>& difference) {
    if (difference) values_.push_back(*difference);
  }
  bool empty() const { return values_.empty(); }
  // There is at least one.
  pb::PairedDifference Told() const {
    pb::PairedDifference told;
    for (const double value : values_) {
      if (value < 0) told.set_faster(told.faster() + 1);
      if (value > 0) told.set_slower(told.slower() + 1);
    }
    told.set_n_pairs(static_cast<int32_t>(values_.size()));
    told.set_p_value(AtLeast(SignTest(told.faster(), told.slower())));
    const std::optional<MedianDifference> median = BootstrapMedian(values_);
    told.set_median_difference(ToThousandths(median ? median->median : Median(values_)));
    if (!median) return told;
    told.mutable_interval()->set_low(ToThousandths(median->low));
    told.mutable_interval()->set_high(ToThousandths(median->high));
    return told;
  }

 private:
  std::vector<double> values_;
};

// What is gathered of all pairs, and of those of each category.
struct Gathered {
  void Add(const ResultPair& pair) {
    success.Add(pair.base_success, pair.other_success);
    latency.Add(pair.latency_ms);
    ttft.Add(pair.ttft_ms);
    output_tokens.Add(pair.output_tokens);
  }
  template <typename Message>
  void Tell(Message& told) const {
    told.set_n_pairs(success.count());
    *told.mutable_success() = success.Told();
    if (!latency.empty()) *told.mutable_latency_ms() = latency.Told();
    if (!ttft.empty()) *told.mutable_ttft_ms() = ttft.Told();
    if (!output_tokens.empty()) *told.mutable_output_tokens() = output_tokens.Told();
  }
  Outcomes success;
  Differences latency, ttft, output_tokens;
};

bool DoesWell(bool success, const std::optional<bool>& checks) { return success && checks.value_or(true); }

void TellCategories(const std::map<std::string, Gathered>& categories, pb::CompareRunsResponse& comparison) {
  std::vector<double> p_values;
  for (const auto& [name, gathered] : categories) {
    pb::CategoryComparison& told = *comparison.add_by_category();
    if (!name.empty()) told.set_category(name);
    gathered.Tell(told);
    p_values.push_back(told.success().p_value());
  }
  const std::vector<double> adjusted = HolmAdjusted(p_values);
  for (size_t i = 0; i < adjusted.size(); ++i) {
    comparison.mutable_by_category(static_cast<int>(i))->set_adjusted_p_value(adjusted[i]);
  }
}

// A verdict that is a difference: which way the pairs fall.
int Way(int32_t fewer, int32_t more, double adjusted) {
  if (adjusted >= kLevel || fewer == more) return 0;
  return more > fewer ? 1 : -1;
}

std::string OutcomeWords(std::string_view did, std::string_view whose, const pb::PairedOutcomes& outcomes, int shown) {
  const std::string counts = fmt::format("{} in other alone, {} in base alone; exact McNemar test, p = {:.3g}",
                                         outcomes.only_other(), outcomes.only_base(), outcomes.p_value());
  if (shown != 0) return fmt::format("More {} {} in {} ({}).", whose, did, shown > 0 ? "other" : "base", counts);
  if (outcomes.only_base() + outcomes.only_other() == 0) {
    return fmt::format("The same {} {} in both runs.", whose, did);
  }
  if (TooFewToTell(outcomes)) {
    return fmt::format("Too few prompts part the runs to tell whether more {} {} in one of them ({}).", whose, did,
                       counts);
  }
  return fmt::format("No difference is shown in how many {} {} ({}).", whose, did, counts);
}

std::string DifferenceWords(std::string_view name, std::string_view unit, std::string_view less, std::string_view more,
                            const pb::PairedDifference& difference, int shown) {
  if (TooFewToTell(difference)) {
    return fmt::format("{}: too few to tell ({} of {} pairs differ).", name, difference.faster() + difference.slower(),
                       difference.n_pairs());
  }
  const std::string figures =
      fmt::format("median difference {} {}, 95 % interval {} to {}; {} of {} pairs {}, {} {}; sign test, p = {:.3g}",
                  difference.median_difference(), unit, difference.interval().low(), difference.interval().high(),
                  difference.faster(), difference.n_pairs(), less, difference.slower(), more, difference.p_value());
  if (shown == 0) return fmt::format("{}: no difference is shown ({}).", name, figures);
  return fmt::format("{}: other is {} ({}).", name, shown < 0 ? less : more, figures);
}

std::string Verdict(const pb::CompareRunsResponse& comparison) {
  if (comparison.n_pairs() == 0) {
    return "No prompt of one run stands at the same place of the other with a result in both, so there is nothing to "
           "compare.";
  }
  const ShownDifferences shown = Shown(comparison);
  std::string text = fmt::format("{} {} in both runs. ", comparison.n_pairs(),
                                 comparison.n_pairs() == 1 ? "prompt is" : "prompts are");
  text += OutcomeWords("succeeded", "prompts", comparison.success(), shown.success);
  if (comparison.has_checks()) {
    text += " " + OutcomeWords("passed their checks", "prompts", comparison.checks(), shown.checks);
  }
  if (comparison.has_latency_ms()) {
    text += " " + DifferenceWords("Latency", "ms", "faster", "slower", comparison.latency_ms(), shown.latency);
  }
  if (comparison.has_ttft_ms()) {
    text += " " + DifferenceWords("Time to first token", "ms", "faster", "slower", comparison.ttft_ms(), shown.ttft);
  }
  if (comparison.has_output_tokens()) {
    text += " " + DifferenceWords("Output tokens", "tokens", "shorter", "longer", comparison.output_tokens(),
                                  shown.output_tokens);
  }
  return text;
}

}  // namespace

bool TooFewToTell(const pb::PairedOutcomes& outcomes) {
  return outcomes.only_base() + outcomes.only_other() < kFewestPairs;
}

bool TooFewToTell(const pb::PairedDifference& difference) { return difference.n_pairs() < kFewestPairs; }

ShownDifferences Shown(const pb::CompareRunsResponse& comparison) {
  std::vector<double> p_values = {comparison.success().p_value()};
  if (comparison.has_checks()) p_values.push_back(comparison.checks().p_value());
  for (const pb::PairedDifference* one :
       {&comparison.latency_ms(), &comparison.output_tokens(), &comparison.ttft_ms()}) {
    if (one->n_pairs() > 0) p_values.push_back(one->p_value());
  }
  const std::vector<double> adjusted = HolmAdjusted(p_values);
  auto next = adjusted.begin();
  ShownDifferences shown;
  const auto of_outcomes = [&](const pb::PairedOutcomes& one) {
    return Way(one.only_base(), one.only_other(), *next++);
  };
  // The interval has to bear the test out, so that no verdict stands beside an interval that holds 0.
  const auto of_difference = [&](const pb::PairedDifference& one) {
    if (one.n_pairs() == 0) return 0;
    const int way = Way(one.faster(), one.slower(), *next++);
    const bool borne_out = way < 0 ? one.interval().high() < 0 : one.interval().low() > 0;
    return one.has_interval() && borne_out ? way : 0;
  };
  shown.success = of_outcomes(comparison.success());
  if (comparison.has_checks()) shown.checks = of_outcomes(comparison.checks());
  shown.latency = of_difference(comparison.latency_ms());
  shown.output_tokens = of_difference(comparison.output_tokens());
  shown.ttft = of_difference(comparison.ttft_ms());
  return shown;
}

pb::CompareRunsResponse Compare(const std::vector<ResultPair>& pairs) {
  pb::CompareRunsResponse comparison;
  Gathered all;
  Outcomes checks;
  std::map<std::string, Gathered> categories;
  for (const ResultPair& pair : pairs) {
    all.Add(pair);
    categories[pair.category].Add(pair);
    if (pair.base_checks && pair.other_checks) checks.Add(*pair.base_checks, *pair.other_checks);
    const bool base = DoesWell(pair.base_success, pair.base_checks);
    const bool other = DoesWell(pair.other_success, pair.other_checks);
    if (other && !base && comparison.better_size() < kMostListed) comparison.add_better(pair.prompt_id);
    if (base && !other && comparison.worse_size() < kMostListed) comparison.add_worse(pair.prompt_id);
  }
  all.Tell(comparison);
  if (checks.count() > 0) *comparison.mutable_checks() = checks.Told();
  TellCategories(categories, comparison);
  comparison.set_verdict(Verdict(comparison));
  return comparison;
}

}  // namespace ftl::analytics

#include "services/analytics/compare/tested_difference.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "services/analytics/compare/paired.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

constexpr double kLevel = 0.05;
constexpr int kFewestPairs = 6;         // five that all fall one way have a p-value of 0.0625
constexpr double kLeastChance = 1e-6;   // JSON has digits for it without an exponent
constexpr double kPointsOfShare = 100;  // percentage points

double ToThousandths(double value) { return std::round(value * 1000) / 1000; }

void GiveInterval(pb::TestedDifference& tested, double low, double high) {
  tested.mutable_interval()->set_low(ToThousandths(low));
  tested.mutable_interval()->set_high(ToThousandths(high));
}

void GiveCounts(pb::TestedDifference& tested, int64_t base, int64_t other) {
  tested.set_n_base(static_cast<int32_t>(base));
  tested.set_n_other(static_cast<int32_t>(other));
}

// Which way it falls.
int WayOf(const pb::TestedDifference& tested) {
  if (tested.less() != tested.more()) return tested.more() > tested.less() ? 1 : -1;
  if (tested.difference() == 0) return 0;
  return tested.difference() > 0 ? 1 : -1;
}

// No verdict stands beside an interval that holds 0.
bool IsBorneOut(const pb::TestedDifference& tested, int way) {
  if (!tested.has_interval()) return tested.test() == pb::DIFFERENCE_TEST_MCNEMAR;
  return way < 0 ? tested.interval().high() < 0 : tested.interval().low() > 0;
}

}  // namespace

pb::TestedDifference TestPairedOutcomes(const std::vector<std::pair<bool, bool>>& pairs) {
  pb::TestedDifference tested;
  tested.set_test(pb::DIFFERENCE_TEST_MCNEMAR);
  const auto n = static_cast<int64_t>(pairs.size());
  GiveCounts(tested, n, n);
  if (pairs.empty()) return tested;
  for (const auto& [base, other] : pairs) {
    if (base && !other) tested.set_less(tested.less() + 1);
    if (!base && other) tested.set_more(tested.more() + 1);
  }
  tested.set_difference(
      ToThousandths(kPointsOfShare * (tested.more() - tested.less()) / static_cast<double>(pairs.size())));
  tested.set_p_value(McNemarExact(tested.less(), tested.more()));
  const int parted = tested.less() + tested.more();
  if (parted > 0 && parted < kFewestPairs) tested.set_verdict(pb::DIFFERENCE_VERDICT_TOO_FEW);
  return tested;
}

pb::TestedDifference TestPairedValues(const std::vector<double>& differences) {
  pb::TestedDifference tested;
  tested.set_test(pb::DIFFERENCE_TEST_SIGN);
  const auto n = static_cast<int64_t>(differences.size());
  GiveCounts(tested, n, n);
  if (differences.empty()) return tested;
  for (const double value : differences) {
    if (value < 0) tested.set_less(tested.less() + 1);
    if (value > 0) tested.set_more(tested.more() + 1);
  }
  tested.set_p_value(SignTest(tested.less(), tested.more()));
  const std::optional<MedianDifference> median = BootstrapMedian(differences);
  tested.set_difference(ToThousandths(median ? median->median : Median(differences)));
  if (median) GiveInterval(tested, median->low, median->high);
  if (n < kFewestPairs) tested.set_verdict(pb::DIFFERENCE_VERDICT_TOO_FEW);
  return tested;
}

pb::TestedDifference TestShares(const Share& base, const Share& other) {
  pb::TestedDifference tested;
  tested.set_test(pb::DIFFERENCE_TEST_FISHER);
  GiveCounts(tested, base.n, other.n);
  if (base.n == 0 || other.n == 0) return tested;
  const auto share = [](const Share& one) { return static_cast<double>(one.k) / static_cast<double>(one.n); };
  tested.set_difference(ToThousandths(kPointsOfShare * (share(other) - share(base))));
  const Interval gap = ShareGap(base, other);
  GiveInterval(tested, kPointsOfShare * gap.low, kPointsOfShare * gap.high);
  tested.set_p_value(FisherExact(base, other));
  // All of one and none of the other is the most that so many can part.
  if (FisherExact({0, base.n}, {other.n, other.n}) >= kLevel) tested.set_verdict(pb::DIFFERENCE_VERDICT_TOO_FEW);
  return tested;
}

pb::TestedDifference TestValues(const MiddleValues& base, const MiddleValues& other) {
  pb::TestedDifference tested;
  tested.set_test(pb::DIFFERENCE_TEST_BOOTSTRAP);
  GiveCounts(tested, base.n, other.n);
  if (base.n == 0 || other.n == 0) return tested;
  const std::optional<MedianGap> gap = BootstrapMedianGap(base, other);
  if (!gap) {
    tested.set_p_value(1);
    tested.set_verdict(pb::DIFFERENCE_VERDICT_TOO_FEW);
    return tested;
  }
  tested.set_difference(ToThousandths(gap->difference));
  GiveInterval(tested, gap->low, gap->high);
  tested.set_p_value(gap->p_value);
  return tested;
}

void SettleVerdicts(std::vector<pb::TestedDifference>& tested) {
  std::vector<double> p_values;
  for (const pb::TestedDifference& one : tested) {
    if (std::min(one.n_base(), one.n_other()) > 0) p_values.push_back(one.p_value());
  }
  const std::vector<double> adjusted = HolmAdjusted(p_values);
  auto next = adjusted.begin();
  for (pb::TestedDifference& one : tested) {
    if (std::min(one.n_base(), one.n_other()) == 0) continue;
    const double p_value = *next++;
    one.set_p_value(std::max(one.p_value(), kLeastChance));
    one.set_adjusted_p_value(std::max(p_value, kLeastChance));
    if (one.verdict() != pb::DIFFERENCE_VERDICT_UNSPECIFIED) continue;
    const int way = WayOf(one);
    const bool shown = way != 0 && p_value < kLevel && IsBorneOut(one, way);
    one.set_verdict(!shown    ? pb::DIFFERENCE_VERDICT_NONE_SHOWN
                    : way > 0 ? pb::DIFFERENCE_VERDICT_MORE
                              : pb::DIFFERENCE_VERDICT_LESS);
  }
}

}  // namespace ftl::analytics

#include "services/analytics/narrator/differences.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "common/proto/enum_word.h"
#include "services/analytics/narrator/naming.h"
#include "services/analytics/narrator/quantity.h"
#include "services/analytics/query/find_differences.h"
#include "services/analytics/query/sql_compiler.h"
#include "services/analytics/semantics/column.h"

namespace ftl::analytics {
namespace {

constexpr size_t kMostPairsTold = 6;

bool IsOfShares(const pb::TestedDifference& tested) {
  return tested.test() == pb::DIFFERENCE_TEST_MCNEMAR || tested.test() == pb::DIFFERENCE_TEST_FISHER;
}

bool IsShown(const pb::TestedDifference& tested) {
  return tested.verdict() == pb::DIFFERENCE_VERDICT_LESS || tested.verdict() == pb::DIFFERENCE_VERDICT_MORE;
}

// The prompts fall one way beyond chance, and the interval of their median holds 0 all the same.
bool IsUneven(const pb::TestedDifference& tested) {
  constexpr double kLevel = 0.05;
  return tested.test() == pb::DIFFERENCE_TEST_SIGN && tested.verdict() == pb::DIFFERENCE_VERDICT_NONE_SHOWN &&
         tested.adjusted_p_value() < kLevel;
}

// Of one figure, in one language.
class FigureDifferences {
 public:
  FigureDifferences(Telling& telling, const Finding& finding, const pb::Figure& figure)
      : telling_(telling), language_(telling.language()), finding_(finding), figure_(figure) {
    const std::string column = FigureColumn(figure);
    for (const pb::TestedDifference& tested : finding.differences) {
      if (tested.column() == column) tested_.push_back(&tested);
    }
  }

  bool empty() const { return tested_.empty(); }

  std::string Tell() {
    for (const pb::TestedDifference* tested : tested_) KnowWay(*tested);
    if (tested_.size() == 1) return "\n- " + TellOne(*tested_.front());
    std::vector<const pb::TestedDifference*> shown;
    std::copy_if(tested_.begin(), tested_.end(), std::back_inserter(shown),
                 [](const pb::TestedDifference* tested) { return IsShown(*tested); });
    const auto groups = static_cast<double>(finding_.groups.size());
    if (shown.empty()) {
      const auto least = std::ranges::min_element(
          tested_, {}, [](const pb::TestedDifference* tested) { return tested->adjusted_p_value(); });
      return "\n- " + telling_.Say("compare.groups.none",
                                   {{"figure", Name()},
                                    {"n", CountText(language_, groups)},
                                    {"test", language_.Say("compare.test." + TestName(tested_.front()->test()))},
                                    {"p", ChanceText((*least)->adjusted_p_value())}});
    }
    std::ranges::stable_sort(shown, {}, [](const pb::TestedDifference* tested) { return tested->p_value(); });
    const auto k = static_cast<double>(shown.size());
    const auto n = static_cast<double>(tested_.size());
    telling_.Know({.value = k, .of = n});
    std::string text = "\n- " + telling_.Say("compare.groups.shown", {{"figure", Name()},
                                                                      {"k", CountText(language_, k), k},
                                                                      {"n", CountText(language_, n), n}});
    for (size_t i = 0; i < std::min(shown.size(), kMostPairsTold); ++i) {
      text += "\n  - " + language_.Say("compare.pair", Slots(*shown[i]));
    }
    if (shown.size() > kMostPairsTold) {
      const auto more = static_cast<double>(shown.size() - kMostPairsTold);
      text += "\n  - " + telling_.Say("compare.groups.more", {{"k", CountText(language_, more), more}});
    }
    return text;
  }

 private:
  std::string Name() const {
    const bool shares = figure_.statistic() == pb::STATISTIC_SHARE || figure_.statistic() == pb::STATISTIC_COUNT;
    if (!shares) return MeasureName(language_, figure_.measure());
    const std::string name = FigureName(language_, figure_);
    if (figure_.measure() != pb::MEASURE_RESULTS) return name;
    const std::string counted = CountedText(language_, WithoutRun(finding_.query));
    return counted.empty() ? name : language_.Say("filtered", {{"what", name}, {"filters", counted}});
  }

  // For what a model says of it.
  void KnowWay(const pb::TestedDifference& tested) {
    if (!IsShown(tested)) return;
    const Unit unit = IsOfShares(tested) ? Unit::kPerCent : FactOf(figure_.measure(), 0).unit;
    telling_.Know({.unit = unit,
                   .group = GroupValue(language_, finding_.query.group_by(), tested.other()),
                   .than = GroupValue(language_, finding_.query.group_by(), tested.base()),
                   .way = tested.verdict() == pb::DIFFERENCE_VERDICT_MORE ? 1 : -1});
  }

  std::string TellOne(const pb::TestedDifference& tested) {
    const std::string_view key = IsShown(tested)                                          ? "compare.shown"
                                 : tested.verdict() == pb::DIFFERENCE_VERDICT_TOO_FEW     ? "compare.too_few"
                                 : tested.verdict() == pb::DIFFERENCE_VERDICT_UNSPECIFIED ? "compare.no_values"
                                 : IsUneven(tested)                                       ? "compare.uneven"
                                                                                          : "compare.none";
    return language_.Say(key, Slots(tested));
  }

  std::vector<Slot> Slots(const pb::TestedDifference& tested) {
    return {{"figure", Name()},
            {"way", Way(tested)},
            {"base", GroupValue(language_, finding_.query.group_by(), tested.base())},
            {"other", GroupValue(language_, finding_.query.group_by(), tested.other())},
            {"evidence", Evidence(tested)}};
  }

  std::string Way(const pb::TestedDifference& tested) const {
    const bool is_less =
        tested.verdict() == pb::DIFFERENCE_VERDICT_LESS || (IsUneven(tested) && tested.less() > tested.more());
    const std::string way = is_less ? "less" : "more";
    const std::string own = fmt::format("compare.way.{}.{}", EnumWord(figure_.measure()), way);
    return language_.Say(language_.Has(own) ? own : "compare.way." + way);
  }

  std::string Evidence(const pb::TestedDifference& tested) {
    const double n = tested.n_base();
    const bool paired = finding_.query.group_by() == pb::GROUPING_RUN;
    const bool has_interval = tested.has_interval() || tested.test() == pb::DIFFERENCE_TEST_MCNEMAR;
    const std::string key = has_interval ? "compare.evidence." + TestName(tested.test())
                                         : (paired ? "compare.evidence.few_pairs" : "compare.evidence.few");
    for (const int count : {tested.n_base(), tested.n_other(), tested.less(), tested.more()}) {
      telling_.Know({.value = static_cast<double>(count)});
    }
    return language_.Say(key,
                         std::vector<Slot>{{"n", CountText(language_, n), n},
                                           {"m", CountText(language_, tested.n_other()), tested.n_other()},
                                           {"less", CountText(language_, tested.less()), tested.less()},
                                           {"more", CountText(language_, tested.more()), tested.more()},
                                           {"base", GroupValue(language_, finding_.query.group_by(), tested.base())},
                                           {"other", GroupValue(language_, finding_.query.group_by(), tested.other())},
                                           {"d", GapText(tested, tested.difference(), false)},
                                           {"low", GapText(tested, tested.interval().low(), true)},
                                           {"high", GapText(tested, tested.interval().high(), true)},
                                           {"p", ChanceText(tested.adjusted_p_value())}});
  }

  static std::string TestName(pb::DifferenceTest test) { return EnumWord(test); }

  std::string GapText(const pb::TestedDifference& tested, double gap, bool is_bound) {
    Fact fact = FactOf(figure_.measure(), gap);
    std::string text;
    if (IsOfShares(tested)) {
      fact = {.unit = Unit::kPerCent, .value = gap};
      text = language_.Say("compare.points", {{"x", language_.Number(gap, 1)}});
    } else {
      text = QuantityText(language_, figure_.measure(), gap);
    }
    fact.is_bound = is_bound;
    telling_.Know(fact);
    return (gap > 0 ? "+" : "") + text;
  }

  std::string ChanceText(double chance) const {
    constexpr double kLeastTold = 0.001;
    if (chance < kLeastTold) return "p < " + language_.Number(kLeastTold, 3);
    return "p = " + language_.Number(chance, 3);
  }

  Telling& telling_;
  const Language& language_;
  const Finding& finding_;
  const pb::Figure& figure_;
  std::vector<const pb::TestedDifference*> tested_;
};

// What two runs differ in besides.
std::string TellSetup(const Telling& telling, const Finding& finding) {
  const RunFacts& base = *finding.base;
  const RunFacts& other = *finding.other;
  std::vector<std::string> differing;
  if (base.model != other.model) differing.push_back(telling.Say("compare.setup.model"));
  if (base.suite != other.suite) differing.push_back(telling.Say("compare.setup.suite"));
  if (base.parameters.SerializeAsString() != other.parameters.SerializeAsString()) {
    differing.push_back(telling.Say("compare.setup.parameters"));
  }
  if (differing.empty()) return "";
  return "\n\n" + telling.Say("compare.setup", {{"what", telling.language().And(differing)}});
}

}  // namespace

std::string TellDifferences(Telling& telling, const Finding& finding) {
  const Language& language = telling.language();
  const bool of_runs = finding.query.group_by() == pb::GROUPING_RUN;
  if (!of_runs && finding.groups.size() > kMostCompared) {
    return telling.Say("compare.too_many", {{"n", CountText(language, static_cast<double>(finding.groups.size()))},
                                            {"most", CountText(language, kMostCompared)}});
  }
  const bool nothing = std::ranges::all_of(finding.differences, [](const pb::TestedDifference& tested) {
    return std::min(tested.n_base(), tested.n_other()) == 0;
  });
  if (of_runs && nothing && !finding.differences.empty()) {
    const pb::TestedDifference& first = finding.differences.front();
    return telling.Say("compare.no_pairs", {{"base", GroupValue(language, pb::GROUPING_RUN, first.base())},
                                            {"other", GroupValue(language, pb::GROUPING_RUN, first.other())}});
  }
  std::string text;
  std::vector<std::string> untested;
  for (const pb::Figure& figure : FiguresOf(finding.query)) {
    FigureDifferences differences(telling, finding, figure);
    if (differences.empty()) {
      untested.push_back(FigureName(language, figure));
    } else {
      text += differences.Tell();
    }
  }
  if (!text.empty()) text = telling.Say("compare.head") + "\n" + text;
  if (const auto tests = static_cast<double>(finding.differences.size()); tests > 1) {
    text += "\n\n" + telling.Say("compare.holm", {{"n", CountText(language, tests)}});
  }
  if (!untested.empty()) {
    text += (text.empty() ? "" : "\n\n") + telling.Say("compare.untested", {{"figures", language.And(untested)}});
  }
  if (of_runs && finding.base && finding.other) text += TellSetup(telling, finding);
  return text;
}

}  // namespace ftl::analytics

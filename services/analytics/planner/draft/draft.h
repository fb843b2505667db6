#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/analytics/planner/composer.h"

namespace ftl::analytics {

// A query in the making: what is left of a question's slots, and the query so far. Each `Say…` is one way to read the
// question, and makes use of the slots that it accounts for; false where it is not read so. Tried on copies.
class Draft {
 public:
  Draft(Slots slots, const std::optional<pb::Query>& before) : slots_(std::move(slots)), before_(before) {}

  Composed Compose() &&;

 private:
  // draft.cc: the ways in their order, and what several of them need
  static Topic TopicOf(const std::string& word);
  Topic GravestTopic() const;
  bool Say(Composed& composed);
  bool PointsAtUnnamedCategory() const;
  static pb::Slice SliceOf(const Sense& rank);
  bool HasField(pb::FilterField field) const;
  void EraseField(pb::FilterField field);
  void TakePresumed();
  bool TakeLimit();
  void TakeGroup();
  void EraseNoun(const std::string& noun);
  void SetFigures(const std::vector<pb::Figure>& figures);
  bool HasNounOfResults() const;
  void MoveFiltersAmong();
  bool OnlyAttributes() const;
  void TakeDirection();
  bool OthersAreAttributes(const Slots::Placed& one) const;
  void Finish();

  // leaning.cc: whether it goes on from the query before
  bool LeansOnBefore() const;
  bool NamesPartAlone() const;
  static bool IsBare(const Sense& sense);
  void PointWhereNothingElseIsSpokenOf();

  // several_bounds.cc: bounds that are a question each
  bool SaySeveral(Composed& composed) const;
  static bool Meet(const pb::Filter& one, const pb::Filter& other);

  // preparing.cc: slots that know what they are, before a way is chosen
  bool Prepare();
  bool SpeaksOfTwo() const;
  bool TakeConfirmed();
  bool TakeGoodness();
  void TakeParts();

  // ranking.cc: what is slowest, and figures of it
  bool SayBothEnds(Composed& composed);
  bool SayRanking();
  bool SaysResults() const;
  bool SaysCategoryBefore() const;
  bool TakeEnd(Sense& ranked) const;
  bool SayMeasureOfSlice(const Sense& ranked);
  bool SayRankedGroups(const Sense& ranked);
  bool SayRankedWithinGroups(const Sense& ranked);
  bool SayOfSlice(const Sense& ranked);

  // bounded_groups.cc: groups whose figure lies beyond a bound
  bool SayBoundedGroups();
  bool TakeBoundOfAll();

  // comparison.cc: groups, runs, prompts and measures beside each other
  bool SayDifference();
  bool SayCorrelation();
  bool SayComparison();
  bool SayImproved();
  void CompareRuns(double base, double other);
  void SetComparison();
  void GroupByTwoValues();
  bool HasRatio() const;

  // figures.cc: statistics of measures
  bool PairFigures(std::vector<pb::Figure>& figures);
  static size_t MeasureFor(const std::vector<Sense>& senses, size_t i);
  pb::Measure DefaultMeasure(pb::Statistic statistic) const;
  static void ShareStatistics(pb::Measure measure, std::vector<pb::Figure>& figures);
  void AddUsual(pb::Measure measure, std::vector<pb::Figure>& figures) const;
  bool SayFigures();
  bool SayDistributionOfErrors();
  bool SayListOfMeasure();

  // counting.cc: counts and shares, and among which
  void SplitPopulation();
  bool LastIsSaidOfTheRest() const;
  bool SayShare();
  bool SayCount();
  bool SayGroups();

  // listing.cc: results, facts of the run, reasons, whole answers, downloads
  bool SayAmbiguous(Composed& composed);
  bool SayAmbiguousDuration(Composed& composed);
  bool SayAmbiguousLength(Composed& composed);
  bool SayAmbiguousFate(Composed& composed);
  bool SayExport();
  bool SayFacts();
  bool SayFactsOfTwoRuns(Composed& composed);
  bool SaySummary();
  bool SayWhole();
  bool SayWhy();
  bool SayList();
  pb::Measure ListedMeasure() const;

  Slots slots_;
  const std::optional<pb::Query>& before_;
  pb::Query query_;
  size_t prompts_ = 0;
  bool says_category_ = false;
  std::optional<std::pair<double, double>> compared_runs_;
};

finetunelab::analytics::v1::Figure FigureOf(finetunelab::analytics::v1::Measure measure,
                                            finetunelab::analytics::v1::Statistic statistic,
                                            std::optional<double> percentile = std::nullopt);
finetunelab::analytics::v1::Filter Outcome(bool success);
bool IsVerdict(finetunelab::analytics::v1::Measure measure);
// Whether "how many" of a measure sums up.
bool AddsUp(finetunelab::analytics::v1::Measure measure);
// Says where or when rather than how: among those a count is counted.
bool IsAttribute(finetunelab::analytics::v1::FilterField field);

}  // namespace ftl::analytics

#pragma once

#include <optional>
#include <utility>

#include "services/analytics/planner/clauses.h"
#include "services/analytics/planner/dialogue.h"
#include "services/analytics/planner/planner.h"

namespace ftl::analytics {

// A follow-up in the making: what is left of its slots, the query before and what becomes of it.
class Editor {
 public:
  Editor(Slots slots, const pb::Query& before) : slots_(std::move(slots)), before_(before), query_(before) {}

  std::optional<pb::Query> Edit() &&;

 private:
  // editor.cc: what both need
  bool SetPopulation(pb::Query& query) const;
  static pb::Query ListOf(pb::Measure measure);
  bool ResolveTexts();
  void EraseField(pb::FilterField field);
  void EraseValue(pb::FilterField field);
  bool MeetsOtherwise(const pb::Filter& filter) const;
  bool ReplaceField(const pb::Filter& filter);
  bool JoinField(const pb::Filter& filter);
  void MoveAmongToFilters();
  void MoveFiltersToAmong();
  bool SetCounted();

  // referring.cc: a question over what was listed
  bool AsksWhoseExtreme() const;
  pb::Query Extreme() const;
  std::optional<pb::Query> OfWhatWasListed();
  void BackToTheList();
  std::optional<pb::Query> FigureOfTheRest() const;
  static bool TurnRound(pb::Query& population);
  bool AddNth(pb::Query& population);
  std::optional<pb::Query> Asked();
  std::optional<pb::Query> ItsGroup();
  std::optional<pb::Query> Share();
  static std::optional<pb::Query> Within(pb::Query query, const pb::Query& population);

  // changing.cc: the query before, slot by slot. A step that cannot do what its slots say ends it: what it would leave
  // out was asked for.
  enum class Changed { kNothing, kMade, kImpossible };
  bool Change();
  bool ChangeCounted();
  bool ChangeToRuns();
  Changed ChangeExport();
  Changed ChangeRun();
  Changed ChangePrompts();
  Changed ChangeFilters();
  Changed ChangePart();
  Changed ChangeRank();
  Changed ChangeFigures();
  bool KeepsMeasure() const;
  bool KeepsStatistic(const Sense& sense) const;
  Changed ChangeGroup();
  Changed ChangeOverall();
  bool SpeakOfNumbers() const;
  Changed ChangeBound();
  Changed ChangeShown();

  Slots slots_;
  std::optional<pb::Slice> told_;  // the one of the list that was told last
  pb::Query before_;
  pb::Query query_;
};

inline constexpr int kUsualRanked = 5;
inline constexpr int kMostRows = 1000;

using Filters = google::protobuf::RepeatedPtrField<pb::Filter>;

bool IsList(const pb::Query& query);
bool IsRankedList(const pb::Query& query);
bool IsFigures(const pb::Query& query);
bool IsCount(const pb::Query& query);
pb::Slice SliceBy(pb::Measure measure, pb::Order order, int count, int skip);
pb::Order Turned(pb::Order order);

}  // namespace ftl::analytics

#include "services/analytics/planner/actions/actions.h"

#include <utility>

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

// Whether what counts back from the latest run, or counts from the first, is the later of two.
bool IsLater(double one, double other) {
  if ((one > 0) == (other > 0)) return one > other;
  return one <= 0;
}

// Whether it says what a prompt came to, rather than what it is; and which field is looked at.
bool IsOfResult(const Sense& condition) {
  if (condition.all) return false;
  switch (condition.filters[0].field()) {
    case pb::FILTER_FIELD_UNSPECIFIED:
    case pb::FILTER_FIELD_ANY_TEXT:
    case pb::FILTER_FIELD_CATEGORY:
    case pb::FILTER_FIELD_DIFFICULTY:
    case pb::FILTER_FIELD_HALF:
    case pb::FILTER_FIELD_PROMPT_CHARACTERS:
    case pb::FILTER_FIELD_PROMPT_ID:
    case pb::FILTER_FIELD_PROMPT_TEXT:
    case pb::FILTER_FIELD_RUN:
      return false;
    default:
      return !condition.filters[0].has_than();
  }
}

bool IsVerdict(const pb::Filter& filter) {
  return filter.field() == pb::FILTER_FIELD_SUCCESS || filter.field() == pb::FILTER_FIELD_CHECKS_PASSED;
}

// What a prompt came to in two runs: results of the later one, and what holds of the same prompts in the other.
bool InTwoRuns(pb::Filter one, double run, pb::Filter other, double other_run, Sense& made) {
  if (run == other_run) return false;
  if (IsLater(other_run, run)) {
    std::swap(one, other);
    std::swap(run, other_run);
  }
  other.set_in_run(other_run);
  if (run != 0) made.filters.push_back(NumberFilter(pb::FILTER_FIELD_RUN, pb::COMPARISON_EQUAL, run));
  made.filters.push_back(std::move(other));
  made.filters.push_back(std::move(one));
  return true;
}

// Succeeded in run 1 but failed in run 2.
bool Fate(const Parts& parts, Sense& made) {
  std::vector<const Sense*> conditions, runs;
  for (const Sense* part : parts) {
    if (part->filters.size() == 1) conditions.push_back(part);
    if (part->numbers.size() == 1) runs.push_back(part);
  }
  if (conditions.size() != 2 || runs.size() != 2) return false;
  if (!IsOfResult(*conditions[0]) || !IsOfResult(*conditions[1])) return false;
  const pb::Filter& one = conditions[0]->filters[0];
  const pb::Filter& other = conditions[1]->filters[0];
  // Passed in one, failed in the other: passed its checks, or did not fail?
  made.all = one.field() != other.field() && IsVerdict(one) && IsVerdict(other);
  return InTwoRuns(one, runs[0]->numbers[0], other, runs[1]->numbers[0], made);
}

// Failed in run 2 but not in run 1.
bool FateOfOneAlone(const Parts& parts, Sense& made) {
  const Sense* condition = Find(parts, [](const Sense& part) { return part.filters.size() == 1; });
  std::vector<double> runs;
  for (const Sense* part : parts) runs.insert(runs.end(), part->numbers.begin(), part->numbers.end());
  if (!condition || runs.size() != 2 || !IsOfResult(*condition)) return false;
  const std::optional<pb::Filter> negated = Negated(condition->filters[0]);
  return negated && InTwoRuns(condition->filters[0], runs[0], *negated, runs[1], made);
}

// Newly failing, fixed: between the latest run and the one before it.
bool FateSince(const Parts& parts, Sense& made) {
  const bool failed = parts[0]->word == "failed";
  return InTwoRuns(TextFilter(pb::FILTER_FIELD_SUCCESS, pb::COMPARISON_EQUAL, failed ? "false" : "true"), 0,
                   TextFilter(pb::FILTER_FIELD_SUCCESS, pb::COMPARISON_EQUAL, failed ? "true" : "false"), -1, made);
}

constexpr NamedAction kActions[] = {
    {"fate", Fate},
    {"fate_of_one_alone", FateOfOneAlone},
    {"fate_since", FateSince},
};

}  // namespace

std::span<const NamedAction> ActionsOfFates() { return kActions; }

}  // namespace ftl::analytics

#include "services/analytics/planner/actions/actions.h"

#include <cmath>

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

// Numbers of prompts or of runs.
bool OneNumber(const Parts& parts, Sense& made) {
  const Sense* number = Find(parts, [](const Sense& part) { return part.number.has_value(); });
  if (!number || !IsWhole(*number->number) || *number->number < 1) return false;
  const Sense* noun = Find(parts, [](const Sense& part) { return !part.word.empty(); });
  if (noun) made.word = noun->word;
  made.numbers = {*number->number};
  return true;
}

// Number 26: a prompt's, where nothing else is named that could have it.
bool NumberAlone(const Parts& parts, Sense& made) {
  if (!OneNumber(parts, made)) return false;
  made.word = "number";
  return true;
}

bool MoreNumbers(const Parts& parts, Sense& made) {
  made = *parts.front();
  const Sense& last = *parts.back();
  if (parts.size() == 3 && parts[1]->word != "," && !parts[1]->word.empty()) return false;
  if (!last.numbers.empty()) {
    made.numbers.insert(made.numbers.end(), last.numbers.begin(), last.numbers.end());
    return true;
  }
  if (!last.number || !IsWhole(*last.number) || *last.number < 1) return false;
  made.numbers.push_back(*last.number);
  return true;
}

// Prompts from 5 to 10.
bool NumbersBetween(const Parts& parts, Sense& made) {
  const double from = *parts[2]->number;
  const double to = *parts[4]->number;
  if (parts[0]->word != "prompt" || !IsWhole(from) || !IsWhole(to) || from < 1 || to <= from || to - from > 1000)
    return false;
  made.word = parts[0]->word;
  for (double number = from; number <= to; ++number) made.numbers.push_back(number);
  return true;
}

bool NumbersTo(const Parts& parts, Sense& made) {
  made = *parts.front();
  const Sense& last = *parts.back();
  const double to = last.number ? *last.number : last.numbers.empty() ? 0 : last.numbers[0];
  if (!IsWhole(to) || to <= made.numbers.back() || to - made.numbers.back() > 1000) return false;
  for (double number = made.numbers.back() + 1; number <= to; ++number) made.numbers.push_back(number);
  return true;
}

bool OneRun(const Parts& parts, Sense& made) {
  const Sense* number = Find(parts, [](const Sense& part) { return part.number.has_value(); });
  if (!number || *number->number != std::floor(*number->number) || *number->number > 1e6) return false;
  made.numbers = {*number->number};
  return true;
}

bool ByRun(const Parts&, Sense& made) {
  made.grouping = pb::GROUPING_RUN;
  return true;
}

// When did run 1 start?
bool FactOfRun(const Parts& parts, Sense& made) {
  made = *parts.back();
  made.numbers = parts[1]->numbers;
  return made.numbers.size() == 1;
}

// Higher in run 2 than in run 1.
bool TwoRuns(const Parts& parts, Sense& made) {
  made = *parts.front();
  made.numbers.insert(made.numbers.end(), parts.back()->numbers.begin(), parts.back()->numbers.end());
  return made.numbers.size() == 2;
}

bool Difference(const Parts& parts, Sense& made) {
  const Sense* compare = Find(parts, [](const Sense& part) { return part.comparison != 0; });
  const Sense* run = Find(parts, [](const Sense& part) { return !part.numbers.empty(); });
  if (!compare || !run || run->numbers.size() != 1) return false;
  // Slower in run 2 is not slower than in it.
  if (compare == parts.front() && parts.size() == 2 && !compare->than) return false;
  made = *compare;
  made.numbers = run->numbers;
  made.order = compare->comparison == pb::COMPARISON_GREATER ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING;
  made.comparison = {};
  return made.measure != 0;
}

// Slower in run 2 than in run 1.
bool DifferenceBetween(const Parts& parts, Sense& made) {
  const Sense& other = *parts[1];
  if (other.numbers.size() != 1 || !Difference({parts.front(), parts[2], parts.back()}, made)) return false;
  made.number = other.numbers[0];
  return true;
}

// Better than run 1: whatever of a run can be better.
bool DifferenceInAll(const Parts& parts, Sense& made) {
  const Sense* goodness = Find(parts, [](const Sense& part) { return !part.word.empty(); });
  const Sense* run = Find(parts, [](const Sense& part) { return !part.numbers.empty(); });
  if (!goodness || !run || run->numbers.size() != 1) return false;
  made.measure = pb::MEASURE_RESULTS;
  made.numbers = run->numbers;
  made.order = goodness->word == "worse" ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING;
  return true;
}

// The first ten prompts, by their number; the last ten.
bool PartByNumber(const Parts& parts, Sense& made, pb::Order order) {
  const double count = *Find(parts, [](const Sense& part) { return part.number.has_value(); })->number;
  if (!IsWhole(count) || count < 2 || count > 1000) return false;  // the first one is one of those listed
  made.count = static_cast<int>(count);
  made.order = order;
  return true;
}

bool FirstN(const Parts& parts, Sense& made) { return PartByNumber(parts, made, pb::ORDER_ASCENDING); }

bool LastN(const Parts& parts, Sense& made) { return PartByNumber(parts, made, pb::ORDER_DESCENDING); }

// The first failed prompt, the last failure.
bool PartOfOne(const Parts& parts, Sense& made, pb::Order order) {
  made = *parts[1];
  if (made.plural || made.negated) return false;
  made.count = 1;
  made.order = order;
  return true;
}

bool FirstOf(const Parts& parts, Sense& made) { return PartOfOne(parts, made, pb::ORDER_ASCENDING); }

bool LastOf(const Parts& parts, Sense& made) { return PartOfOne(parts, made, pb::ORDER_DESCENDING); }

constexpr NamedAction kActions[] = {
    {"one_number", OneNumber},
    {"number_alone", NumberAlone},
    {"more_numbers", MoreNumbers},
    {"numbers_to", NumbersTo},
    {"numbers_between", NumbersBetween},
    {"one_run", OneRun},
    {"by_run", ByRun},
    {"two_runs", TwoRuns},
    {"first_n", FirstN},
    {"last_n", LastN},
    {"first_of", FirstOf},
    {"last_of", LastOf},
    {"fact_of_run", FactOfRun},
    {"difference", Difference},
    {"difference_between", DifferenceBetween},
    {"difference_in_all", DifferenceInAll},
};

}  // namespace

std::span<const NamedAction> ActionsOfNumbered() { return kActions; }

}  // namespace ftl::analytics

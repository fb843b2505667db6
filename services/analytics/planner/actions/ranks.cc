#include "services/analytics/planner/actions/actions.h"

#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

// Rankings.
bool CountedRank(const Parts& parts, Sense& made) {
  const Sense* number = Find(parts, [](const Sense& part) { return part.number.has_value(); });
  const Sense* rank = Find(parts, [](const Sense& part) { return part.order != 0; });
  if (!number || !IsWhole(*number->number) || *number->number < 1) return false;
  made = rank ? *rank : Sense{.order = parts[0]->word == "bottom" ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING};
  if (made.share || made.count) return false;
  made.count = static_cast<int>(*number->number);
  if (!rank && parts[0]->word != "bottom") made.word = parts[0]->word;  // best, worst: of what is not said yet
  return true;
}

bool ShareOfRank(const Parts& parts, Sense& made) {
  const Sense* share = Find(parts, [](const Sense& part) { return part.share.has_value(); });
  const Sense* rank = Find(parts, [](const Sense& part) { return part.order != 0; });
  if (!share || !rank || *share->share > 1) return false;
  made = *rank;
  made.share = share->share;
  return true;
}

bool NthRank(const Parts& parts, Sense& made) {
  const Sense* nth = Find(parts, [](const Sense& part) { return part.number.has_value(); });
  const Sense* rank = Find(parts, [](const Sense& part) { return part.order != 0; });
  if (!nth || !rank || *nth->number < 1 || *nth->number > 1000) return false;
  made = *rank;
  made.count = 1;
  made.skip = static_cast<int>(*nth->number) - 1;
  return true;
}

// The first and third slowest.
bool NthRanks(const Parts& parts, Sense& made) {
  if (!NthRank({parts[0], parts.back()}, made)) return false;
  const std::optional<double> second = parts[2]->number;
  if (!second || *second <= *parts[0]->number || *second > 1000) return false;
  made.numbers = {*parts[0]->number, *second};
  return true;
}

// How many times as slow: compared, and told as a ratio.
bool TimesAs(const Parts& parts, Sense& made) {
  made = *parts.back();
  if (!made.measure && made.word.empty()) return false;
  made.comparison = made.order == pb::ORDER_DESCENDING ? pb::COMPARISON_GREATER : pb::COMPARISON_LESS;
  made.order = {};
  made.all = true;
  return true;
}

// The most tokens.
bool RankByMeasure(const Parts& parts, Sense& made) {
  const Sense* direction = Find(parts, [](const Sense& part) { return part.order != 0; });
  const Sense* measure = Find(parts, [](const Sense& part) { return part.order == 0 && !part.number; });
  const Sense* number = Find(parts, [](const Sense& part) { return part.order == 0 && part.number; });
  if (!direction || !measure) return false;
  made = *measure;
  made.order = direction->order;
  if (number) made.count = static_cast<int>(*number->number);
  made.plural = direction->plural;
  made.all = true;  // a measure's extreme, rather than a result
  return true;
}

// The best of a measure is its least where less is better.
bool RankByGoodness(const Parts& parts, Sense& made) {
  if (!RankByMeasure(parts, made)) return false;
  const std::optional<pb::Order> order = OrderOfGoodness(made.measure, made.order == pb::ORDER_DESCENDING);
  if (!order) return false;
  made.order = *order;
  const Sense* number = Find(parts, [](const Sense& part) { return part.number && !part.measure && !part.order; });
  if (number) made.count = static_cast<int>(*number->number);
  return true;
}

bool LeaveOut(const Parts& parts, Sense& made) {
  const Sense* rank = Find(parts, [](const Sense& part) { return part.order != 0; });
  if (!rank) return false;
  made = *rank;
  made.negated = true;
  if (!made.count && !made.share) {
    if (made.plural) return false;  // how many of the outliers?
    made.count = 1;
  }
  return true;
}

// What took longest is no long text.
bool OfTime(const Parts& parts, Sense& made) {
  if (parts[1]->word != "length") return false;
  made = *parts[1];
  made.word.clear();
  made.measure = parts[0]->measure;
  return true;
}

// Top 5 % by latency, bottom 5 by tokens.
bool ShareBy(const Parts& parts, Sense& made) {
  made = *parts.back();
  if (made.measure == 0 && made.word.empty()) return false;
  const bool best = parts[0]->word == "best";
  std::optional<pb::Order> order = parts[0]->word == "bottom" ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING;
  if (best || parts[0]->word == "worst") order = OrderOfGoodness(made.measure, best);
  if (!order) return false;
  made.order = *order;
  made.share = parts[1]->share;
  if (!made.share) {
    if (!IsWhole(*parts[1]->number) || *parts[1]->number < 1) return false;
    made.count = static_cast<int>(*parts[1]->number);
  }
  return true;
}

// Latency in descending order.
bool Directed(const Parts& parts, Sense& made) {
  made = *parts.front();
  made.order = parts.back()->order;
  return true;
}

// From slowest to fastest.
bool FromOneEnd(const Parts& parts, Sense& made) {
  const Sense& from = *parts[parts.size() - 3];
  const Sense& to = *parts.back();
  made = from;
  return from.measure == to.measure && from.word == to.word && from.order != to.order;
}

bool Ordered(const Parts& parts, Sense& made) {
  if (parts.front()->word == "each") return false;  // per token is no order
  made = *parts.back();
  if (!made.order) made.order = pb::ORDER_DESCENDING;
  if (parts.size() == 3 && parts[2]->order) {
    made = *parts[1];
    made.order = parts[2]->order;
  }
  return true;
}

constexpr NamedAction kActions[] = {
    {"counted_rank", CountedRank},
    {"share_of_rank", ShareOfRank},
    {"nth_rank", NthRank},
    {"nth_ranks", NthRanks},
    {"times_as", TimesAs},
    {"rank_by_measure", RankByMeasure},
    {"rank_by_goodness", RankByGoodness},
    {"leave_out", LeaveOut},
    {"of_time", OfTime},
    {"share_by", ShareBy},
    {"from_one_end", FromOneEnd},
    {"ordered", Ordered},
    {"directed", Directed},
};

}  // namespace

std::span<const NamedAction> ActionsOfRanks() { return kActions; }

}  // namespace ftl::analytics

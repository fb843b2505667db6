#include "services/analytics/narrator/grounding.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "services/analytics/narrator/claims.h"
#include "services/analytics/narrator/language.h"
#include "services/analytics/narrator/mentions.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

bool IsNear(double fact, const Claim::Reading& reading) {
  return std::abs(fact - reading.value) <= reading.slack * 1.000001 + 1e-9;
}

bool HasValue(const Fact& fact, const Claim& claim) {
  // Counts are whole; a rounded one is another one.
  const bool exact = fact.unit == Unit::kCount || fact.unit == Unit::kAttempts;
  return std::any_of(claim.readings.begin(), claim.readings.end(), [&](Claim::Reading reading) {
    if (exact) reading.slack = 1e-9;
    return IsNear(fact.value, reading);
  });
}

bool IsSame(const Mention& mention, const Fact& fact, bool with_prompt) {
  switch (mention.aspect) {
    case Mention::Aspect::kStatistic:
      if (mention.statistic == pb::STATISTIC_PERCENTILE) {
        return (fact.statistic == pb::STATISTIC_PERCENTILE && std::abs(fact.percentile - mention.percentile) < 1e-6) ||
               (fact.statistic == pb::STATISTIC_MEDIAN && mention.percentile == 50);
      }
      if (mention.statistic == pb::STATISTIC_MEDIAN) {
        return fact.statistic == pb::STATISTIC_MEDIAN ||
               (fact.statistic == pb::STATISTIC_PERCENTILE && fact.percentile == 50);
      }
      if (fact.prompt != 0 && mention.statistic == pb::STATISTIC_MAX)
        return fact.rank == 1 || (with_prompt && fact.rank > 0);
      if (fact.prompt != 0 && mention.statistic == pb::STATISTIC_MIN)
        return fact.rank == -1 || (with_prompt && fact.rank < 0);
      return fact.statistic == mention.statistic;
    case Mention::Aspect::kMeasure:
      return fact.measure == mention.measure || fact.measure == pb::MEASURE_UNSPECIFIED ||
             (mention.measure == pb::MEASURE_OUTPUT_TOKENS && fact.measure == pb::MEASURE_OUTPUT_TOKENS);
    case Mention::Aspect::kVerdict:
      return fact.verdict == mention.verdict;
  }
  return false;
}

bool Concerns(Mention::Aspect aspect, const Fact& fact) {
  const bool counted = fact.unit == Unit::kCount || fact.unit == Unit::kPerCent;
  if (aspect == Mention::Aspect::kVerdict) return counted;
  return !counted && fact.unit != Unit::kAttempts && fact.unit != Unit::kNumber;
}

// A sentence as it is compared.
struct Sentence {
  std::string plain;
  std::vector<Claim> claims;
  std::vector<Mention> mentions;

  size_t BeforeBegin(size_t i) const { return i == 0 ? 0 : claims[i - 1].end; }
  size_t AfterEnd(size_t i) const { return i + 1 < claims.size() ? claims[i + 1].begin : plain.size(); }
};

// What is named with a figure: by the words before it since the last figure, else by those behind it up to the next,
// else anywhere. Two names for one figure are no name.
std::vector<const Mention*> NamedWith(const Sentence& sentence, size_t i, Mention::Aspect aspect) {
  auto within = [&](size_t begin, size_t end) {
    std::vector<const Mention*> found;
    for (const Mention& mention : sentence.mentions) {
      if (mention.aspect == aspect && mention.at >= begin && mention.at < end) found.push_back(&mention);
    }
    return found;
  };
  const Claim& claim = sentence.claims[i];
  std::vector<const Mention*> found = within(sentence.BeforeBegin(i), claim.begin);
  // The unit itself may name it: `2 failures`, `8 successful calls`.
  if (aspect == Mention::Aspect::kVerdict) {
    if (auto inside = within(claim.begin, claim.end); !inside.empty()) return inside;
  }
  if (found.empty()) found = within(claim.begin, sentence.AfterEnd(i));
  if (found.empty() && aspect != Mention::Aspect::kVerdict) found = within(0, sentence.plain.size());
  return found;
}

// The group named nearest before the figure, else nearest behind it.
std::optional<std::string> GroupWith(const Sentence& sentence, size_t i, const std::vector<std::string>& groups) {
  const Claim& claim = sentence.claims[i];
  std::optional<std::string> nearest;
  size_t at = 0;
  for (const std::string& group : groups) {
    const size_t found = sentence.plain.rfind(group, claim.begin);
    if (found == std::string::npos || found >= claim.begin || (nearest && found <= at)) continue;
    nearest = group;
    at = found;
  }
  if (nearest) return nearest;
  for (const std::string& group : groups) {
    const size_t found = sentence.plain.find(group, claim.begin);
    if (found == std::string::npos || (nearest && found >= at)) continue;
    nearest = group;
    at = found;
  }
  return nearest;
}

// The prompt named nearest before the figure, else nearest behind it; 0 for none.
int PromptWith(const Sentence& sentence, size_t i) {
  for (size_t before = i; before-- > 0;) {
    if (sentence.claims[before].kind == Claim::Kind::kPrompt) {
      return static_cast<int>(sentence.claims[before].readings.front().value);
    }
  }
  for (size_t behind = i + 1; behind < sentence.claims.size(); ++behind) {
    if (sentence.claims[behind].kind == Claim::Kind::kPrompt) {
      return static_cast<int>(sentence.claims[behind].readings.front().value);
    }
  }
  return 0;
}

void Note(pb::Grounding& grounding, const std::string& claim, pb::LeftOutReason reason) {
  for (const pb::LeftOut& known : grounding.left_out()) {
    if (known.claim() == claim && known.reason() == reason) return;
  }
  grounding.add_unsupported(claim);
  pb::LeftOut& left_out = *grounding.add_left_out();
  left_out.set_claim(claim);
  left_out.set_reason(reason);
}

bool HasLink(std::string_view sentence) {
  for (const std::string_view mark : {"://", "](", "www.", "<img", "<a ", "data:image"}) {
    if (sentence.find(mark) != std::string_view::npos) return true;
  }
  return false;
}

// Why a claim is not borne out; UNSPECIFIED where it is.
pb::LeftOutReason Judge(const Sentence& sentence, size_t i, const std::vector<Fact>& facts,
                        const std::vector<std::string>& groups) {
  const Claim& claim = sentence.claims[i];
  if (claim.kind == Claim::Kind::kPrompt) {
    const bool known = std::any_of(facts.begin(), facts.end(), [&](const Fact& fact) {
      return fact.prompt != 0 && std::abs(claim.readings.front().value - fact.prompt) < 0.5;
    });
    return known ? pb::LEFT_OUT_REASON_UNSPECIFIED : pb::LEFT_OUT_REASON_NO_SUCH_VALUE;
  }
  if (claim.foreign) return pb::LEFT_OUT_REASON_OTHER_UNIT;
  const int prompt = PromptWith(sentence, i);
  const std::optional<std::string> group = GroupWith(sentence, i, groups);
  bool any_value = false;
  bool any_unit = false;
  for (const Fact& fact : facts) {
    const bool is_name = fact.prompt != 0 && fact.is_bound;
    if (is_name || fact.way != 0 || !HasValue(fact, claim)) continue;
    any_value = true;
    if (fact.unit != claim.unit) continue;
    any_unit = true;
    if (claim.of && (!fact.of || std::abs(*fact.of - *claim.of) > 1e-9)) continue;
    if (fact.is_bound) return pb::LEFT_OUT_REASON_UNSPECIFIED;
    if (fact.prompt != 0 && prompt != fact.prompt) {
      const auto named = NamedWith(sentence, i, Mention::Aspect::kStatistic);
      const bool as_extreme = prompt == 0 && named.size() == 1 && IsSame(*named.front(), fact, false);
      if (!as_extreme) continue;
    }
    const std::string fact_group = PlainForm(fact.group);
    if (!fact_group.empty() ? group != fact_group : group && fact.prompt == 0 && prompt == 0) continue;
    bool agrees = true;
    for (const auto aspect : {Mention::Aspect::kStatistic, Mention::Aspect::kMeasure, Mention::Aspect::kVerdict}) {
      if (!Concerns(aspect, fact)) continue;
      const auto named = NamedWith(sentence, i, aspect);
      for (const Mention* mention : named) agrees = agrees && IsSame(*mention, fact, prompt != 0);
    }
    if (agrees) return pb::LEFT_OUT_REASON_UNSPECIFIED;
  }
  if (any_unit) return pb::LEFT_OUT_REASON_OTHER_FIGURE;
  return any_value ? pb::LEFT_OUT_REASON_OTHER_UNIT : pb::LEFT_OUT_REASON_NO_SUCH_VALUE;
}

// Whether two groups differ so, by a test that was told.
bool IsTested(const std::string& more, const std::string& less, Unit unit, const std::vector<Fact>& facts) {
  return std::any_of(facts.begin(), facts.end(), [&](const Fact& fact) {
    if (fact.way == 0 || fact.unit != unit) return false;
    const std::string group = PlainForm(fact.group), than = PlainForm(fact.than);
    return fact.way > 0 ? group == more && than == less : group == less && than == more;
  });
}

// Whether the facts bear out a comparison: with a bound of the question right behind it, or of the sentence's two
// figures; those of two groups only where a test has shown that they differ.
bool BearsRelation(const Sentence& sentence, const Relation& relation, const std::vector<Fact>& facts,
                   const std::vector<std::string>& groups) {
  std::vector<const Claim*> figures;
  std::vector<std::optional<std::string>> whose;
  for (size_t i = 0; i < sentence.claims.size(); ++i) {
    if (sentence.claims[i].kind != Claim::Kind::kFigure) continue;
    figures.push_back(&sentence.claims[i]);
    whose.push_back(GroupWith(sentence, i, groups));
  }
  for (const Claim* figure : figures) {
    if (figure->begin < relation.end || figure->begin > relation.end + 4) continue;
    const bool bound = std::any_of(facts.begin(), facts.end(), [&](const Fact& fact) {
      return fact.is_bound && fact.prompt == 0 && fact.unit == figure->unit && HasValue(fact, *figure);
    });
    if (bound) return true;
  }
  if (relation.direction == 0 || figures.size() != 2 || figures[0]->unit != figures[1]->unit) return false;
  if (figures[0]->end > relation.begin || figures[1]->begin < relation.end) return false;
  const double difference = figures[0]->readings.front().value - figures[1]->readings.front().value;
  if (difference * relation.direction <= 0) return false;
  if (!whose[0] || !whose[1] || whose[0] == whose[1]) return true;
  const bool first_is_more = difference > 0;
  return IsTested(*whose[first_is_more ? 0 : 1], *whose[first_is_more ? 1 : 0], figures[0]->unit, facts);
}

bool BearsQuantifier(const Sentence& sentence, double share, const std::vector<Fact>& facts) {
  std::optional<Verdict> verdict;
  for (const Mention& mention : sentence.mentions) {
    if (mention.aspect != Mention::Aspect::kVerdict) continue;
    if (verdict && *verdict != mention.verdict) return false;
    verdict = mention.verdict;
  }
  if (!verdict) return false;
  return std::any_of(facts.begin(), facts.end(), [&](const Fact& fact) {
    if (fact.verdict != *verdict || !fact.group.empty() || fact.is_bound) return false;
    if (fact.unit == Unit::kCount && share == 0) return fact.value == 0 && fact.of.value_or(0) > 0;
    if (fact.unit != Unit::kPerCent) return false;
    return share == 51 ? fact.value > 50 : std::abs(fact.value - share) < 1e-9;
  });
}

}  // namespace

Grounding::Grounding(std::vector<Fact> facts, const std::vector<std::string>& names) : facts_(std::move(facts)) {
  auto longest_first = [](const std::string& a, const std::string& b) { return a.size() > b.size(); };
  for (const std::string& name : names) {
    if (std::string plain = PlainForm(name); plain.size() > 1) names_.push_back(std::move(plain));
  }
  for (const Fact& fact : facts_) {
    std::string plain = PlainForm(fact.group);
    if (!plain.empty() && std::find(groups_.begin(), groups_.end(), plain) == groups_.end()) {
      groups_.push_back(std::move(plain));
    }
  }
  std::sort(names_.begin(), names_.end(), longest_first);
}

bool Grounding::Bears(std::string_view text, pb::Grounding& grounding) const {
  Sentence sentence{.plain = PlainForm(text)};
  for (const std::string& name : names_) {
    for (size_t at = sentence.plain.find(name); at != std::string::npos; at = sentence.plain.find(name, at)) {
      sentence.plain.replace(at, name.size(), "_");
    }
  }
  sentence.claims = ClaimsIn(sentence.plain);
  sentence.mentions = MentionsIn(sentence.plain);
  bool bears = true;
  auto fail = [&](const std::string& claim, pb::LeftOutReason reason) {
    bears = false;
    Note(grounding, claim, reason);
  };
  if (HasLink(text)) fail(sentence.plain.substr(0, 80), pb::LEFT_OUT_REASON_LINK);
  for (size_t i = 0; i < sentence.claims.size(); ++i) {
    grounding.set_checked(grounding.checked() + 1);
    const pb::LeftOutReason reason = Judge(sentence, i, facts_, groups_);
    if (reason != pb::LEFT_OUT_REASON_UNSPECIFIED) fail(sentence.claims[i].raw, reason);
  }
  for (const Relation& relation : RelationsIn(sentence.plain)) {
    if (BearsRelation(sentence, relation, facts_, groups_)) continue;
    fail(sentence.plain.substr(relation.begin, relation.end - relation.begin), pb::LEFT_OUT_REASON_UNTESTED_RELATION);
  }
  const double share = QuantifiedShare(sentence.plain);
  if (share >= 0 && !BearsQuantifier(sentence, share, facts_)) {
    fail(share == 0 ? "none" : share == 100 ? "all" : "most", pb::LEFT_OUT_REASON_NO_SUCH_VALUE);
  }
  if (!bears) grounding.set_sentences_left_out(grounding.sentences_left_out() + 1);
  return bears;
}

}  // namespace ftl::analytics

#include "services/analytics/planner/constituents.h"

#include <algorithm>
#include <unordered_map>

#include "services/analytics/planner/actions/actions.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

bool Take(const Parts& parts, Sense& made) {
  made = *parts.front();
  return true;
}

bool TakeLast(const Parts& parts, Sense& made) {
  made = *parts.back();
  return true;
}

const std::unordered_map<std::string_view, Action>& Actions() {
  static const auto& all = *new std::unordered_map<std::string_view, Action>([] {
    std::unordered_map<std::string_view, Action> actions = {{"take", Take}, {"take_last", TakeLast}};
    for (const auto& some : {ActionsOfNumbers(), ActionsOfConditions(), ActionsOfTexts(), ActionsOfNumbered(),
                             ActionsOfRanks(), ActionsOfGroupBounds(), ActionsOfFates()}) {
      for (const NamedAction& action : some) actions[action.name] = action.act;
    }
    return actions;
  }());
  return all;
}

}  // namespace

pb::FilterField FieldOf(Unit unit) {
  switch (unit) {
    case Unit::kMilliseconds:
      return pb::FILTER_FIELD_LATENCY;
    case Unit::kTokens:
    case Unit::kOutputTokens:
      return pb::FILTER_FIELD_OUTPUT_TOKENS;
    case Unit::kInputTokens:
      return pb::FILTER_FIELD_INPUT_TOKENS;
    case Unit::kTotalTokens:
      return pb::FILTER_FIELD_TOTAL_TOKENS;
    case Unit::kWords:
      return pb::FILTER_FIELD_RESPONSE_WORDS;
    case Unit::kCharacters:
      return pb::FILTER_FIELD_RESPONSE_CHARACTERS;
    case Unit::kTokensPerSecond:
      return pb::FILTER_FIELD_TOKENS_PER_SECOND;
    case Unit::kAttempts:
      return pb::FILTER_FIELD_ATTEMPTS;
    default:
      return pb::FILTER_FIELD_UNSPECIFIED;
  }
}

pb::FilterField FieldOf(const Sense& measure) {
  if (measure.word == "tokens") return pb::FILTER_FIELD_OUTPUT_TOKENS;
  if (measure.word == "length") return pb::FILTER_FIELD_RESPONSE_CHARACTERS;
  if (measure.measure == pb::MEASURE_RESPONSE_LENGTH) return pb::FILTER_FIELD_RESPONSE_CHARACTERS;
  return RowOf(measure.measure).field;
}

bool IsAction(std::string_view action) { return Actions().count(action) > 0; }

bool Act(std::string_view action, const Parts& parts, Sense& made) { return Actions().at(action)(parts, made); }

bool IsQuestionPart(std::string_view symbol) {
  static constexpr std::string_view kOrphans[] = {
      "unit",         "percentile", "between", "to",       "andhalf",   "point",   "mult",   "one",          "cmp",
      "orcmp",        "mention",    "starts",  "ends",     "about",     "free",    "quoted", "butnot",       "neither",
      "textnoun",     "digits",     "num",     "frac",     "ord",       "hash",    "run",    "runref",       "by",
      "bysuffix",     "Percent",    "percent", "exclude",  "sort",      "not",     "or",     "name",         "flt",
      "Quantity",     "Text",       "Texts",   "Compare",  "ordmark",   "nthmark", "rank",   "categorynoun", "be",
      "countmark",    "partname",   "took",    "with",     "intext",    "thing",   "sign",   "whatdoes",     "means",
      "excludeafter", "firstn",     "lastn",   "among",    "rankfirst", "since",   "when",   "began",        "modelq",
      "bottom",       "goodness",   "approx",  "askvalue", "than",      "unknown", "across", "inside",       "confirm",
      "ofmark",       "fate",       "times",   "limit"};
  return std::find(std::begin(kOrphans), std::end(kOrphans), symbol) == std::end(kOrphans);
}

}  // namespace ftl::analytics

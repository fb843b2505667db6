#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/analytics/planner/token.h"

namespace ftl::analytics {

// What a phrase of a question stands for.
enum class Concept {
  kNothing,     // a word that says nothing by itself; known, so that nobody takes it for a misspelling
  kMeasure,     // value: pb::Measure
  kTokens,      // tokens, of whatever kind
  kStatistic,   // value: pb::Statistic
  kPercentile,  // number: which
  kRanking,     // slowest, longest: value: pb::Measure; number: 1 most first, -1 least first
  kCommon,      // most common
  kMost,        // most, highest; number: 1 or -1 (fewest)
  kFilter,      // value: pb::FilterField; text: what it is equal to
  kCompare,     // value: pb::Comparison, before its number
  kOrMore,      // value: pb::Comparison, after its number
  kBetween,
  kQuantity,      // a number with or without unit
  kPromptNumber,  // #7
  kGrouping,      // a noun that groups: value: pb::Grouping
  kBy,            // by, per, for each
  kCount,         // how many
  kShare,         // what percentage
  kList,          // which, show
  kHowLong,
  kTaking,    // took
  kPrompt,    // prompt, question
  kResponse,  // response, answer
  kCall,      // request, call, test, one
  kTop,
  kMention,  // mention, contain
  kAbout,
  kSearch,
  kWordNoun,  // the word, the phrase
  kQuoted,
  kNot,
  kAnd,
  kFollowUp,  // what about
  kOnly,
  kThose,  // those, them
  kWhy,
  kSummary,
  kChart,
  kTable,
  kExport,
  kFormat,  // text: csv, json, jsonl, pdf
  kReport,
  kAllRuns,
  kRun,  // number: which; 0 the latest, -1 the one before
  kRunNoun,
  kCompareWord,  // compare, versus
  kOverTime,
  kMore,     // show more
  kRefusal,  // value: Topic
  kHelp,
  kIn,  // in, from, of: ends what is mentioned
  kStop,
  kUnknown,
};

// A phrase of a question with what it stands for.
struct Term {
  Concept meaning = Concept::kUnknown;
  int value = 0;
  double number = 0;
  std::string text;         // for filters and formats
  Unit unit = Unit::kNone;  // for quantities
  std::string raw;          // as it was typed
  bool plural = false;      // of the last word
};

// Every known word, for the spelling.
const std::vector<std::string>& KnownWords();

// Reads tokens, whose spelling is corrected and whose quantities are joined, as terms: the longest phrase first.
std::vector<Term> ReadTerms(const std::vector<Token>& tokens);

}  // namespace ftl::analytics

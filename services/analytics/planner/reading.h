#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/analytics/planner/lexicon.h"
#include "services/analytics/planner/planner.h"

namespace ftl::analytics {

// What one question says, before anything is made of it: which words of the language it has, each read where it stands.
struct Reading {
  std::vector<pb::Figure> figures;  // measure or statistic may be unsaid
  bool tokens = false;              // tokens, and not which
  std::optional<pb::Measure> ranked_by;
  bool both_ends = false;  // the slowest and the fastest
  int direction = 0;       // of ranking: 1 most first, -1 least first; 0 unsaid
  std::vector<pb::Filter> filters;
  pb::Grouping group_by = pb::GROUPING_UNSPECIFIED;
  bool by_each = false;  // by, per, each
  bool by_type = false;  // by type
  bool common = false;   // most common
  std::optional<int> limit;
  std::optional<std::string> format;  // of an export
  std::optional<Topic> refusal;
  bool counts = false, shares = false, lists = false, summary = false, chart = false, table = false, exports = false;
  bool all_runs = false, compares = false, over_time = false, why = false, more = false, help = false;
  bool says_prompt = false, says_response = false, says_call = false;  // nouns
  bool all = false;                                                    // did all of them
  bool singular = false;                                               // which one; as opposed to several
  bool follows = false;  // begins as what goes on from the question before: and, what about, only
  bool only = false;
  bool refers = false;  // those, them
  std::vector<std::string> left_out;

  bool HasMeasure() const;
  // Whether it says enough to stand alone.
  bool IsWhole() const;
  bool SaysNothing() const;
};

Reading Read(std::string_view question, const Vocabulary& vocabulary);

}  // namespace ftl::analytics

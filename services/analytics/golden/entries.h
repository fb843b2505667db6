#pragma once

#include <string>
#include <vector>

namespace ftl::analytics {

// A talk and what the last question of it is to be answered with: `v: SQL` and the like, as golden/written.txt says.
struct Entry {
  std::string kind;  // where it comes from: `written en`, `generated de`
  std::vector<std::string> turns;
  std::vector<std::string> expected;
};

// Those of golden/written.txt.
std::vector<Entry> WrittenEntries();

// Statistics times measures times conditions, times groups, in seven languages, with the SQL of each.
std::vector<Entry> GeneratedEntries();

}  // namespace ftl::analytics

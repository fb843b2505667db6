#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/analytics/narrator/fact.h"

namespace ftl::analytics {

// A number as a sentence states it.
struct Claim {
  enum class Kind { kFigure, kPrompt };
  // One way to read the digits: `1.234` is 1.234 or 1234.
  struct Reading {
    double value = 0;
    double slack = 0;  // half of the last digit that is written
  };
  Kind kind = Kind::kFigure;
  std::string raw;
  std::vector<Reading> readings;
  Unit unit = Unit::kCount;
  bool foreign = false;      // of a unit or thing that Atlas has no facts of
  std::optional<double> of;  // `39 of 40`
  size_t begin = 0;          // in the plain form
  size_t end = 0;
};

// The numbers of a sentence in plain form, in order: digits, words, fractions. Names of percentiles, marks of lists and
// numbers within words are none.
std::vector<Claim> ClaimsIn(std::string_view plain);

}  // namespace ftl::analytics

#include "services/batch-runner/check/numbers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

TEST(NumbersTest, ReadsEachNumberInEachWayItCanBeMeant) {
  const struct {
    const char* text;
    std::vector<double> numbers;
  } kCases[] = {
      {"no digits", {}},
      {"42.", {42}},
      {"It is 3.14, not 2.", {3.14, 2}},
      {"1,234", {1234, 1.234}},
      {"1,234,567.89", {1234567.89}},
      {"1.234.567,89", {1234567.89}},
      {"1'234.5", {1234.5}},
      {"1\u00A0234\u00A0567", {1234567}},
      {"12 300 people", {12300, 12, 300}},
      {"in 2020 100 people", {2020, 100}},
      {"[1,2,3]", {1, 2, 3}},
      {"1, 2, 3", {1, 2, 3}},
      {"-5 and \u22127 and 10-20", {-5, -7, 10, 20}},
      {"GPT-4 in 1e3 or 2.5E-2", {4, 1000, 0.025}},
      {"$17.80 (50%)", {17.8, 50}},
      {".5", {0.5, 5}},
      {"1.2.3", {}},
      {"0,5 Liter", {0.5}},
      {"2024-01-15", {2024, 1, 15}},
      {"12:30", {12, 30}},
  };
  for (const auto& [text, numbers] : kCases) {
    EXPECT_THAT(NumbersIn(text), ::testing::UnorderedElementsAreArray(numbers)) << text;
  }
}

TEST(NumbersTest, EndlessDigitsAreNoNumber) { EXPECT_THAT(NumbersIn(std::string(100'000, '9')), ::testing::IsEmpty()); }

}  // namespace
}  // namespace ftl::batch_runner

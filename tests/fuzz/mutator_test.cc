#include "tests/fuzz/mutator.h"

#include <set>

#include <gtest/gtest.h>

namespace ftl::fuzz {
namespace {

const std::vector<std::string> kExamples = {"https://example.com/v1", "", "http://[::1]:8000"};

TEST(MutatorTest, GivesTheSameInputsForTheSameSeed) {
  Mutator one(7, kExamples, {"%00"}, 64);
  Mutator same(7, kExamples, {"%00"}, 64);
  Mutator other(8, kExamples, {"%00"}, 64);
  int different = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string& input = one.Next();
    EXPECT_EQ(input, same.Next());
    different += input != other.Next();
  }
  EXPECT_GT(different, 90);
}

TEST(MutatorTest, GivesManyInputsWithinTheBound) {
  Mutator mutator(1, kExamples, {}, 64);
  std::set<std::string> inputs;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_LE(mutator.Next().size(), 64u);
    inputs.insert(mutator.Next());
  }
  EXPECT_GT(inputs.size(), 5'000u);
}

TEST(MutatorTest, MixesTheWordsIn) {
  Mutator mutator(1, {}, {"needle"}, 64);
  int found = 0;
  for (int i = 0; i < 1'000; ++i) found += mutator.Next().find("needle") != std::string::npos;
  EXPECT_GT(found, 50);
}

}  // namespace
}  // namespace ftl::fuzz

#include "services/analytics/comparisons/standings.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::analytics {
namespace {

using testing::DoubleNear;
using testing::Each;

std::vector<Mark> Games(int of_first, int of_second, int ties = 0) {
  std::vector<Mark> marks;
  marks.insert(marks.end(), of_first, Mark{{0, 1}, 0});
  marks.insert(marks.end(), of_second, Mark{{0, 1}, 1});
  marks.insert(marks.end(), ties, Mark{{0, 1}, std::nullopt});
  return marks;
}

// The likelihood of two has its maximum where its slope in the logarithm x of the first's strength is 0; by symmetry
// the second's is -x. Of w wins in n games and the tie each has besides: w - n p(2x) + 1/2 - p(x) = 0.
double SlopeAt(double strength, double wins, double games) {
  const double x = std::log(strength);
  const auto chance = [](double of) { return 1 / (1 + std::exp(-of)); };
  return wins - games * chance(2 * x) + 0.5 - chance(x);
}

TEST(StandingsTest, FindsTheMaximumOfTheLikelihood) {
  const std::vector<double> strengths = BradleyTerryStrengths(2, Games(7, 3));
  EXPECT_NEAR(strengths[0] * strengths[1], 1, 1e-9);
  EXPECT_NEAR(SlopeAt(strengths[0], 7, 10), 0, 1e-6);
}

TEST(StandingsTest, ComesToTheShareOfWinsOfManyGames) {
  const std::vector<double> strengths = BradleyTerryStrengths(2, Games(30000, 10000));
  EXPECT_NEAR(strengths[0] / strengths[1], 3, 0.001);
}

TEST(StandingsTest, CountsATieAsHalfAWinForEach) {
  EXPECT_EQ(BradleyTerryStrengths(2, Games(3, 1, 2)), BradleyTerryStrengths(2, Games(4, 2)));
}

TEST(StandingsTest, KeepsWhoNeverLostFinite) {
  const std::vector<double> strengths = BradleyTerryStrengths(2, Games(5, 0));
  EXPECT_TRUE(std::isfinite(strengths[0]));
  EXPECT_GT(strengths[0], strengths[1]);
}

TEST(StandingsTest, JudgesThoseWhoNeverMetByWhomTheyBothMet) {
  std::vector<Mark> marks(9, Mark{{0, 1}, 0});
  marks.insert(marks.end(), 9, Mark{{1, 2}, 0});
  const std::vector<double> strengths = BradleyTerryStrengths(3, marks);
  EXPECT_GT(strengths[0], strengths[1]);
  EXPECT_GT(strengths[1], strengths[2]);
}

TEST(StandingsTest, HasAllAlikeWithoutMarks) { EXPECT_THAT(BradleyTerryStrengths(3, {}), Each(DoubleNear(1, 1e-12))); }

TEST(StandingsTest, CountsAWinAgainstEachOtherOfAComparison) {
  const std::vector<Mark> marks = {{{0, 1, 2}, 1}};
  const std::vector<Standing> standings = StandingsOf(3, marks);
  EXPECT_EQ(standings[1].wins, 2);
  EXPECT_EQ(standings[0].losses, 1);
  EXPECT_EQ(standings[2].losses, 1);
  // Nothing is said of these two.
  EXPECT_NEAR(standings[0].strength, standings[2].strength, 1e-9);
}

TEST(StandingsTest, GivesNoIntervalOfTooFew) {
  EXPECT_FALSE(StandingsOf(2, Games(3, 2))[0].interval.has_value());
  EXPECT_TRUE(StandingsOf(2, Games(3, 3))[0].interval.has_value());
}

TEST(StandingsTest, TakesAllResamplesOfAFewMarks) {
  // The first wins k of 6 with the chance of a binomial with 5/6: P(k <= 2) is 0.9 %, P(k <= 3) 6.2 %.
  const std::vector<Standing> standings = StandingsOf(2, Games(5, 1));
  EXPECT_NEAR(standings[0].interval->low, BradleyTerryStrengths(2, Games(3, 3))[0], 1e-6);
  EXPECT_NEAR(standings[0].interval->high, BradleyTerryStrengths(2, Games(6, 0))[0], 1e-6);
}

TEST(StandingsTest, DrawsTheSameEachTime) {
  const std::vector<Standing> once = StandingsOf(2, Games(12, 8));
  const std::vector<Standing> again = StandingsOf(2, Games(12, 8));
  EXPECT_EQ(once[0].interval->low, again[0].interval->low);
  EXPECT_LT(once[0].interval->low, once[0].strength);
  EXPECT_GT(once[0].interval->high, once[0].strength);
}

}  // namespace
}  // namespace ftl::analytics

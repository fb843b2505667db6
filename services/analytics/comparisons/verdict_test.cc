#include "services/analytics/comparisons/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/time/proto_time.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::batch_runner::v1;
using testing::ElementsAre;
using testing::IsEmpty;

class VerdictTest : public testing::Test {
 protected:
  explicit VerdictTest() { comparison_.set_columns(2); }

  pb::ComparedAnswer& Answer(int index, int repetition, int latency_ms, std::string_view text = "four") {
    pb::ComparedAnswer& answer = *comparison_.add_answers();
    answer.set_index(index);
    answer.set_repetition(repetition);
    answer.set_status(pb::MESSAGE_STATUS_COMPLETE);
    answer.set_content(std::string(text));
    *answer.mutable_latency() = ToProto(absl::Milliseconds(latency_ms));
    return answer;
  }
  void Fail(int index, int repetition) {
    pb::ComparedAnswer& answer = Answer(index, repetition, 1);
    answer.set_status(pb::MESSAGE_STATUS_INCOMPLETE);
  }
  const pb::ComparisonFinding& Finding(pb::ComparisonMeasure measure) {
    verdict_ = VerdictOf(comparison_);
    for (const pb::ComparisonFinding& finding : verdict_.findings()) {
      if (finding.measure() == measure) return finding;
    }
    ADD_FAILURE() << "nothing is found";
    return pb::ComparisonFinding::default_instance();
  }

  pb::Comparison comparison_;
  pb::ComparisonVerdict verdict_;
};

TEST_F(VerdictTest, NamesTheFastestOfOneAnswerEachButIsNotSure) {
  Answer(0, 1, 20);
  Answer(1, 1, 10);
  EXPECT_EQ(Finding(pb::COMPARISON_MEASURE_LATENCY).certainty(), pb::COMPARISON_CERTAINTY_TOO_FEW_TO_TELL);
  EXPECT_EQ(verdict_.fastest(), 1);
}

TEST_F(VerdictTest, IsSureOfSixRepetitionsThatAllAgree) {
  for (int repetition = 1; repetition <= 6; ++repetition) {
    Answer(0, repetition, 10 + repetition);
    Answer(1, repetition, 30 + repetition);
  }
  EXPECT_EQ(Finding(pb::COMPARISON_MEASURE_LATENCY).certainty(), pb::COMPARISON_CERTAINTY_CLEAR);
  EXPECT_EQ(FromProto(verdict_.columns(0).latency()), absl::Microseconds(13500));
}

TEST_F(VerdictTest, IsNotSureWhereOneOfSixDisagrees) {
  for (int repetition = 1; repetition <= 6; ++repetition) {
    Answer(0, repetition, repetition == 3 ? 90 : 10);
    Answer(1, repetition, 30);
  }
  EXPECT_EQ(Finding(pb::COMPARISON_MEASURE_LATENCY).certainty(), pb::COMPARISON_CERTAINTY_NOT_CLEAR);
}

TEST_F(VerdictTest, AsksMoreOfALeadOverThree) {
  comparison_.set_columns(4);
  for (int repetition = 1; repetition <= 6; ++repetition) {
    for (int index = 0; index < 4; ++index) Answer(index, repetition, 10 + 10 * index);
  }
  // One of 1/32 is below 5 %, three of them are not.
  EXPECT_EQ(Finding(pb::COMPARISON_MEASURE_LATENCY).certainty(), pb::COMPARISON_CERTAINTY_NOT_CLEAR);
}

TEST_F(VerdictTest, NamesAllWhoShareTheFirstPlaceAndNoLeader) {
  Answer(0, 1, 10, "dört");
  Answer(1, 1, 12, "four");
  EXPECT_THAT(Finding(pb::COMPARISON_MEASURE_LENGTH).leaders(), ElementsAre(0, 1));
  EXPECT_FALSE(verdict_.has_longest());
}

TEST_F(VerdictTest, LeavesOutWhoFailed) {
  comparison_.set_columns(3);
  Fail(0, 1);
  Answer(1, 1, 20);
  Answer(2, 1, 30);
  EXPECT_THAT(Finding(pb::COMPARISON_MEASURE_LATENCY).leaders(), ElementsAre(1));
  EXPECT_THAT(verdict_.failed(), ElementsAre(0));
  EXPECT_FALSE(verdict_.columns(0).has_latency());
}

TEST_F(VerdictTest, FindsNothingInOneColumn) {
  Answer(0, 1, 20);
  Fail(1, 1);
  EXPECT_THAT(VerdictOf(comparison_).findings(), IsEmpty());
}

TEST_F(VerdictTest, DoesNotNameTheCheapestWhereAPriceIsUnknown) {
  Answer(0, 1, 20).set_cost(0.01);
  pb::ComparedAnswer& other = Answer(1, 1, 20);
  EXPECT_FALSE(VerdictOf(comparison_).has_cheapest());
  other.set_cost(0.02);
  EXPECT_TRUE(VerdictOf(comparison_).has_cheapest());
  EXPECT_EQ(VerdictOf(comparison_).cheapest(), 0);
}

}  // namespace
}  // namespace ftl::analytics

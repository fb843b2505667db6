#include "services/batch-runner/store/comparison_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/compare/compare_plan.h"
#include "services/batch-runner/store/uuid.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::batch_runner {
namespace {

class ComparisonStoreTest : public testing::Test {
 protected:
  static CallContext Call() { return {"request", "", DeadlineIn(absl::Seconds(5)), "gateway"}; }
  static Deadline Soon() { return DeadlineIn(absl::Seconds(5)); }

  pb::Comparison Begun(bool is_blind = false, const Idempotency& idempotency = {}) {
    pb::CompareRequest request;
    request.set_message("Hello");
    request.set_blind(is_blind);
    request.set_repeat(2);
    for (const std::string_view id : {"a", "b"}) {
      pb::ModelChoice& model = *request.add_models();
      model.set_service("openai");
      model.set_id(std::string(id));
    }
    pb::Comparison comparison = PlanCompare(request, {}, 50)->comparison;
    comparison.set_id(NewUuid());
    *comparison.mutable_created_at() = ToProto(absl::FromUnixSeconds(1'800'000'000));
    EXPECT_TRUE(Await(io_, store_.Begin(Call(), owner_, comparison, idempotency)).ok());
    return comparison;
  }
  pb::Comparison Get(const std::string& id) { return *Await(io_, store_.Get(Call(), owner_, id)); }
  ComparisonStore::Standing Keep(const std::string& id, const std::vector<pb::ComparedAnswer>& answers,
                                 std::optional<pb::ComparisonStatus> ended = std::nullopt) {
    return *Await(io_, store_.Keep(Soon(), owner_, id, answers, ended));
  }
  absl::StatusOr<pb::MarkComparisonResponse> Mark(const std::string& id, int index) {
    pb::MarkComparisonRequest request;
    request.set_owner(owner_);
    request.set_id(id);
    request.set_index(index);
    return Await(io_, store_.Mark(Call(), request));
  }

  asio::io_context io_;
  TestDatabase database_;
  Database runner_{io_.get_executor(), database_.As("ftl_batch_runner")};
  const std::string process_ = NewUuid();
  ComparisonStore store_{runner_, process_};
  const std::string owner_ = std::string(64, 'e');
};

TEST_F(ComparisonStoreTest, KeepsWhatComesUntilItsEnd) {
  pb::Comparison comparison = Begun();
  EXPECT_EQ(Get(comparison.id()).status(), pb::COMPARISON_STATUS_RUNNING);
  ASSERT_EQ(Get(comparison.id()).answers_size(), 4);
  comparison.mutable_answers(2)->set_content("Good day");
  EXPECT_TRUE(Keep(comparison.id(), {comparison.answers(2)}).is_there);
  EXPECT_EQ(Get(comparison.id()).answers(2).content(), "Good day");
  EXPECT_EQ(Get(comparison.id()).answers(2).index(), 1);
  Keep(comparison.id(), {}, pb::COMPARISON_STATUS_COMPLETE);
  EXPECT_EQ(Get(comparison.id()).status(), pb::COMPARISON_STATUS_COMPLETE);
}

TEST_F(ComparisonStoreTest, TellsOneThatIsNotHeardOfAsIncompleteWithWhatHadCome) {
  pb::Comparison comparison = Begun();
  comparison.mutable_answers(0)->set_content("Good");
  Keep(comparison.id(), {comparison.answers(0)});
  database_.Execute("UPDATE comparisons SET heard_at = now() - interval '16 seconds'");
  const pb::Comparison left = Get(comparison.id());
  EXPECT_EQ(left.status(), pb::COMPARISON_STATUS_INCOMPLETE);
  EXPECT_EQ(left.answers(0).status(), pb::MESSAGE_STATUS_INCOMPLETE);
  EXPECT_EQ(left.answers(0).content(), "Good");
  EXPECT_TRUE(Keep(comparison.id(), {}).is_there);
  EXPECT_EQ(Get(comparison.id()).status(), pb::COMPARISON_STATUS_RUNNING) << "it is heard of again";
}

TEST_F(ComparisonStoreTest, TakesAMarkWhenAllIsThereAndABlindOneOnce) {
  const pb::Comparison comparison = Begun(/*is_blind=*/true);
  EXPECT_EQ(ReasonOf(Mark(comparison.id(), 0).status()), Reason::kConflict);
  Keep(comparison.id(), {}, pb::COMPARISON_STATUS_COMPLETE);
  EXPECT_EQ(ReasonOf(Mark(comparison.id(), 2).status()), Reason::kInvalidField);
  EXPECT_EQ(Mark(comparison.id(), 1)->models_size(), 2);
  EXPECT_EQ(ReasonOf(Mark(comparison.id(), 0).status()), Reason::kConflict);
  EXPECT_EQ(Get(comparison.id()).mark().index(), 1);
}

TEST_F(ComparisonStoreTest, MeetsTheSameOneByItsKey) {
  const Idempotency idempotency{"key", "digest"};
  const pb::Comparison comparison = Begun(false, idempotency);
  EXPECT_EQ(**Await(io_, store_.Find(Call(), owner_, idempotency)), comparison.id());
  EXPECT_EQ(ReasonOf(Await(io_, store_.Find(Call(), owner_, {"key", "other"})).status()),
            Reason::kIdempotencyKeyReused);
}

TEST_F(ComparisonStoreTest, ShowsNobodyElseAComparison) {
  const pb::Comparison comparison = Begun();
  for (const std::string& stranger : {std::string(64, 'f'), database_.AddSession('a')}) {
    EXPECT_EQ(ReasonOf(Await(io_, store_.Get(Call(), stranger, comparison.id())).status()), Reason::kNotFound);
    EXPECT_FALSE(Await(io_, store_.Keep(Soon(), stranger, comparison.id(), {}, std::nullopt))->is_there);
    EXPECT_TRUE(Await(io_, store_.AskToStop(Call(), stranger, comparison.id())).ok());
    EXPECT_FALSE(*Await(io_, store_.Delete(Call(), stranger, comparison.id())));
  }
  EXPECT_FALSE(Keep(comparison.id(), {}).is_to_stop);
}

}  // namespace
}  // namespace ftl::batch_runner

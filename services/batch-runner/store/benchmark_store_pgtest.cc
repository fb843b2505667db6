#include "services/batch-runner/store/benchmark_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/store/uuid.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::batch_runner {
namespace {

class BenchmarkStoreTest : public testing::Test {
 protected:
  static Deadline Soon() { return DeadlineIn(absl::Seconds(5)); }
  pb::Benchmark Begun() {
    pb::Benchmark benchmark;
    benchmark.set_id(NewUuid());
    benchmark.set_project("default");
    benchmark.set_status(pb::BENCHMARK_STATUS_RUNNING);
    *benchmark.mutable_created_at() = ToProto(absl::FromUnixSeconds(1'800'000'000));
    EXPECT_TRUE(Await(io_, store_.Begin(Soon(), owner_, benchmark)).ok());
    return benchmark;
  }
  // As another process reads it.
  pb::Benchmark Get(const pb::Benchmark& benchmark) {
    return *Await(io_, elsewhere_.Get(Soon(), owner_, "default", benchmark.id()));
  }
  void Forget() { database_.Execute("UPDATE benchmarks SET heard_at = now() - interval '16 seconds'"); }

  asio::io_context io_;
  TestDatabase database_;
  Database runner_{io_.get_executor(), database_.As("ftl_batch_runner")};
  BenchmarkStore store_{runner_, NewUuid()};
  BenchmarkStore elsewhere_{runner_, NewUuid()};
  const std::string owner_ = std::string(64, 'e');
};

TEST_F(BenchmarkStoreTest, TellsEveryProcessHowFarItHasCome) {
  pb::Benchmark benchmark = Begun();
  EXPECT_EQ(Get(benchmark).requests_done(), 0);
  benchmark.set_requests_done(7);
  EXPECT_TRUE(*Await(io_, store_.Keep(Soon(), owner_, benchmark)));
  EXPECT_EQ(Get(benchmark).requests_done(), 7);
  EXPECT_EQ(Get(benchmark).status(), pb::BENCHMARK_STATUS_RUNNING);
  benchmark.set_status(pb::BENCHMARK_STATUS_COMPLETED);
  *benchmark.mutable_completed_at() = ToProto(absl::FromUnixSeconds(1'800'000'009));
  EXPECT_TRUE(Await(io_, store_.End(Soon(), owner_, benchmark)).ok());
  EXPECT_EQ(Get(benchmark).status(), pb::BENCHMARK_STATUS_COMPLETED);
  EXPECT_EQ(Get(benchmark).completed_at().seconds(), 1'800'000'009);
}

TEST_F(BenchmarkStoreTest, IsCancelledFromElsewhere) {
  const pb::Benchmark benchmark = Begun();
  EXPECT_TRUE(Await(io_, elsewhere_.AskToCancel(Soon(), owner_, "default", benchmark.id())).ok());
  EXPECT_FALSE(*Await(io_, store_.Keep(Soon(), owner_, benchmark)));
}

TEST_F(BenchmarkStoreTest, OneThatNobodyCarriesIsInterruptedUntilItIsHeardOfAgain) {
  pb::Benchmark benchmark = Begun();
  benchmark.set_requests_done(3);
  EXPECT_TRUE(*Await(io_, store_.Keep(Soon(), owner_, benchmark)));
  EXPECT_EQ(*Await(io_, elsewhere_.EndAbandoned(Soon())), 0) << "it is heard of";
  Forget();
  EXPECT_EQ(Get(benchmark).status(), pb::BENCHMARK_STATUS_INTERRUPTED);
  EXPECT_FALSE(Get(benchmark).error().empty());
  EXPECT_FALSE(Get(benchmark).has_completed_at());
  EXPECT_EQ(*Await(io_, elsewhere_.EndAbandoned(Soon())), 1);
  EXPECT_EQ(*Await(io_, elsewhere_.EndAbandoned(Soon())), 0);
  EXPECT_TRUE(Get(benchmark).has_completed_at());
  EXPECT_EQ(Get(benchmark).requests_done(), 3) << "what had been measured is kept";
  EXPECT_TRUE(*Await(io_, store_.Keep(Soon(), owner_, benchmark))) << "it was only slow";
  EXPECT_EQ(Get(benchmark).status(), pb::BENCHMARK_STATUS_RUNNING);
  EXPECT_FALSE(Get(benchmark).has_completed_at());
  Forget();
  EXPECT_EQ(*Await(io_, elsewhere_.EndAbandoned(Soon())), 1);
  benchmark.set_status(pb::BENCHMARK_STATUS_COMPLETED);
  *benchmark.mutable_completed_at() = ToProto(absl::FromUnixSeconds(1'800'000'009));
  EXPECT_TRUE(Await(io_, store_.End(Soon(), owner_, benchmark)).ok());
  EXPECT_EQ(Get(benchmark).status(), pb::BENCHMARK_STATUS_COMPLETED) << "what was measured is kept";
  EXPECT_FALSE(*Await(io_, store_.Keep(Soon(), owner_, benchmark)));
  EXPECT_EQ(Get(benchmark).status(), pb::BENCHMARK_STATUS_COMPLETED) << "a keeping that comes late changes nothing";
}

TEST_F(BenchmarkStoreTest, ShowsNobodyElseABenchmark) {
  const pb::Benchmark benchmark = Begun();
  for (const std::string& stranger : {std::string(64, 'f'), database_.AddSession('a')}) {
    EXPECT_EQ(ReasonOf(Await(io_, store_.Get(Soon(), stranger, "default", benchmark.id())).status()),
              Reason::kNotFound);
    EXPECT_TRUE(Await(io_, store_.List(Soon(), stranger, "default"))->empty());
    EXPECT_FALSE(*Await(io_, store_.Keep(Soon(), stranger, benchmark)));
    EXPECT_TRUE(Await(io_, store_.AskToCancel(Soon(), stranger, "default", benchmark.id())).ok());
  }
  EXPECT_TRUE(*Await(io_, store_.Keep(Soon(), owner_, benchmark)));
}

}  // namespace
}  // namespace ftl::batch_runner

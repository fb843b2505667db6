#include "services/batch-runner/store/request_store.h"

#include <absl/time/civil_time.h>
#include <absl/time/clock.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include "common/error/refusal.h"
#include "common/history/latency_bucket.h"
#include "common/history/timed_id.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/store/uuid.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::batch_runner {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

Deadline Soon() { return DeadlineIn(absl::Seconds(10)); }

class RequestStoreTest : public testing::Test {
 protected:
  static pb::LoggedRequest Begun(absl::Time at = absl::Now()) {
    pb::LoggedRequest request;
    request.set_id(TimedId(at));
    request.set_project("default");
    request.set_kind(pb::REQUEST_KIND_CHAT);
    request.set_service("openai");
    request.set_key_name("default");
    request.set_model("gpt-4o");
    request.set_prompt_preview("Why?");
    pb::PromptMessage& message = *request.add_messages();
    message.set_role("user");
    message.set_content("Why?");
    request.mutable_parameters()->set_temperature(0.7);
    return request;
  }
  static pb::LoggedRequest Answered(pb::LoggedRequest request, absl::Duration latency = absl::Milliseconds(100)) {
    request.set_status(pb::REQUEST_STATUS_SUCCESS);
    request.set_outcome(finetunelab::endpoint::v1::OUTCOME_OK);
    request.set_response("Because.");
    request.set_finish_reason("stop");
    request.set_attempts(1);
    *request.mutable_response_time() = ToProto(latency);
    *request.mutable_ttft() = ToProto(latency / 4);
    *request.mutable_timing()->mutable_latency() = request.response_time();
    *request.mutable_timing()->mutable_wait() = ToProto(latency / 5);
    request.set_prompt_tokens(10);
    request.set_completion_tokens(20);
    request.set_cost(0.000'225);
    return request;
  }
  static pb::LoggedRequest Failed(pb::LoggedRequest request) {
    request.set_status(pb::REQUEST_STATUS_ERROR);
    request.set_error_type(finetunelab::endpoint::v1::ERROR_TYPE_AUTH);
    request.set_error("The key was refused.");
    *request.mutable_response_time() = ToProto(absl::Seconds(9));
    return request;
  }

  void Begin(const pb::LoggedRequest& request) { Begin(store_, owner_, request); }
  void Begin(RequestStore& store, const std::string& owner, const pb::LoggedRequest& request) {
    const absl::Status begun = Await(io_, store.Begin(Soon(), owner, request));
    ASSERT_TRUE(begun.ok()) << begun;
  }
  void Complete(const pb::LoggedRequest& request) {
    const absl::Status ended = Await(io_, store_.Complete(Soon(), owner_, request));
    ASSERT_TRUE(ended.ok()) << ended;
  }
  void Make(const pb::LoggedRequest& request) {
    Begin(request);
    Complete(request);
  }
  absl::StatusOr<pb::LoggedRequest> Get(const std::string& owner, const std::string& id) {
    return Await(io_, store_.Get(Soon(), owner, "default", id));
  }
  Rows AsRoot(std::string_view sql) {
    Database superuser(io_.get_executor(), {.url = test_database_.url()});
    return *Await(io_, superuser.Run(Soon(), SessionScope::None(), Query{"", sql}));
  }
  int64_t Number(std::string_view sql) { return AsRoot(sql).Only().Get<int64_t>("n"); }

  TestDatabase test_database_;
  asio::io_context io_;
  Database database_{io_.get_executor(), test_database_.As("ftl_batch_runner")};
  SharedCommits commits_{io_.get_executor(), test_database_.As("ftl_batch_runner").ForLane("log", 2), database_};
  RequestStore store_{commits_, database_, NewUuid()};
  const std::string owner_ = std::string(64, 'e');
  const std::string other_ = std::string(64, 'f');
};

TEST_F(RequestStoreTest, KeepsACallFromItsBeginningOn) {
  const pb::LoggedRequest begun = Begun();
  Begin(begun);
  auto found = Get(owner_, begun.id());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->status(), pb::REQUEST_STATUS_IN_PROGRESS);
  EXPECT_EQ(found->messages(0).content(), "Why?");
  EXPECT_EQ(found->parameters().temperature(), 0.7);
  EXPECT_FALSE(found->has_response_time());
  EXPECT_EQ(Number("SELECT count(*) AS n FROM request_rollups"), 0);
  Complete(Answered(begun));
  found = Get(owner_, begun.id());
  EXPECT_EQ(found->status(), pb::REQUEST_STATUS_SUCCESS);
  EXPECT_EQ(found->response(), "Because.");
  EXPECT_EQ(FromProto(found->response_time()), absl::Milliseconds(100));
  EXPECT_EQ(FromProto(found->timing().wait()), absl::Milliseconds(20));
  EXPECT_EQ(found->total_tokens(), 30);
  EXPECT_DOUBLE_EQ(found->cost(), 0.000'225);
}

TEST_F(RequestStoreTest, CountsACallOnceHoweverOftenItsEndIsTold) {
  const pb::LoggedRequest answered = Answered(Begun());
  Make(answered);
  Complete(answered);
  Complete(Failed(answered));
  EXPECT_EQ(Get(owner_, answered.id())->status(), pb::REQUEST_STATUS_SUCCESS);
  EXPECT_EQ(Number("SELECT sum(requests)::bigint AS n FROM request_rollups WHERE grain = 'hour'"), 1);
}

TEST_F(RequestStoreTest, CountersAreThoseOfTheRows) {
  for (int i = 1; i <= 40; ++i) Make(Answered(Begun(), absl::Milliseconds(i * 7)));
  for (int i = 0; i < 3; ++i) Make(Failed(Begun()));
  Begin(Begun());
  const Rows rows = AsRoot(R"(
    SELECT u.requests, u.prompt_tokens, u.cost_nanos, u.latency_us, u.with_ttft, u.status, u.error_type,
           r.requests = u.requests AND r.prompt_tokens = u.prompt_tokens AND r.cost_nanos = u.cost_nanos AS agree
    FROM request_rollups u JOIN (
      SELECT status, count(*) AS requests, coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
             coalesce(sum(cost_nanos), 0) AS cost_nanos FROM requests GROUP BY status) r USING (status)
    WHERE u.grain = 'day' ORDER BY u.status)");
  ASSERT_EQ(rows.size(), 2);
  EXPECT_TRUE(rows[0].Get<bool>("agree") && rows[1].Get<bool>("agree"));
  EXPECT_EQ(rows[0].Get<std::string>("error_type"), "auth");
  EXPECT_EQ(rows[0].Get<int64_t>("latency_us"), 0) << "latency is that of successes";
  EXPECT_EQ(rows[1].Get<int64_t>("requests"), 40);
  EXPECT_EQ(rows[1].Get<int64_t>("with_ttft"), 40);
}

TEST_F(RequestStoreTest, ImportsCallsOfAPastDayOnceAndCountsThem) {
  const absl::Time day = absl::FromCivil(absl::CivilDay(2021, 3, 4), absl::UTCTimeZone());
  const std::vector<pb::LoggedRequest> old = {Answered(Begun(day + absl::Hours(5))), Answered(Begun(day)),
                                              Failed(Begun(day + absl::Hours(23)))};
  Make(Answered(Begun()));
  const auto counted = [this](std::string_view grain, std::string_view when) {
    return Number(
        fmt::format("SELECT coalesce(sum(requests), 0)::bigint AS n FROM request_rollups "
                    "WHERE grain = '{}' AND starts_at {} '2022-01-01'",
                    grain, when));
  };
  EXPECT_EQ(*Await(io_, store_.Import(Soon(), owner_, {old[0]}, /*dry_run=*/true)), 1);
  EXPECT_EQ(Number("SELECT count(*) AS n FROM requests"), 1);
  EXPECT_EQ(*Await(io_, store_.Import(Soon(), owner_, {old[0]}, false)), 1);
  EXPECT_EQ(*Await(io_, store_.Import(Soon(), owner_, old, false)), 2);
  EXPECT_EQ(*Await(io_, store_.Import(Soon(), owner_, old, false)), 0);
  EXPECT_EQ(*Await(io_, store_.Import(Soon(), owner_, old, /*dry_run=*/true)), 0);
  for (const char* grain : {"hour", "day"}) {
    EXPECT_EQ(counted(grain, "<"), 3) << grain;
    EXPECT_EQ(counted(grain, ">"), 1) << grain << ": other days are as they were";
  }
  EXPECT_EQ(Number("SELECT count(*) AS n FROM request_rollups WHERE grain = 'hour' AND starts_at < '2022-01-01'"), 3);
  const auto found = Get(owner_, old[0].id());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->response(), "Because.");
  EXPECT_EQ(FromProto(found->response_time()), absl::Milliseconds(100));
  EXPECT_EQ(ReasonOf(Get(other_, old[0].id()).status()), Reason::kNotFound);
}

TEST_F(RequestStoreTest, TheSchemaCountsSpansInTheBucketsThatAreRead) {
  std::vector<int64_t> spans = {0, 99, 100, 3'199, 3'200, 1'234'567, 3'599'999'999, 7'200'000'000};
  for (int64_t steps = 32; steps < 36'000'000; steps *= 2) {
    for (const int64_t beside : {-1, 0, 1}) spans.push_back((steps + beside) * 100);
  }
  for (const int64_t micros : spans) {
    EXPECT_EQ(Number(fmt::format("SELECT latency_bucket({}::bigint)::bigint AS n", micros)),
              BucketOf(absl::Microseconds(micros)))
        << micros;
  }
  EXPECT_EQ(Number("SELECT coalesce(latency_bucket(NULL), -1)::bigint AS n"), -1);
  const Rows counted = AsRoot("SELECT bucket_counts(b)::text AS counts FROM unnest(ARRAY[3, 1, NULL, 3]) b");
  EXPECT_EQ(counted.Only().Get<std::string>("counts"), "{1,0,2}");
}

TEST_F(RequestStoreTest, CallsOfManyAtOnceShareCommitsAndLoseNothing) {
  constexpr int kCalls = 200;
  int left = kCalls;
  const auto make = [&](int i) -> asio::awaitable<void> {
    const pb::LoggedRequest request = Answered(Begun(), absl::Milliseconds(1 + i));
    EXPECT_TRUE((co_await store_.Begin(Soon(), owner_, request)).ok());
    EXPECT_TRUE((co_await store_.Complete(Soon(), owner_, request)).ok());
    --left;
  };
  for (int i = 0; i < kCalls; ++i) asio::co_spawn(io_, make(i), [](std::exception_ptr) {});
  io_.restart();
  while (left > 0) io_.run_one();
  EXPECT_EQ(Number("SELECT count(*) AS n FROM requests WHERE status = 'success'"), kCalls);
  EXPECT_EQ(Number("SELECT requests AS n FROM request_rollups WHERE grain = 'hour'"), kCalls);
  EXPECT_EQ(Number("SELECT sum(c)::bigint AS n FROM request_rollups, unnest(latency_buckets) c WHERE grain = 'day'"),
            kCalls);
}

TEST_F(RequestStoreTest, FindsWhatADeadProcessHadUnderWayAndNothingOfALivingOne) {
  RequestStore dead(commits_, database_, NewUuid());
  const pb::LoggedRequest theirs = Begun();
  Begin(dead, other_, theirs);
  Begin(Begun());
  ASSERT_TRUE(Await(io_, store_.RenewLease(Soon(), absl::Seconds(15))).ok());
  ASSERT_TRUE(Await(io_, dead.RenewLease(Soon(), absl::Seconds(15))).ok());
  EXPECT_THAT(*Await(io_, store_.FindAbandoned(Soon())), IsEmpty());
  test_database_.Execute(fmt::format(R"(
    UPDATE request_writers w SET lease_until = now() - interval '1 second' FROM requests r
    WHERE r.process = w.process AND r.id = '{}')",
                                     theirs.id()));
  const auto abandoned = Await(io_, store_.FindAbandoned(Soon()));
  ASSERT_TRUE(abandoned.ok()) << abandoned.status();
  ASSERT_THAT(*abandoned, SizeIs(1));
  EXPECT_EQ(abandoned->at(0).owner, other_);
  EXPECT_EQ(abandoned->at(0).request.id(), theirs.id());
}

TEST_F(RequestStoreTest, DeletesWhatWasBeforeAndCountsTheRestOfThatDayAnew) {
  const absl::Time now = absl::Now();
  // At an hour's end everything below would be of two hours.
  const absl::Time hour = absl::FromUnixSeconds(absl::ToUnixSeconds(now) / 3600 * 3600);
  for (int minute = 0; minute < 10; ++minute)
    Make(Answered(Begun(hour + absl::Minutes(minute)), absl::Milliseconds(50)));
  const pb::LoggedRequest open = Begun(hour);
  Begin(open);
  const auto deleted = Await(io_, store_.DeleteBefore(Soon(), owner_, "default", hour + absl::Minutes(4)));
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(*deleted, 4);
  for (const char* grain : {"hour", "day"}) {
    EXPECT_EQ(Number(fmt::format("SELECT sum(requests)::bigint AS n FROM request_rollups WHERE grain = '{}'", grain)),
              6);
    EXPECT_EQ(Number(fmt::format(
                  "SELECT sum(c)::bigint AS n FROM request_rollups, unnest(ttft_buckets) c WHERE grain = '{}'", grain)),
              6);
  }
  Complete(Answered(open));
  EXPECT_EQ(Number("SELECT sum(requests)::bigint AS n FROM request_rollups WHERE grain = 'day'"), 7);
}

TEST_F(RequestStoreTest, WhileOneOwnerDeletesHisCallsWaitAndThoseOfOthersEnd) {
  Make(Answered(Begun()));
  const pb::LoggedRequest mine = Answered(Begun());
  const pb::LoggedRequest theirs = Answered(Begun());
  Begin(mine);
  Begin(store_, other_, theirs);
  Database superuser(io_.get_executor(), {.url = test_database_.url()});
  absl::StatusOr<int64_t> deleted = absl::UnavailableError("under way");
  absl::Status mine_ended = absl::UnavailableError("under way");
  absl::Status theirs_ended;
  const auto wait_for = [&](Transaction& transaction, int waiting) -> Task<> {
    while (true) {
      CO_TRY(const Rows rows,
             co_await transaction.Run(Query{"", "SELECT count(*) AS n FROM pg_locks WHERE NOT granted"}));
      if (rows.Only().Get<int64_t>("n") >= waiting) co_return absl::OkStatus();
    }
  };
  auto hold = [&](Transaction& transaction) -> Task<> {
    CO_TRY(co_await transaction.Run(Query{"", "SELECT FROM request_rollups FOR UPDATE"}));
    asio::co_spawn(io_, store_.DeleteBefore(Soon(), owner_, "default", absl::Now()),
                   [&](std::exception_ptr, auto came) { deleted = std::move(came); });
    CO_TRY(co_await wait_for(transaction, 1));
    theirs_ended = co_await store_.Complete(DeadlineIn(absl::Seconds(3)), other_, theirs);
    asio::co_spawn(io_, store_.Complete(Soon(), owner_, mine),
                   [&](std::exception_ptr, auto came) { mine_ended = std::move(came); });
    co_return co_await wait_for(transaction, 2);
  };
  const absl::Status held = Await(io_, superuser.Transact(Soon(), SessionScope::None(), hold));
  EXPECT_TRUE(held.ok()) << held;
  EXPECT_TRUE(theirs_ended.ok()) << theirs_ended;
  io_.restart();
  while (absl::IsUnavailable(deleted.status()) || absl::IsUnavailable(mine_ended)) io_.run_one();
  EXPECT_EQ(*deleted, 1);
  EXPECT_TRUE(mine_ended.ok()) << mine_ended;
  EXPECT_EQ(
      Number(fmt::format("SELECT requests AS n FROM request_rollups WHERE grain = 'day' AND owner = '{}'", owner_)), 1);
}

TEST_F(RequestStoreTest, DropsDaysThatAreOver) {
  const absl::Time old = absl::Now() - absl::Hours(24 * 10);
  test_database_.Execute(fmt::format(R"(
    SET timezone = 'UTC';
    CREATE TABLE requests_{0} (LIKE requests INCLUDING ALL);
    ALTER TABLE requests_{0} OWNER TO ftl_owner;
    ALTER TABLE requests ATTACH PARTITION requests_{0} FOR VALUES FROM ('{0}') TO ('{1}'))",
                                     absl::FormatTime("%Y%m%d", old, absl::UTCTimeZone()),
                                     absl::FormatTime("%Y%m%d", old + absl::Hours(24), absl::UTCTimeZone())));
  Make(Answered(Begun(old)));
  Make(Answered(Begun()));
  ASSERT_TRUE(Await(io_, store_.DropDays(Soon(), 0)).ok());
  ASSERT_TRUE(Await(io_, store_.DropDays(Soon(), 10)).ok());
  EXPECT_EQ(Number("SELECT count(*) AS n FROM requests"), 2) << "a day that ended nine days ago is kept for ten";
  const absl::Status dropped = Await(io_, store_.DropDays(Soon(), 9));
  ASSERT_TRUE(dropped.ok()) << dropped;
  EXPECT_EQ(Number("SELECT count(*) AS n FROM requests"), 1);
  EXPECT_EQ(Number("SELECT sum(requests)::bigint AS n FROM request_rollups WHERE grain = 'day'"), 1);
  ASSERT_TRUE(Await(io_, store_.PrepareDays(Soon())).ok());
  EXPECT_EQ(Number("SELECT count(*) AS n FROM pg_inherits WHERE inhparent = 'requests'::regclass"), 9);
}

TEST_F(RequestStoreTest, NoOwnerAndNoSessionReachesAnothersCalls) {
  const pb::LoggedRequest mine = Answered(Begun());
  Make(mine);
  EXPECT_EQ(ReasonOf(Get(other_, mine.id()).status()), Reason::kNotFound);
  const std::string session = test_database_.AddSession();
  for (const char* role : {"ftl_owner", "ftl_batch_runner", "ftl_analytics", "ftl_export", "ftl_session_vault",
                           "ftl_sweep", "ftl_dashboards", "ftl_lookup"}) {
    Database reader(io_.get_executor(), test_database_.As(role));
    for (const char* table : {"requests", "request_rollups"}) {
      const std::string sql = fmt::format("SELECT count(owner) AS n FROM {}", table);
      for (const SessionScope& scope : {SessionScope::None(), SessionScope(session), SessionScope(other_)}) {
        const auto counted = Await(io_, reader.Run(Soon(), scope, Query{"", sql}));
        // Its functions see all, and nobody has this role but by them.
        const bool sees_all = std::string_view(role) == "ftl_lookup";
        if (!counted.ok()) {
          EXPECT_EQ(SqlStateOf(counted.status()), "42501") << role << " " << table;
        } else if (!sees_all) {
          EXPECT_EQ(counted->Only().Get<int64_t>("n"), 0) << role << " " << table;
        }
      }
    }
    const std::string today = absl::FormatTime("requests_%Y%m%d", absl::Now(), absl::UTCTimeZone());
    const std::string by_the_day_sql = "SELECT count(*) FROM " + today;
    const auto by_the_day = Await(io_, reader.Run(Soon(), SessionScope(owner_), Query{"", by_the_day_sql}));
    if (by_the_day.ok()) {
      EXPECT_EQ(by_the_day->Only().Get<int64_t>("count"), 0) << role;
    }
  }
  Database analytics(io_.get_executor(), test_database_.As("ftl_analytics"));
  EXPECT_EQ(Await(io_, analytics.Run(Soon(), SessionScope(owner_), Query{"", "SELECT count(owner) AS n FROM requests"}))
                ->Only()
                .Get<int64_t>("n"),
            1);
  for (const char* change :
       {"DELETE FROM requests", "UPDATE requests SET model = 'x'", "DELETE FROM request_rollups"}) {
    EXPECT_FALSE(Await(io_, analytics.Run(Soon(), SessionScope(owner_), Query{"", change})).ok()) << change;
  }
}

}  // namespace
}  // namespace ftl::batch_runner

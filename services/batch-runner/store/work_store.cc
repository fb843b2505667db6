#include "services/batch-runner/store/work_store.h"

#include <absl/strings/numbers.h>
#include <google/protobuf/util/time_util.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/session/session_gate.h"
#include "services/batch-runner/store/run_row.h"
#include "services/batch-runner/store/run_store.h"
#include "services/batch-runner/store/step_statements.h"
#include "services/batch-runner/store/suite_row.h"

namespace ftl::batch_runner {
namespace {

using google::protobuf::util::TimeUtil;

constexpr Query kRunsWithWork{
    "work.runs",
    "SELECT demo_session_id, test_run_id::text AS test_run_id FROM runs_with_work() ORDER BY random() LIMIT 1000"};

// Those after run $3 of session $2, $4 of them. What a step has just renewed is left as it is: so little is locked, and
// in the order of the steps, which lock several runs' leases too.
constexpr Query kRenew{"work.renew", R"(
  WITH mine AS MATERIALIZED (
    SELECT demo_session_id, test_run_id, fence, lease_until FROM demo_run_leases
    WHERE owner = $1::uuid AND (demo_session_id, test_run_id) > ($2::text, $3::uuid)
    ORDER BY demo_session_id, test_run_id LIMIT $4::int),
  due AS (
    SELECT l.demo_session_id, l.test_run_id FROM mine JOIN demo_run_leases l USING (demo_session_id, test_run_id)
    WHERE l.owner = $1::uuid AND mine.lease_until < now() + interval '13 seconds'
    ORDER BY l.demo_session_id, l.test_run_id FOR UPDATE OF l),
  renewed AS (
    UPDATE demo_run_leases l SET lease_until = now() + interval '15 seconds' FROM due
    WHERE l.demo_session_id = due.demo_session_id AND l.test_run_id = due.test_run_id AND l.owner = $1::uuid
    RETURNING l.demo_session_id, l.test_run_id, l.lease_until)
  SELECT demo_session_id, test_run_id::text AS test_run_id, fence,
         renewed.lease_until IS NOT NULL OR mine.lease_until >= now() + interval '13 seconds' AS held,
         extract(epoch FROM coalesce(renewed.lease_until, mine.lease_until) - now())::float8 AS seconds
  FROM mine LEFT JOIN renewed USING (demo_session_id, test_run_id)
  ORDER BY demo_session_id, test_run_id)"};
constexpr int kRenewedTogether = 200;
constexpr std::string_view kNilUuid = "00000000-0000-0000-0000-000000000000";

// $2 is null for all runs.
constexpr Query kGiveBack{"work.give_back", R"(
  WITH mine AS (
    DELETE FROM demo_run_leases WHERE owner = $1::uuid AND ($2::uuid IS NULL OR test_run_id = $2::uuid)
    RETURNING demo_session_id, test_run_id,
              prompts || ARRAY(SELECT p FROM unnest(claimed) AS c, generate_series(lower(c), upper(c) - 1) AS p) AS prompts)
  INSERT INTO demo_run_returned (demo_session_id, test_run_id, prompt_id)
  SELECT demo_session_id, test_run_id, prompt_id FROM mine, unnest(prompts) AS p (prompt_id)
  ON CONFLICT (demo_session_id, test_run_id, prompt_id) DO UPDATE SET is_free = true)"};

LeasedPrompt LeasedOf(const Row& row) {
  LeasedPrompt leased;
  leased.prompt_id = row.Get<int32_t>("prompt_id");
  leased.fence = row.Get<int64_t>("fence");
  leased.takeovers = row.Get<int32_t>("takeovers");
  leased.may_call = row.Get<bool>("may_call");
  leased.came_back = row.Get<bool>("came_back");
  leased.prompt.set_prompt(row.Get<std::string>("prompt"));
  if (auto category = row.Get<std::optional<std::string>>("category")) leased.prompt.set_category(*std::move(category));
  if (auto expected = row.Get<std::optional<std::string>>("expected_answer")) {
    leased.prompt.set_expected_answer(*std::move(expected));
  }
  if (const auto checks = row.Get<std::optional<std::string>>("checks")) ChecksFromJson(*checks, leased.prompt);
  if (const auto messages = row.Get<std::optional<std::string>>("messages")) MessagesFromJson(*messages, leased.prompt);
  leased.difficulty = DifficultyOf(row.Get<std::optional<std::string>>("difficulty"));
  return leased;
}

std::vector<int32_t> NumbersOf(const std::vector<std::string>& texts) {
  std::vector<int32_t> numbers;
  for (const std::string& text : texts) (void)absl::SimpleAtoi(text, &numbers.emplace_back());
  return numbers;
}

void TakeStored(const Row& row, const RunKey& run, std::vector<FinishedPrompt>& finished, WorkStore::Step& step) {
  std::map<int32_t, FinishedPrompt*> by_prompt;
  for (FinishedPrompt& prompt : finished) by_prompt[prompt.result.prompt_id()] = &prompt;
  int64_t sequence = row.Get<std::optional<int64_t>>("last_sequence").value_or(0);
  const auto stored_at = TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(row.Get<absl::Time>("stored_at")));
  for (const int32_t prompt_id : NumbersOf(row.Get<std::vector<std::string>>("stored"))) {
    pb::Result& result = by_prompt.at(prompt_id)->result;
    result.set_test_run_id(run.test_run_id);
    result.set_sequence(++sequence);
    *result.mutable_created_at() = stored_at;
    step.stored.push_back(std::move(result));
  }
  step.lost = row.Get<bool>("lost");
  step.left = row.Get<bool>("left_off");
  step.calls = NumbersOf(row.Get<std::vector<std::string>>("called"));
  if (const auto status = row.Get<std::optional<std::string_view>>("status")) step.status = StatusOfWord(*status);
  if (const auto failed = row.Get<std::optional<int32_t>>("failed_prompts")) step.failed_prompts = *failed;
}

// A row for each prompt leased, or one without a prompt; none where the run has ended or has no seat for this process.
void TakeLeased(const Rows& rows, WorkStore::Step& step) {
  for (const Row row : rows) {
    step.fence = row.Get<int64_t>("fence");
    step.slots = row.Get<int32_t>("slots");
    step.crowded = row.Get<bool>("crowded");
    step.slowed = row.Get<std::optional<bool>>("slowed").value_or(false);
    step.more = row.Get<bool>("more");
    step.pause = std::max(absl::ZeroDuration(), absl::Seconds(row.Get<std::optional<double>>("pause").value_or(0)));
    if (!row.Get<std::optional<int32_t>>("prompt_id")) continue;
    if (row.Get<std::optional<std::string_view>>("prompt")) {
      step.leased.push_back(LeasedOf(row));
    } else {
      step.incomplete = true;
    }
  }
  if (!rows.empty()) step.given_back = NumbersOf(rows[0].Get<std::vector<std::string>>("given_back"));
}

}  // namespace

Task<std::vector<RunKey>> WorkStore::RunsWithWork(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kRunsWithWork));
  std::vector<RunKey> runs;
  for (const Row row : rows)
    runs.push_back({row.Get<std::string>("demo_session_id"), row.Get<std::string>("test_run_id")});
  co_return runs;
}

Task<WorkStore::Step> WorkStore::Advance(Deadline deadline, RunKey run, Request& request) {
  std::vector<FinishedPrompt>& finished = request.finished;
  std::vector<Statement> statements;
  if (request.pace.throttled) {
    statements.push_back(SlowDown(run.session, request.concurrency, *request.pace.throttled));
  }
  if (request.pace.good > 0) statements.push_back(SpeedUp(run.session, request.concurrency, request.pace.good));
  if (request.per_minute > 0) statements.push_back(KeepCount(run.session));
  const size_t locked_at = statements.size();
  statements.push_back(LockRun(run));
  if (request.take_over) {
    statements.push_back(TakeOver(run, owner_));
    statements.push_back(MendRun(run));
  }
  const size_t stored_at = statements.size();
  const bool stores = !finished.empty() || !request.calls.empty();
  if (stores) statements.push_back(StoreFinished(run, owner_, request.fence, request.calls, finished));
  const size_t leased_at = statements.size();
  if (request.wants_more) {
    statements.push_back(LeasePrompts(run, owner_,
                                      {.concurrency = request.concurrency,
                                       .per_minute = request.per_minute,
                                       .held = request.held,
                                       .fence = request.fence,
                                       .leaves = request.leaves,
                                       .busy = request.busy}));
  }
  if (request.wants_run) statements.push_back(AskRun(run.session, run.test_run_id));
  CO_TRY(const auto rows, co_await steps_.RunAll(deadline, SessionScope(run.session), run.session + run.test_run_id,
                                                 std::move(statements)));
  Step step;
  const Rows& locked = rows[locked_at];
  if (locked.empty() || !RequireOpen(locked).ok()) {
    step.gone = true;
    co_return step;
  }
  step.status = StatusOfWord(locked[0].Get<std::string_view>("status"));
  step.failed_prompts = locked[0].Get<int32_t>("failed_prompts");
  if (request.take_over && !rows[stored_at - 1].empty()) {
    const Row mended = rows[stored_at - 1][0];
    step.status = StatusOfWord(mended.Get<std::string_view>("status"));
    step.failed_prompts = mended.Get<int32_t>("failed_prompts");
  }
  if (stores) TakeStored(rows[stored_at].Only(), run, finished, step);
  if (request.wants_more) TakeLeased(rows[leased_at], step);
  step.renewed = request.wants_more ? step.fence != 0 : stores && !step.lost;
  if (request.wants_run) step.run = RunOf(rows.back()[0]);
  co_return step;
}

Task<absl::Duration> WorkStore::DrawCall(Deadline deadline, RunKey run, int per_minute) {
  const Statement draw = ftl::batch_runner::DrawCall(run.session, per_minute);
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(run.session), draw.query, draw.params));
  co_return std::max(absl::ZeroDuration(), absl::Seconds(rows.Only().Get<double>("wait")));
}

Task<WorkStore::Leases> WorkStore::Renew(Deadline deadline) {
  Leases leases;
  RunKey last{"", std::string(kNilUuid)};
  while (true) {
    const Deadline sent = std::chrono::steady_clock::now();
    CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kRenew,
                                                   Params(owner_, last.session, last.test_run_id, kRenewedTogether)));
    for (const Row row : rows) {
      last = {row.Get<std::string>("demo_session_id"), row.Get<std::string>("test_run_id")};
      if (!row.Get<bool>("held")) continue;
      const auto left = absl::ToChronoNanoseconds(absl::Seconds(row.Get<double>("seconds")));
      leases[last] = {.fence = row.Get<int64_t>("fence"), .until = sent + left};
    }
    if (rows.size() < kRenewedTogether) co_return leases;
  }
}

Task<> WorkStore::Leave(Deadline deadline, RunKey run) {
  CO_TRY(co_await database_.Run(deadline, SessionScope(run.session), kGiveBack,
                                Params(owner_, std::string(run.test_run_id))));
  co_return absl::OkStatus();
}

Task<> WorkStore::LeaveAll(Deadline deadline) {
  CO_TRY(co_await database_.Run(deadline, SessionScope::None(), kGiveBack, Params(owner_, std::nullopt)));
  co_return absl::OkStatus();
}

}  // namespace ftl::batch_runner

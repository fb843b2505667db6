#include "services/analytics/rpc/after_run.h"

#include <atomic>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/try.h"
#include "common/rpc/call.h"
#include "services/analytics/query/run_summary.h"
#include "services/analytics/store/run_orders.h"

namespace ftl::analytics {
namespace {

// A million results take some minutes.
constexpr absl::Duration kLongest = absl::Minutes(30);
// A page of fewer is sorted as quickly as it is read.
constexpr int32_t kFewResults = 500;
// What is remembered of runs that were done; beyond, they are looked at again.
constexpr size_t kMostRemembered = 10'000;

constexpr Query kIndex{"search.index", "SELECT index_results($1::uuid, 500) AS taken"};
constexpr Query kSettle{"search.settle", "SELECT settle_search_texts()"};

}  // namespace

struct AfterRun::State {
  State(asio::any_io_executor an_executor, Database& a_database)
      : executor(std::move(an_executor)), database(a_database) {}

  asio::any_io_executor executor;
  Database& database;
  std::set<std::string> known;
  std::deque<RunScope> waiting;
  bool works = false;
  std::atomic<bool> is_closed = false;

  Task<> MakeQuick(RunScope scope) {
    const CallContext call = OwnCall(kLongest);
    CO_TRY(const std::optional<EndedRun> ended, co_await FindSummary(database, call, scope));
    // It goes on, and is looked at again.
    if (!ended) known.erase(*scope.run);
    if (!ended || ended->summary.results() < kFewResults) co_return absl::OkStatus();
    scope.run = ended->id;
    CO_TRY(co_await Settle(call, scope));
    // One at a time, so that others have the database meanwhile.
    for (Statement& statement : KeepOrders(scope)) {
      if (is_closed) co_return absl::OkStatus();
      std::vector<Statement> one = {std::move(statement)};
      CO_TRY(co_await RunScoped(database, call, scope, std::move(one)));
    }
    co_return co_await IndexTexts(call, scope);
  }

  Task<> IndexTexts(const CallContext& call, const RunScope& scope) {
    asio::steady_timer rest(executor);
    for (bool is_first = true;; is_first = false) {
      const absl::Time start = absl::Now();
      if (is_closed) co_return absl::OkStatus();
      std::vector<Statement> index = {{kIndex, Params(*scope.run)}};
      CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, scope, std::move(index)));
      if (rows[0].Only().Get<int32_t>("taken") == 0) {
        if (is_first) co_return absl::OkStatus();
        break;
      }
      // Half the time is for those who store results meanwhile.
      rest.expires_after(absl::ToChronoMilliseconds(absl::Now() - start));
      co_await rest.async_wait(asio::use_awaitable);
    }
    co_return co_await Settle(call, scope);
  }

  // The planner knows what there is now.
  Task<> Settle(const CallContext& call, const RunScope& scope) {
    std::vector<Statement> settle = {{kSettle, {}}};
    co_return (co_await RunScoped(database, call, scope, std::move(settle))).status();
  }

  static asio::awaitable<void> Work(std::shared_ptr<State> self) {
    while (!self->waiting.empty() && !self->is_closed) {
      RunScope scope = std::move(self->waiting.front());
      self->waiting.pop_front();
      const std::string run = *scope.run;
      if (!(co_await self->MakeQuick(std::move(scope))).ok()) self->known.erase(run);
    }
    self->works = false;
  }
};

AfterRun::AfterRun(asio::any_io_executor executor, Database& database)
    : state_(std::make_shared<State>(std::move(executor), database)) {}

AfterRun::~AfterRun() { state_->is_closed = true; }

void AfterRun::LookAt(const RunScope& scope) {
  State& state = *state_;
  if (!scope.run) return;
  if (state.known.size() >= kMostRemembered) state.known.clear();
  if (!state.known.insert(*scope.run).second) return;
  state.waiting.push_back(scope);
  if (std::exchange(state.works, true)) return;
  asio::co_spawn(state.executor, State::Work(state_), asio::detached);
}

}  // namespace ftl::analytics

#include "common/db/shared_commits.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/db/connection_pool.h"
#include "common/db/session_statement.h"
#include "common/db/statement_span.h"
#include "common/error/refusal.h"

namespace ftl {
namespace {

using Answer = absl::StatusOr<std::vector<Rows>>;

size_t BytesOf(const std::vector<Statement>& statements) {
  size_t bytes = 0;
  for (const Statement& statement : statements) {
    for (const Params::Value& value : statement.params.values()) bytes += value.bytes ? value.bytes->size() : 0;
  }
  return bytes;
}

DatabaseSettings Impatient(DatabaseSettings settings) {
  settings.server_settings += fmt::format(" -c lock_timeout={}", absl::ToInt64Milliseconds(SharedCommits::kPatience));
  return settings;
}

}  // namespace

class SharedCommits::Lane : public std::enable_shared_from_this<Lane> {
 public:
  struct Unit {
    Unit(asio::any_io_executor executor, Deadline until, SessionScope whose, std::string where,
         std::vector<Statement> what)
        : deadline(until),
          scope(std::move(whose)),
          sessions(scope),
          place(std::move(where)),
          statements(std::move(what)),
          bytes(BytesOf(statements)),
          answered(std::move(executor), until),
          span(StatementSpan(statements)) {}

    const Deadline deadline;
    const SessionScope scope;
    const SessionStatement sessions;
    const std::string place;
    std::vector<Statement> statements;
    const size_t bytes;
    bool in_line = true;
    std::optional<Answer> answer;
    asio::steady_timer answered;
    trace::Span span;  // with the wait for company
  };
  using Units = std::vector<std::shared_ptr<Unit>>;

  Lane(asio::any_io_executor executor, DatabaseSettings settings, Database& alone)
      : executor_(executor),
        most_carriers_(std::max(1, settings.max_connections)),
        pool_(std::make_shared<ConnectionPool>(executor, Impatient(std::move(settings)))),
        alone_(&alone) {}

  const asio::any_io_executor& executor() const { return executor_; }

  void Close() {
    alone_ = nullptr;
    pool_->Close();
    for (const auto& unit : std::exchange(line_, {})) Give(*unit, DatabaseUnavailable("the lane is closed"));
  }

  static Task<std::vector<Rows>> Run(std::shared_ptr<Lane> lane, std::shared_ptr<Unit> unit) {
    Answer answer = co_await Await(lane, unit);
    if (!answer.ok()) unit->span.Fail(CodeOf(ReasonOf(answer.status())));
    unit->span.End();
    co_return answer;
  }

 private:
  static Task<std::vector<Rows>> Await(std::shared_ptr<Lane> lane, std::shared_ptr<Unit> unit) {
    lane->line_.push_back(unit);
    lane->SendCarriers();
    if (!unit->answer) co_await unit->answered.async_wait(asio::as_tuple(asio::use_awaitable));
    const bool is_late = TimeLeft(unit->deadline) <= absl::ZeroDuration();
    if (!unit->answer && unit->in_line) {
      std::erase(lane->line_, unit);
      co_return is_late ? DatabaseTooSlow() : absl::CancelledError("broken off");
    }
    if (!unit->answer && is_late) {
      unit->answered.expires_at(Deadline::max());
      co_await unit->answered.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    if (!unit->answer) co_return absl::CancelledError("broken off");
    co_return *std::move(unit->answer);
  }

  void SendCarriers() {
    if (carriers_ >= most_carriers_) return;
    ++carriers_;
    asio::co_spawn(executor_, Carry(shared_from_this()), asio::detached);
  }

  // Takes transaction after transaction to the server until nobody is in line.
  static asio::awaitable<void> Carry(std::shared_ptr<Lane> lane) {
    // Whoever comes in the same moment travels along.
    co_await asio::post(lane->executor_, asio::use_awaitable);
    while (!lane->line_.empty()) {
      const Units units = lane->Board();
      Answer together = co_await lane->Together(units);
      if (together.ok()) {
        GiveTogether(units, *std::move(together));
      } else if (absl::IsInternal(together.status()) && lane->alone_ != nullptr) {
        for (const auto& unit : units) asio::co_spawn(lane->executor_, Alone(lane, unit), asio::detached);
      } else {
        for (const auto& unit : units) Give(*unit, together.status());
      }
    }
    --lane->carriers_;
  }

  // The next units in line, in the order of their places.
  Units Board() {
    Units units;
    size_t bytes = 0;
    while (!line_.empty() && units.size() < kMostUnits && bytes < kMostBytes) {
      units.push_back(std::move(line_.front()));
      line_.pop_front();
      units.back()->in_line = false;
      bytes += units.back()->bytes;
    }
    std::sort(units.begin(), units.end(), [](const auto& a, const auto& b) { return a->place < b->place; });
    return units;
  }

  // The rows of all units' statements, each unit's after those of its session's name.
  Task<std::vector<Rows>> Together(const Units& units) {
    Deadline deadline = units.front()->deadline;
    std::vector<Statement> statements;
    for (const auto& unit : units) {
      deadline = std::max(deadline, unit->deadline);
      statements.push_back(unit->sessions.Get());
      std::move(unit->statements.begin(), unit->statements.end(), std::back_inserter(statements));
    }
    Answer rows = DatabaseUnavailable("the lane is closed");
    {
      const std::shared_ptr<ConnectionPool> pool = pool_;
      absl::StatusOr<ConnectionLease> connection = co_await pool->Acquire(deadline);
      if (connection.ok()) {
        rows = co_await (*connection)->Transact(statements, deadline);
      } else {
        rows = connection.status();
      }
    }
    // They are needed once more where they did not take effect.
    auto next = statements.begin();
    for (const auto& unit : units) {
      ++next;
      for (Statement& statement : unit->statements) statement = std::move(*next++);
    }
    co_return rows;
  }

  static asio::awaitable<void> Alone(std::shared_ptr<Lane> lane, std::shared_ptr<Unit> unit) {
    Give(*unit, co_await lane->alone_->RunAll(unit->deadline, unit->scope, std::move(unit->statements)));
  }

  static void GiveTogether(const Units& units, std::vector<Rows> rows) {
    auto next = rows.begin();
    for (const auto& unit : units) {
      const auto first = next + 1;
      next = first + static_cast<std::ptrdiff_t>(unit->statements.size());
      Give(*unit, std::vector<Rows>(std::move_iterator(first), std::move_iterator(next)));
    }
  }

  static void Give(Unit& unit, Answer answer) {
    unit.answer = std::move(answer);
    unit.answered.cancel();
  }

  asio::any_io_executor executor_;
  const int most_carriers_;
  std::shared_ptr<ConnectionPool> pool_;
  Database* alone_;
  std::deque<std::shared_ptr<Unit>> line_;
  int carriers_ = 0;
};

SharedCommits::SharedCommits(asio::any_io_executor executor, DatabaseSettings settings, Database& alone)
    : lane_(std::make_shared<Lane>(std::move(executor), std::move(settings), alone)) {}

SharedCommits::~SharedCommits() { lane_->Close(); }

Task<std::vector<Rows>> SharedCommits::RunAll(Deadline deadline, SessionScope scope, std::string place,
                                              std::vector<Statement> statements) {
  auto unit = std::make_shared<Lane::Unit>(lane_->executor(), deadline, std::move(scope), std::move(place),
                                           std::move(statements));
  co_return co_await Lane::Run(lane_, std::move(unit));
}

}  // namespace ftl

#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/db/query.h"
#include "common/db/row.h"
#include "common/db/session_scope.h"
#include "common/time/deadline.h"

namespace ftl {

// A lane whose units of work share transactions: a unit that finds a free connection goes at once, and those that come
// while all connections are out go together with the next, in one pipeline with one commit. On one io_context with one
// thread.
//
// Each unit sees its own session's rows alone, and stands by itself: where a shared transaction fails over a statement,
// or over a row that somebody else has locked for kPatience, nothing of it is kept, and each of its units is tried
// again alone, by way of another lane. Units of one transaction are in the order of their places, so that two
// transactions never wait for each other's rows.
class SharedCommits {
 public:
  static constexpr absl::Duration kPatience = absl::Milliseconds(50);
  // Units of a transaction, and what they send; one unit may send more.
  static constexpr size_t kMostUnits = 32;
  static constexpr size_t kMostBytes = 1 << 20;

  // `settings` are of the shared lane; `alone` is for units that are tried again, and must outlive this.
  SharedCommits(asio::any_io_executor executor, DatabaseSettings settings, Database& alone);
  ~SharedCommits();
  SharedCommits(const SharedCommits&) = delete;
  SharedCommits& operator=(const SharedCommits&) = delete;

  // As Database::RunAll: all of `statements` or none, their rows in order, its errors. `place` says which rows the unit
  // locks, a run's id say. One whose time ends on its way is still given what it brought.
  Task<std::vector<Rows>> RunAll(Deadline deadline, SessionScope scope, std::string place,
                                 std::vector<Statement> statements);

 private:
  class Lane;
  std::shared_ptr<Lane> lane_;
};

}  // namespace ftl

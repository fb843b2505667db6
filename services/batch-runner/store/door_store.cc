#include "services/batch-runner/store/door_store.h"

#include "common/error/try.h"

namespace ftl::batch_runner {
namespace {

// How long is told, not until when: the clocks of processes differ.
constexpr Query kClose{"door.close", R"(
  INSERT INTO demo_endpoint_doors AS d (pace_key, closed_until, waiting_since)
  VALUES ($1, now() + $2::bigint * interval '1 microsecond', now())
  ON CONFLICT (pace_key) DO UPDATE
  SET closed_until = greatest(d.closed_until, excluded.closed_until),
      waiting_since = coalesce(d.waiting_since, excluded.waiting_since))"};

constexpr Query kAnswered{"door.answered", R"(
  UPDATE demo_endpoint_doors SET waiting_since = CASE WHEN closed_until > now() THEN now() END
  WHERE pace_key = $1 AND waiting_since IS NOT NULL)"};

constexpr Query kForget{"door.forget", R"(
  DELETE FROM demo_endpoint_doors WHERE pace_key IN (
    SELECT pace_key FROM demo_endpoint_doors WHERE closed_until < now() - interval '10 minutes' FOR UPDATE SKIP LOCKED))"};

constexpr Query kList{"door.list", R"(
  SELECT pace_key, extract(epoch FROM closed_until - now())::float8 AS opens,
         extract(epoch FROM now() - waiting_since)::float8 AS waiting
  FROM demo_endpoint_doors)"};

}  // namespace

Task<> DoorStore::Close(Deadline deadline, std::string pace_key, absl::Duration wait) {
  CO_TRY(co_await database_.Run(deadline, SessionScope::None(), kClose,
                                Params(pace_key, absl::ToInt64Microseconds(wait))));
  co_return absl::OkStatus();
}

Task<> DoorStore::Answered(Deadline deadline, std::string pace_key) {
  CO_TRY(co_await database_.Run(deadline, SessionScope::None(), kAnswered, Params(pace_key)));
  co_return absl::OkStatus();
}

Task<std::vector<ClosedDoor>> DoorStore::List(Deadline deadline) {
  std::vector<Statement> statements;
  for (const Query& query : {kForget, kList}) statements.push_back({query, Params()});
  CO_TRY(const auto rows, co_await database_.RunAll(deadline, SessionScope::None(), std::move(statements)));
  std::vector<ClosedDoor> doors;
  for (const Row row : rows.back()) {
    doors.push_back({.pace_key = row.Get<std::string>("pace_key"),
                     .opens = absl::Seconds(row.Get<double>("opens")),
                     .waiting = absl::Seconds(row.Get<std::optional<double>>("waiting").value_or(0))});
  }
  co_return doors;
}

}  // namespace ftl::batch_runner

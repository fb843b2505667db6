#include "services/batch-runner/store/pace_statements.h"

#include <absl/time/clock.h>

namespace ftl::batch_runner {
namespace {

// How long ago is told, not when: the clocks of processes differ.
constexpr Query kSlowDown{"pace.slow_down", R"(
  INSERT INTO demo_endpoint_pace AS p (demo_session_id, allowed, lowered_at) VALUES ($1, greatest(1, $2::int / 2), now())
  ON CONFLICT (demo_session_id) DO UPDATE
  SET allowed = greatest(1, least(p.allowed, $2::int) / 2), good = 0, lowered_at = now()
  WHERE p.lowered_at IS NULL OR p.lowered_at < now() - $3::bigint * interval '1 microsecond')"};

constexpr Query kSpeedUp{"pace.speed_up", R"(
  UPDATE demo_endpoint_pace
  SET allowed = CASE WHEN good + $3::int < allowed THEN allowed WHEN allowed + 1 < $2::int THEN allowed + 1 END,
      good = CASE WHEN good + $3::int < allowed THEN good + $3::int ELSE 0 END
  WHERE demo_session_id = $1 AND allowed IS NOT NULL)"};

constexpr Query kKeepCount{"pace.keep_count", R"(
  INSERT INTO demo_endpoint_pace AS p (demo_session_id) VALUES ($1)
  ON CONFLICT (demo_session_id) DO UPDATE SET next_call_at = p.next_call_at)"};

constexpr Query kDrawCall{"pace.draw_call", R"(
  INSERT INTO demo_endpoint_pace AS p (demo_session_id, next_call_at) VALUES ($1, now() + interval '1 minute' / $2::int)
  ON CONFLICT (demo_session_id) DO UPDATE
  SET next_call_at = greatest(p.next_call_at, now()) + interval '1 minute' / $2::int
  RETURNING extract(epoch FROM next_call_at - interval '1 minute' / $2::int - now())::float8 AS wait)"};

constexpr Query kForget{"pace.forget", R"(
  DELETE FROM demo_endpoint_pace
  WHERE demo_session_id = $1 AND greatest(lowered_at, next_call_at) < now() - interval '1 minute')"};

}  // namespace

Statement SlowDown(std::string_view session, int concurrency, absl::Time throttled) {
  return {kSlowDown, Params(session, concurrency, absl::ToInt64Microseconds(absl::Now() - throttled))};
}

Statement SpeedUp(std::string_view session, int concurrency, int good) {
  return {kSpeedUp, Params(session, concurrency, good)};
}

Statement KeepCount(std::string_view session) { return {kKeepCount, Params(session)}; }

Statement DrawCall(std::string_view session, int per_minute) { return {kDrawCall, Params(session, per_minute)}; }

Statement ForgetPace(std::string_view session) { return {kForget, Params(session)}; }

}  // namespace ftl::batch_runner

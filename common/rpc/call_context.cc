#include "common/rpc/call_context.h"

#include <random>

#include <fmt/format.h>

namespace ftl {

std::string NewRequestId() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{:016x}", random());
}

CallContext OwnCall(absl::Duration limit) {
  return {.request_id = NewRequestId(), .traceparent = "", .deadline = DeadlineIn(limit), .caller = ""};
}

}  // namespace ftl

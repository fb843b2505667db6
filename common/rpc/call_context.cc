#include "common/rpc/call_context.h"

#include <random>

#include <fmt/format.h>

namespace ftl {

std::string NewRequestId() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{:016x}", random());
}

CallContext OwnCall(absl::Duration limit) {
  CallContext call;
  call.request_id = NewRequestId();
  call.deadline = DeadlineIn(limit);
  return call;
}

}  // namespace ftl

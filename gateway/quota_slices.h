#pragma once

#include <map>
#include <string>

#include "common/async/task.h"
#include "common/rpc/call_context.h"
#include "gateway/upstream/upstream.h"

namespace ftl::gateway {

// Limits that all replicas of the gateway share, drawn from session-vault. Requests per minute are drawn in slices of a
// second's worth, so that most requests cost nothing; what is left of a slice is dropped after a minute.
class QuotaSlices {
 public:
  QuotaSlices(Upstream& upstream, int requests_per_minute)
      : upstream_(upstream), slice_(std::max(1, std::min(requests_per_minute / 60, 1000))) {}

  // One request of an address. RATE_LIMITED with the time to wait. A vault that cannot be reached refuses nobody here.
  Task<> TakeRequest(const CallContext& call, const std::string& address);

  // One unit of another limit.
  Task<> TakeOne(const CallContext& call, std::string_view quota, const std::string& address);

 private:
  struct Slice {
    int left = 0;
    Deadline good_until;
  };
  void DropOld();

  Upstream& upstream_;
  const int slice_;
  std::map<std::string, Slice> slices_;  // by address
  Deadline next_drop_;
};

}  // namespace ftl::gateway
